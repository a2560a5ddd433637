"""What is committed is delivered, in order, each event once, and nothing else holds it up."""

import asyncio
import threading
import uuid
from contextlib import AbstractContextManager

import grpc
import psycopg
import pytest
from mirante import InvalidSettings, Tls
from mirante.api.telemetry.v1 import event_pb2
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2
from mirante.outbox import Outbox, OutboxBacklog, OutboxRelay, RelayStatus

from tests.integration.client_outbox.conftest import QUICK, MakeRelay
from tests.support.datastores import ServerHandle
from tests.support.eventually import eventually
from tests.support.fake_telemetry import KEY, FakeTelemetry, abort
from tests.support.outbox_table import OutboxTable


def delivered(telemetry: FakeTelemetry) -> list[uuid.UUID]:
    """Return the ids of what was stored, in the order of arrival."""
    return [uuid.UUID(bytes=event_id) for event_id in telemetry.stored]


def test_without_a_relay_events_wait(table: OutboxTable, telemetry: FakeTelemetry, make_relay: MakeRelay) -> None:
    """And the first one that comes delivers them all, in order, over many batches."""
    added = table.add(*["venda_criada"] * 35)
    assert telemetry.stored == {}
    backlog = make_relay().backlog()
    assert (backlog.waiting, backlog.set_aside) == (35, 0)
    assert backlog.oldest_seconds > 0
    relay = make_relay()
    relay.start()
    assert eventually(lambda: table.ids() == [])
    assert delivered(telemetry) == added
    assert eventually(lambda: relay.status == RelayStatus(sent=35))
    assert relay.backlog() == OutboxBacklog(0, 0, 0.0)
    assert telemetry.batches == [10, 10, 10, 5]


def test_what_is_added_later_follows(table: OutboxTable, telemetry: FakeTelemetry, make_relay: MakeRelay) -> None:
    """Polling finds it."""
    make_relay().start()
    for _ in range(3):
        added = table.add("venda_criada")
        assert eventually(lambda: delivered(telemetry)[-1:] == added)  # noqa: B023 - called before the next turn


def test_waking_spares_the_poll(table: OutboxTable, telemetry: FakeTelemetry, make_relay: MakeRelay) -> None:
    """A relay that looks once an hour delivers at once when it is told."""
    relay = make_relay(poll=3_600)
    relay.start()
    for _ in range(3):
        added = table.add("venda_criada")
        relay.wake()
        assert eventually(lambda: delivered(telemetry)[-1:] == added)  # noqa: B023 - called before the next turn


def test_uncommitted_events_are_not_delivered(
    table: OutboxTable, telemetry: FakeTelemetry, make_relay: MakeRelay
) -> None:
    """Though later ones are."""
    make_relay().start()
    with table.connect() as connection:
        early = Outbox().add(connection, "venda_criada", tenant="acme")
        late = table.add("venda_criada")
        assert eventually(lambda: delivered(telemetry) == late)
        connection.commit()
        assert eventually(lambda: delivered(telemetry) == [*late, early])


def test_two_relays_share(table: OutboxTable, telemetry: FakeTelemetry, make_relay: MakeRelay) -> None:
    """Both are at work at the same time, and no event is sent twice."""
    both = threading.Barrier(2, timeout=20)

    def meet(_request: ingest_pb2.IngestRequest, _context: grpc.ServicerContext) -> None:
        both.wait()

    telemetry.scripts.extend([meet, meet])
    added = table.add(*["venda_criada"] * 60)
    relays = [make_relay(), make_relay()]
    for relay in relays:
        relay.start()
    assert eventually(lambda: table.ids() == [])
    assert sorted(delivered(telemetry)) == added
    assert set(telemetry.seen.values()) == {1}
    assert eventually(lambda: sum(relay.status.sent for relay in relays) == 60)
    assert all(relay.status.sent >= 10 for relay in relays)


def test_rejected_events_are_set_aside(table: OutboxTable, telemetry: FakeTelemetry, make_relay: MakeRelay) -> None:
    """They hold up nobody, are kept with the reason, and can be sent again when somebody says so."""
    first, bad, last = table.add("venda_criada", "bad_sale", "venda_criada")
    relay = make_relay()
    relay.start()
    assert eventually(lambda: relay.status == RelayStatus(sent=2, rejected=1))
    assert delivered(telemetry) == [first, last]
    assert table.execute("SELECT id, rejection FROM mirante_outbox WHERE rejected_at IS NOT NULL") == [
        (bad, "CATALOGUE_VIOLATION properties.valor: must be a decimal")
    ]
    assert relay.backlog() == OutboxBacklog(0, 1, 0.0)
    telemetry.judge = lambda _event: ingest_pb2.EVENT_STATUS_ACCEPTED
    table.execute("UPDATE mirante_outbox SET rejected_at = NULL")
    assert eventually(lambda: bad in delivered(telemetry))


def test_events_told_to_come_again_do(table: OutboxTable, telemetry: FakeTelemetry, make_relay: MakeRelay) -> None:
    """Others pass them meanwhile."""
    full = [True]

    def judge(event: event_pb2.Event) -> ingest_pb2.EventStatus.ValueType | None:
        return ingest_pb2.EVENT_STATUS_RETRY if event.name == "venda_editada" and full[0] else None

    telemetry.judge = judge
    late, first = table.add("venda_editada", "venda_criada")
    make_relay().start()
    assert eventually(lambda: delivered(telemetry) == [first])
    assert eventually(lambda: table.execute("SELECT attempts > 2 FROM mirante_outbox") == [(True,)])
    full[0] = False
    assert eventually(lambda: delivered(telemetry) == [first, late])
    assert eventually(lambda: table.ids() == [])


def test_a_service_that_is_full_is_left_alone(
    table: OutboxTable, telemetry: FakeTelemetry, make_relay: MakeRelay
) -> None:
    """For as long as it says, though the relay is woken all the while; then everything arrives in order."""

    def refuse(_request: ingest_pb2.IngestRequest, context: grpc.ServicerContext) -> None:
        abort(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", retry_after=0.5)

    telemetry.scripts.append(refuse)
    added = table.add(*["venda_criada"] * 25)
    relay = make_relay()
    relay.start()

    def woken() -> bool:
        relay.wake()
        return delivered(telemetry) == added

    assert eventually(woken)
    (refused_at, _), (next_at, _) = telemetry.calls[:2]
    assert next_at - refused_at >= 0.5
    assert relay.status.problem == ""


def test_an_outage_loses_nothing(table: OutboxTable, telemetry: FakeTelemetry, make_relay: MakeRelay) -> None:
    """Events wait in the table, in order, and no lock is held meanwhile."""
    relay = make_relay()
    relay.start()
    before = table.add(*["venda_criada"] * 5)
    assert eventually(lambda: delivered(telemetry) == before)
    telemetry.stop()
    during = table.add(*["venda_criada"] * 15)
    assert eventually(lambda: relay.status.problem == "UNAVAILABLE")
    assert table.ids() == during
    telemetry.start()
    assert eventually(lambda: table.ids() == [])
    assert delivered(telemetry) == before + during


def test_an_answer_that_is_lost_counts_once(
    table: OutboxTable, telemetry: FakeTelemetry, make_relay: MakeRelay
) -> None:
    """The service has stored the batch and says so to nobody: the same ids come again, as duplicates."""

    def store_and_vanish(request: ingest_pb2.IngestRequest, context: grpc.ServicerContext) -> None:
        telemetry.take(request)
        abort(context, grpc.StatusCode.UNAVAILABLE)

    telemetry.scripts.append(store_and_vanish)
    added = table.add(*["venda_criada"] * 3)
    relay = make_relay()
    relay.start()
    assert eventually(lambda: relay.status == RelayStatus(duplicates=3))
    assert delivered(telemetry) == added
    assert set(telemetry.seen.values()) == {2}


def test_an_event_that_spoils_its_batch_is_set_aside_alone(
    table: OutboxTable, telemetry: FakeTelemetry, make_relay: MakeRelay
) -> None:
    """Whatever the service has against the whole request."""
    first, spoilt, last = table.add("venda_criada", "venda_criada", "venda_criada")

    def judge(request: ingest_pb2.IngestRequest, context: grpc.ServicerContext) -> None:
        telemetry.scripts.appendleft(judge)
        if any(event.id == spoilt.bytes for event in request.events):
            abort(context, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", field="events")

    telemetry.scripts.append(judge)
    relay = make_relay()
    relay.start()
    assert eventually(lambda: relay.status.rejected == 1 and relay.status.sent == 2)
    assert delivered(telemetry) == [first, last]
    assert table.ids() == [spoilt]


def test_a_wrong_key_loses_nothing(table: OutboxTable, telemetry: FakeTelemetry, make_relay: MakeRelay) -> None:
    """The problem shows, and whoever has the right key delivers."""
    [added] = table.add("venda_criada")
    relay = make_relay(api_key="another-key")
    relay.start()
    assert eventually(lambda: relay.status.problem == "UNAUTHENTICATED: UNKNOWN_KEY")
    assert table.ids() == [added]
    make_relay().start()
    assert eventually(lambda: delivered(telemetry) == [added])


def test_a_connection_that_breaks_is_replaced(
    table: OutboxTable, telemetry: FakeTelemetry, make_relay: MakeRelay
) -> None:
    """The database ends it while a batch is under way: the batch comes again, and counts once."""

    def break_off(_request: ingest_pb2.IngestRequest, _context: grpc.ServicerContext) -> None:
        table.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'")

    telemetry.scripts.append(break_off)
    added = table.add(*["venda_criada"] * 3)
    relay = make_relay()
    relay.start()
    assert eventually(lambda: table.ids() == [])
    assert delivered(telemetry) == added
    assert set(telemetry.seen.values()) == {2}
    assert eventually(lambda: relay.status == RelayStatus(duplicates=3))


async def test_a_database_that_restarts_loses_nothing(
    table: OutboxTable, telemetry: FakeTelemetry, make_relay: MakeRelay, postgres_server: ServerHandle
) -> None:
    """The relay comes back by itself."""
    relay = make_relay()
    relay.start()
    first = table.add("venda_criada")
    assert await asyncio.to_thread(eventually, lambda: delivered(telemetry) == first)
    await postgres_server.kill()
    await postgres_server.wait_until_ready()
    second = table.add("venda_criada")
    assert await asyncio.to_thread(eventually, lambda: delivered(telemetry) == first + second)
    assert await asyncio.to_thread(eventually, lambda: relay.status.problem == "")


def test_stopping_finishes_the_batch_under_way(
    table: OutboxTable, telemetry: FakeTelemetry, make_relay: MakeRelay
) -> None:
    """What is left is for the next start, and nothing is sent twice."""
    added = table.add(*["venda_criada"] * 12)
    answering, stopped = threading.Event(), threading.Event()

    def hold(_request: ingest_pb2.IngestRequest, _context: grpc.ServicerContext) -> None:
        answering.set()
        stopped.wait(20)

    telemetry.scripts.append(hold)
    relay = make_relay()
    relay.start()
    assert answering.wait(20)
    stopping = threading.Thread(target=relay.stop)
    stopping.start()
    stopped.set()
    stopping.join()
    assert table.ids() == added[10:]
    relay.start()
    assert eventually(lambda: table.ids() == [])
    assert delivered(telemetry) == added
    assert set(telemetry.seen.values()) == {1}


def test_connections_in_autocommit_mode_hold_their_locks(
    table: OutboxTable, telemetry: FakeTelemetry, make_relay: MakeRelay
) -> None:
    """Whatever `connect` returns: nobody else takes what is being sent."""

    def look(request: ingest_pb2.IngestRequest, _context: grpc.ServicerContext) -> None:
        free = table.execute("SELECT id FROM mirante_outbox FOR UPDATE SKIP LOCKED")
        assert not {row_id.bytes for (row_id,) in free} & {event.id for event in request.events}
        looked.set()

    looked = threading.Event()
    telemetry.scripts.append(look)
    table.add(*["venda_criada"] * 12)
    make_relay(connect=lambda: psycopg.connect(table.url, autocommit=True)).start()
    assert eventually(lambda: table.ids() == [])
    assert looked.is_set()


def test_it_is_used_in_a_with_statement(table: OutboxTable, telemetry: FakeTelemetry) -> None:
    """Which starts and stops it."""
    added = table.add("venda_criada")
    relay: AbstractContextManager[OutboxRelay] = OutboxRelay(
        telemetry.address, api_key=KEY, connect=table.connect, delivery=QUICK
    )
    with relay:
        assert eventually(lambda: delivered(telemetry) == added)
    assert eventually(lambda: sessions(table) == 0)


def sessions(table: OutboxTable) -> int:
    """Return how many others are connected to this database."""
    [[count]] = table.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )
    return int(count)


def test_settings_are_checked_when_it_is_made(make_relay: MakeRelay) -> None:
    """Not on its thread."""
    with pytest.raises(InvalidSettings, match="api_key"):
        make_relay(api_key="")
    with pytest.raises(InvalidSettings, match=r"tls\.ca"):
        make_relay(tls=Tls(ca="nowhere.pem"))
