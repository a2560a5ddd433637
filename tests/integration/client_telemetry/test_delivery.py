"""From `track` to the service while all is well; bounds, flush and close."""

import dataclasses
import datetime
import threading
import time
from decimal import Decimal
from pathlib import Path

from mirante import Delivery, Mirante

from tests.integration.client_telemetry.conftest import QUICK, MakeClient
from tests.support.adding_up import adds_up
from tests.support.counting_relay import CountingRelay
from tests.support.eventually import eventually
from tests.support.fake_telemetry import FakeTelemetry, properties_of


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


def test_the_last_event_of_a_quiet_process_arrives(
    make_client: MakeClient, telemetry: FakeTelemetry, tmp_path: Path
) -> None:
    """Also one that was tracked just when what came before it was sent: nobody has to track again, or to close."""
    client = make_client(Delivery(linger=0.5, spool_linger=0.2), spool_dir=tmp_path)
    client.track("first")
    assert eventually(lambda: len(telemetry.stored) == 1)
    time.sleep(0.6)  # the sender has gone to sleep
    client.track("a")
    time.sleep(0.45)  # it sends in 0.05 s, and has the next one on disk only in 0.2 s
    client.track("b")
    assert eventually(lambda: len(telemetry.stored) == 3)
