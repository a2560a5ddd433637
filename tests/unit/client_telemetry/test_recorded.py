"""Tracking in users' own tests, what is logged about losses, and settings."""

import logging

import pytest
from mirante import Delivery, InvalidSettings
from mirante.telemetry.complaints import Complaints
from mirante.telemetry.status import Rejection, TelemetryStatus
from mirante.testing import AsyncStaticFlags, StaticFlags, Tracked


def test_tracked_events_can_be_looked_at() -> None:
    """In order, as they were when they were tracked."""
    flags = StaticFlags()
    properties = {"valor": "10.00"}
    assert flags.track("venda_criada", properties, user_id="ana", tenant="acme")
    properties["valor"] = "changed"
    assert flags.identify("ana", {"plan": "premium", "x": None}, tenant="acme")
    assert flags.alias("anon", "ana", tenant="acme")
    assert flags.tracked == [
        Tracked("track", "venda_criada", {"valor": "10.00"}, user_id="ana", tenant="acme"),
        Tracked("identify", properties={"plan": "premium", "x": None}, user_id="ana", tenant="acme"),
        Tracked("alias", user_id="ana", tenant="acme", anonymous_id="anon"),
    ]
    assert flags.traits("ana", "acme") == {"plan": "premium"}
    assert flags.traits("rui", "acme") == {}
    assert flags.flush() == 0
    assert flags.flush_to_spool()
    assert flags.telemetry_status.tracked == flags.telemetry_status.sent == 3


async def test_the_asyncio_face() -> None:
    """The same."""
    async with AsyncStaticFlags() as flags:
        flags.identify("", {"plan": "free"}, tenant="acme")
        flags.track("x")
        assert await flags.traits_async("ana", "acme") == {"plan": "free"}
        assert await flags.flush() == 0
        assert await flags.flush_to_spool()
        assert [call.name for call in flags.tracked] == ["", "x"]


def test_losses_are_logged_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    """How many and why; once a minute, and all that came meanwhile; nothing of anybody."""
    complaints = Complaints()
    note = Rejection("venda_criada", "CATALOGUE_VIOLATION", "properties.email", "ana@example.com")

    def look(rejected: int, full: int, now: float) -> list[str]:
        caplog.clear()
        status = TelemetryStatus(rejected=rejected, dropped={"queue_full": full}, rejections=(note,))
        with caplog.at_level(logging.WARNING, "mirante"):
            complaints.look(status, now)
        return caplog.messages

    assert look(0, 0, 0.0) == []
    assert look(2, 0, 1.0) == ["telemetry lost 2 (rejected); lately: CATALOGUE_VIOLATION"]
    assert look(3, 5, 30.0) == []
    assert look(3, 6, 62.0) == ["telemetry lost 6 (queue_full), 1 (rejected); lately: CATALOGUE_VIOLATION"]
    assert look(3, 6, 200.0) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("queue_events", 0),
        ("batch_events", 1_001),
        ("batch_bytes", 4 << 20),
        ("linger", -1),
        ("linger", float("nan")),
        ("exit_timeout", "10"),
        ("spool_bytes", 10),
        ("call_timeout", True),
    ],
)
def test_settings_that_cannot_be_used(name: str, value: object) -> None:
    """Are refused, by name."""
    with pytest.raises(InvalidSettings, match="delivery"):
        Delivery(**{name: value})  # type: ignore[arg-type]
