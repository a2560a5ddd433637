"""Whatever an application hands over, tracking raises nothing and the rest arrives."""

import threading

import pytest
from mirante import Mirante

from tests.support.adding_up import adds_up
from tests.support.fake_telemetry import FakeTelemetry, properties_of


@pytest.mark.parametrize(
    "properties",
    [
        pytest.param({"x": object()}, id="object"),
        pytest.param({"x": threading.Lock()}, id="lock"),
        pytest.param({"x": lambda: None}, id="function"),
        pytest.param({"x": b"bytes"}, id="bytes"),
        pytest.param({"x": float("nan")}, id="no number"),
        pytest.param({"x": 2**64}, id="large number"),
        pytest.param({"x": "y" * 100_000}, id="long text"),
        pytest.param({"x": "\ud800"}, id="half a character"),
        pytest.param({1: "x"}, id="number as key"),
        pytest.param({"x": {"y": {2: 3}}}, id="number as inner key"),
        pytest.param({"x": [0] * 100_000}, id="long list"),
    ],
)
def test_what_cannot_be_sent_is_counted(
    client: Mirante, telemetry: FakeTelemetry, properties: dict[str, object]
) -> None:
    """Tracking it raises nothing, and those around it are sent."""
    client.track("before")
    client.track("wrong", properties)  # type: ignore[arg-type]
    client.track("after")
    assert client.flush(10) == 0
    assert telemetry.names == ["before", "after"]
    assert client.telemetry_status.dropped["invalid"] == 1
    assert client.telemetry_status.rejections[-1].field.startswith("properties") or properties == {"x": "y" * 100_000}
    assert adds_up(client.telemetry_status)


def test_nonsense_never_raises(client: Mirante) -> None:
    """Whatever is handed over, at once or on the way."""

    class Broken(dict[str, object]):
        def keys(self) -> object:  # type: ignore[override]
            raise RuntimeError("no")

    itself: list[object] = []
    itself += [itself, itself, itself]
    calls = [
        client.track("x", 7),  # type: ignore[arg-type]
        client.track("x", Broken(a=1)),  # type: ignore[arg-type]
        client.track(None),  # type: ignore[arg-type]
        client.track("x", {"self": itself}),  # type: ignore[dict-item]
        client.track("x", event_id="no uuid"),
        client.track("x", occurred_at="yesterday"),  # type: ignore[arg-type]
        client.track("x", user_id=object()),  # type: ignore[arg-type]
        client.identify(object(), {"a": 1}),  # type: ignore[arg-type]
        client.identify("u", object()),  # type: ignore[arg-type]
        client.alias(object(), object()),  # type: ignore[arg-type]
    ]
    client.flush(10)
    status = client.telemetry_status
    assert status.tracked == len(calls)
    assert status.sent + status.rejected + status.dropped["invalid"] == len(calls)
    assert status.dropped["invalid"] >= 8


def test_ids_that_are_numbers_or_absent(client: Mirante, telemetry: FakeTelemetry) -> None:
    """A primary key and None are what applications have at hand."""
    client.track("x", user_id=7, tenant=None)  # type: ignore[arg-type]
    assert client.flush(10) == 0
    (event,) = telemetry.stored.values()
    assert (event.user_id, event.tenant) == ("7", "")


def test_properties_are_copied(client: Mirante, telemetry: FakeTelemetry) -> None:
    """A dict that is used again and again is seen as it was."""
    properties = {"number": 0}
    for number in range(5):
        properties["number"] = number
        client.track("x", properties)
    client.flush(10)
    assert [properties_of(event)["number"] for event in telemetry.stored.values()] == [0, 1, 2, 3, 4]
