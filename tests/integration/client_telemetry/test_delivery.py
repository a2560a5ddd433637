"""From `track` to the service, while all is well and while it is not."""

import dataclasses
import datetime
import itertools
import threading
import time
from decimal import Decimal

import grpc
import pytest
from mirante import Delivery, Mirante
from mirante.api.telemetry.v1 import event_pb2
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2

from tests.integration.client_telemetry.conftest import QUICK, MakeClient
from tests.support.adding_up import adds_up
from tests.support.counting_relay import CountingRelay
from tests.support.eventually import eventually
from tests.support.fake_telemetry import FakeTelemetry, abort, properties_of


def test_an_event_arrives_as_it_was_tracked(make_client: MakeClient, telemetry: FakeTelemetry) -> None:
    """Names, ids, typed properties, time, library and release."""
    client = make_client(release="2026.11.3", environment="production")
    before = time.time()
    assert client.track(
        "venda_criada",
        {"valor": Decimal("10.50"), "itens_count": 3, "novo": True, "tags": ["a", None], "peso": 1.5},
        user_id="user-7",
        tenant="acme",
        session_id="s1",
        anonymous_id="a1",
    )
    assert client.flush(10) == 0
    (event,) = telemetry.stored.values()
    assert (event.name, event.user_id, event.tenant, event.session_id, event.anonymous_id) == (
        "venda_criada",
        "user-7",
        "acme",
        "s1",
        "a1",
    )
    assert properties_of(event) == {
        "valor": "10.50",
        "itens_count": 3,
        "novo": True,
        "tags": ["a", None],
        "peso": 1.5,
    }
    assert before - 1 <= event.occurred_at.ToNanoseconds() / 1e9 <= time.time() + 1
    assert event.context.library.name == "mirante-python"
    assert event.context.release == "2026.11.3"
    (request,) = telemetry.requests
    assert request.environment == "production"
    assert request.client_instance
    assert request.sent_at.ToNanoseconds() >= event.occurred_at.ToNanoseconds()


def test_own_time_and_id_are_kept(client: Mirante, telemetry: FakeTelemetry) -> None:
    """The same id twice is one event; without an offset a time is UTC."""
    event_id = "01890a5d-ac96-774b-bcce-b302099a8057"
    for _ in range(2):
        client.track("x", occurred_at=datetime.datetime(2026, 1, 2, 3), event_id=event_id)
    assert client.flush(10) == 0
    (event,) = telemetry.stored.values()
    assert event.id.hex() == event_id.replace("-", "")
    assert event.occurred_at.ToJsonString() == "2026-01-02T03:00:00Z"
    assert client.telemetry_status.sent == 2


def test_order_is_kept_across_kinds(client: Mirante, telemetry: FakeTelemetry) -> None:
    """What was tracked before an identify is sent before it."""
    for _ in range(3):
        client.track("x")
        client.identify("u1", {"plan": "free"}, tenant="acme", anonymous_id="a1")
        client.alias("a2", "u1", tenant="acme")
    assert client.flush(10) == 0
    assert [name for _, name in telemetry.calls] == ["Ingest", "Identify", "Alias"] * 3
    assert telemetry.identified[0].observed_at.seconds > 0
    assert (telemetry.aliased[0].anonymous_id, telemetry.aliased[0].user_id) == ("a2", "u1")
    assert adds_up(client.telemetry_status)


def test_rejected_events_are_counted_and_never_sent_again(client: Mirante, telemetry: FakeTelemetry) -> None:
    """One bad event does not keep its batch; its reason shows in the status, its content does not."""
    client.track("good")
    client.track("bad_one", {"valor": "secret"}, user_id="secret")
    client.identify("unwanted")
    client.track("good")
    assert client.flush(10) == 0
    status = client.telemetry_status
    assert (status.sent, status.rejected) == (2, 2)
    assert {(note.event, note.reason, note.field) for note in status.rejections} == {
        ("bad_one", "CATALOGUE_VIOLATION", "properties.valor"),
        ("identify", "INVALID_REQUEST", "user_id"),
    }
    assert "secret" not in repr(status)
    assert set(telemetry.seen.values()) == {1}


def test_single_events_are_sent_again_when_told(client: Mirante, telemetry: FakeTelemetry) -> None:
    """A RETRY sends the same id again, not before its time, and nothing else with it."""
    told: list[bytes] = []

    def judge(event: event_pb2.Event) -> ingest_pb2.EventStatus.ValueType | None:
        if event.name == "later" and told.count(event.id) < 2:
            told.append(event.id)
            return ingest_pb2.EVENT_STATUS_RETRY
        return None

    telemetry.retry_after = 0.3
    telemetry.judge = judge
    client.track("now")
    client.track("later")
    assert client.flush(20) == 0
    assert telemetry.names == ["now", "later"]
    assert sorted(telemetry.seen.values()) == [1, 3]
    times = [at for at, _ in telemetry.calls]
    assert all(later - earlier >= 0.29 for earlier, later in itertools.pairwise(times))
    assert client.telemetry_status.sent == 2


def test_retry_info_is_honoured(client: Mirante, telemetry: FakeTelemetry) -> None:
    """A service that says when to come back is not called before."""
    telemetry.scripts.append(
        lambda _request, context: abort(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", retry_after=0.6)
    )
    client.track("x")
    assert client.flush(20) == 0
    first, second = (at for at, _ in telemetry.calls)
    assert second - first >= 0.59
    assert list(telemetry.seen.values()) == [2]
    assert client.telemetry_status.problem == ""


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN])
def test_failed_calls_are_made_again(client: Mirante, telemetry: FakeTelemetry, code: grpc.StatusCode) -> None:
    """With the same ids."""
    for _ in range(3):
        telemetry.scripts.append(lambda _request, context: abort(context, code))
    for _ in range(4):
        client.track("x")
    assert client.flush(20) == 0
    assert len(telemetry.stored) == 4
    assert client.telemetry_status.sent == 4


def test_an_answer_that_was_lost_costs_nothing(make_client: MakeClient, telemetry: FakeTelemetry) -> None:
    """What was stored but not answered in time is sent again, and counts as sent once."""
    client = make_client(dataclasses.replace(QUICK, call_timeout=0.3))

    def slow(request: ingest_pb2.IngestRequest, _context: object) -> ingest_pb2.IngestResponse:
        response = telemetry.take(request)
        time.sleep(0.8)
        return response

    telemetry.scripts.append(slow)
    client.track("x")
    assert client.flush(20) == 0
    assert list(telemetry.seen.values()) == [2]
    assert len(telemetry.stored) == 1
    assert client.telemetry_status.sent == 1


def test_one_event_that_sinks_its_batch_is_found(client: Mirante, telemetry: FakeTelemetry) -> None:
    """A batch that is refused as a whole is sent in parts, until the one that is refused alone."""

    def script(request: ingest_pb2.IngestRequest, context: grpc.ServicerContext) -> ingest_pb2.IngestResponse | None:
        telemetry.scripts.append(script)
        if any(event.name == "poison" for event in request.events):
            abort(context, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", field="events[3].name")
        return None

    telemetry.scripts.append(script)
    for number in range(40):
        client.track("poison" if number == 17 else "x")
    assert client.flush(20) == 0
    status = client.telemetry_status
    assert (status.sent, status.rejected) == (39, 1)
    assert status.rejections[-1].event == "poison"


def test_an_event_that_breaks_the_service_delays_no_other(client: Mirante, telemetry: FakeTelemetry) -> None:
    """The service fails with every batch that holds it; all others arrive."""

    def script(request: ingest_pb2.IngestRequest, context: grpc.ServicerContext) -> ingest_pb2.IngestResponse | None:
        telemetry.scripts.append(script)
        if any(event.name == "poison" for event in request.events):
            abort(context, grpc.StatusCode.INTERNAL, "INTERNAL")
        return None

    telemetry.scripts.append(script)
    for number in range(20):
        client.track("poison" if number == 7 else "x")
    assert eventually(lambda: client.flush(0.2) == 1)
    assert len(telemetry.named("x")) == 19
    assert client.telemetry_status.queued == 1


def test_wrong_settings_lose_nothing(make_client: MakeClient, telemetry: FakeTelemetry) -> None:
    """A key that is not accepted is tried seldom; its events wait."""
    client = make_client(dataclasses.replace(QUICK, exit_timeout=0.2), api_key="wrong")
    client.track("x")
    assert client.flush(0.5) == 1
    assert client.telemetry_status.problem == "UNAUTHENTICATED: UNKNOWN_KEY"
    assert client.telemetry_status.queued == 1
    assert len(telemetry.calls) <= 2
    client.close()
    assert client.telemetry_status.dropped["exit"] == 1


def test_an_outage_loses_nothing(client: Mirante, telemetry: FakeTelemetry) -> None:
    """The service is away for a while; afterwards everything is there once."""
    client.track("x", {"number": -1})
    assert client.flush(10) == 0
    telemetry.stop()
    for number in range(2_000):
        client.track("x", {"number": number})
    assert eventually(lambda: client.telemetry_status.problem.startswith("UNAVAILABLE"))
    assert client.flush(0.05) == 2_000
    telemetry.start()
    assert client.flush(30) == 0
    assert sorted(properties_of(event)["number"] for event in telemetry.stored.values()) == list(range(-1, 2_000))
    assert client.telemetry_status.sent == 2_001


def test_a_full_queue_refuses_and_counts(make_client: MakeClient, telemetry: FakeTelemetry) -> None:
    """Nobody waits, nothing that was taken is lost, and all counters add up."""
    client = make_client(dataclasses.replace(QUICK, queue_events=100))
    telemetry.stop()
    taken = sum(client.track("x") for _ in range(1_000))
    assert 100 <= taken < 1_000
    status = client.telemetry_status
    assert status.dropped["queue_full"] == 1_000 - taken
    assert status.queued == taken
    assert adds_up(status)
    telemetry.start()
    assert client.flush(30) == 0
    assert len(telemetry.stored) == taken
    assert client.track("x")


def test_memory_is_bounded_in_bytes(make_client: MakeClient, telemetry: FakeTelemetry) -> None:
    """Large events fill the queue before their number does."""
    client = make_client(dataclasses.replace(QUICK, queue_bytes=1_000_000, exit_timeout=0.1))
    telemetry.stop()
    assert eventually(lambda: not client.track("x", {"text": "y" * 50_000}))
    status = client.telemetry_status
    assert status.dropped["queue_full"] == 1
    assert adds_up(status)


@pytest.mark.parametrize(
    "properties",
    [
        {"x": object()},
        {"x": threading.Lock()},
        {"x": lambda: None},
        {"x": b"bytes"},
        {"x": float("nan")},
        {"x": 2**64},
        {"x": "y" * 100_000},
        {"x": "\ud800"},
        {1: "x"},
        {"x": {"y": {2: 3}}},
        {"x": [0] * 100_000},
    ],
    ids=str,
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


def test_batches_are_bounded(make_client: MakeClient, telemetry: FakeTelemetry) -> None:
    """By number, and by size."""
    client = make_client(dataclasses.replace(QUICK, batch_bytes=100_000))
    telemetry.stop()
    for number in range(3_000):
        client.track("x", {"text": "y" * (4_000 if number % 2 else 1)})
    telemetry.start()
    assert client.flush(30) == 0
    assert max(telemetry.batches) <= 1_000
    assert max(request.ByteSize() for request in telemetry.requests) < 4 << 20
    assert len(telemetry.stored) == 3_000


def test_flush_never_hangs(client: Mirante, telemetry: FakeTelemetry) -> None:
    """It says how many are left, and waits only for those that were there before."""
    telemetry.delay = 1.0
    client.track("x")
    assert client.flush(0.05) == 1
    assert client.flush(20) == 0
    assert client.flush(0) == 0


def test_flush_waits_for_what_was_there_before_it(client: Mirante, telemetry: FakeTelemetry) -> None:
    """Others that go on tracking do not keep it."""
    stop = threading.Event()

    def track() -> None:
        while not stop.wait(0.001):
            client.track("noise")

    thread = threading.Thread(target=track)
    thread.start()
    try:
        client.track("mine")
        started = time.monotonic()
        client.flush(60)
        assert telemetry.named("mine")
        assert time.monotonic() - started < 50
    finally:
        stop.set()
        thread.join()


def test_without_an_address_nothing_is_taken() -> None:
    """And it is counted."""
    with Mirante("127.0.0.1:1", api_key="k") as client:
        assert client.track("x") is False
        assert client.identify("u") is False
        assert client.alias("a", "u") is False
        assert client.track("x", 3) is False  # type: ignore[arg-type]
        assert client.flush(1) == 0
        assert client.flush_to_spool(1) is False
        assert client.traits("u", "t") == {}
        status = client.telemetry_status
    assert (status.tracked, status.disabled) == (4, 4)
    assert adds_up(status)


def test_closing_delivers_and_ends(client: Mirante, telemetry: FakeTelemetry) -> None:
    """What comes later is refused and counted; closing twice is fine."""
    client.track("x")
    client.close()
    client.close()
    assert telemetry.names == ["x"]
    assert client.track("late") is False
    assert client.telemetry_status.dropped["exit"] == 1
    assert client.flush(1) == 0
    assert adds_up(client.telemetry_status)


def test_closing_gives_up_in_time(make_client: MakeClient, telemetry: FakeTelemetry) -> None:
    """A service that is away keeps nobody for longer than the bound; what is lost is counted."""
    client = make_client(dataclasses.replace(QUICK, exit_timeout=0.5))
    telemetry.stop()
    for _ in range(10):
        client.track("x")
    started = time.monotonic()
    client.close()
    assert time.monotonic() - started < 20
    assert client.telemetry_status.dropped["exit"] == 10
    assert adds_up(client.telemetry_status)


def test_threads_together(make_client: MakeClient, telemetry: FakeTelemetry) -> None:
    """Eight threads at once: every call is counted once, and everything arrives."""
    client = make_client(Delivery(linger=0.01))

    def track(number: int) -> None:
        for _ in range(1_000):
            client.track(f"t{number}")

    threads = [threading.Thread(target=track, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert adds_up(client.telemetry_status)
    assert client.flush(60) == 0
    assert len(telemetry.stored) == 8_000
    assert client.telemetry_status.sent == client.telemetry_status.tracked == 8_000


def test_batches_travel_compressed(make_client: MakeClient, telemetry: FakeTelemetry) -> None:
    """A megabyte of events that resemble one another takes a fraction of that on the wire."""
    with CountingRelay(telemetry.port) as relay:
        client = make_client(telemetry_address=relay.address)
        for _ in range(100):
            client.track("x", {"text": "always the same " * 600})
        assert client.flush(20) == 0
        client.close()
    assert len(telemetry.stored) == 100
    assert relay.sent < 100_000
