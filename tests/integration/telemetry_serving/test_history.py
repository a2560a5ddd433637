"""Imports of history through the door: each event once, and the position with it."""

import time

import pytest
from mirante.api.telemetry.v1 import event_pb2
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2

from tests.support.serving import bearer, refused
from tests.support.telemetry_events import sale
from tests.support.telemetry_serving import ACCEPTED, DUPLICATE, TelemetryServing

pytestmark = pytest.mark.asyncio(loop_scope="module")

DAY_MS = 86_400_000


def old_sale(days: int) -> event_pb2.Event:
    """A sale of so many days ago."""
    return sale(made_ms=time.time_ns() // 1_000_000 - days * DAY_MS)


async def state(service: TelemetryServing, import_key: str) -> tuple[str, int]:
    """Where an import stands: position, and how many events are new by it."""
    request = ingest_pb2.GetImportRequest(import_key=import_key)
    found = await service.ingest.GetImport(request, metadata=service.key("reader"))
    assert abs(found.updated_at.seconds - time.time()) < 3_600
    return found.position, found.accepted


async def test_an_import_goes_on_where_it_was_cut_short(shared: TelemetryServing) -> None:
    """Its source asks where it stands; what it sends twice counts once, with its own time, and is marked."""
    events = [old_sale(days) for days in (900, 400, 30, 8, 0)]
    assert await shared.send(*events[:2], imported=True, import_key="crm", position="linha 2") == [ACCEPTED] * 2
    assert await state(shared, "crm") == ("linha 2", 2)
    found = await shared.send(*events[1:4], imported=True, import_key="crm", position="linha 4")
    assert found == [DUPLICATE, ACCEPTED, ACCEPTED]
    assert await state(shared, "crm") == ("linha 4", 4)
    assert await shared.send(events[4], imported=True, import_key="crm", position="linha 5") == [ACCEPTED]
    assert await shared.send(events[4]) == [DUPLICATE], "it is the same log"
    assert await shared.send(imported=True, import_key="crm", position="fim") == []
    assert await state(shared, "crm") == ("fim", 5)
    stored = {each.event.id: each for each in await shared.stored()}
    for event in events:
        assert stored[event.id].imported
        assert stored[event.id].occurred_at == event.occurred_at
        assert stored[event.id].event == event


async def test_bad_events_of_an_import_have_reasons_of_their_own(shared: TelemetryServing) -> None:
    """The others and the position are committed."""
    good, reused = old_sale(500), sale()
    reused.id = good.id
    nul = old_sale(500)
    nul.tenant = "\x00"
    found = await shared.send(b"\xff", good, reused, nul, imported=True, import_key="bad", position="4")
    assert [(each.reason, each.field) for each in found] == [
        ("INVALID_EVENT", "event"),
        ("", ""),
        ("EVENT_ID_REUSED", "id"),
        ("INVALID_EVENT", "tenant"),
    ]
    assert await state(shared, "bad") == ("4", 1)


async def test_an_import_may_not_come_from_the_future(shared: TelemetryServing) -> None:
    """A day is forgiven, as to everybody."""
    soon, later = sale(made_ms=time.time_ns() // 1_000_000 + DAY_MS // 2), old_sale(-2)
    found = await shared.send(soon, later, imported=True, import_key="future", position="1")
    assert found[0] == ACCEPTED
    assert (found[1].reason, found[1].field) == ("INVALID_EVENT", "id")


@pytest.mark.parametrize("import_key", ["", "CRM", "a b", "é", "a" * 101, "a\x00", "a/b"])
async def test_names_of_imports_are_bounded(shared: TelemetryServing, import_key: str) -> None:
    """Both to import and to ask; nothing is stored under them."""
    event = sale()
    found = await refused(shared.send(event, imported=True, import_key=import_key, position="1"))
    assert (found.code, found.reason, found.fields) == ("INVALID_ARGUMENT", "INVALID_REQUEST", ["import_key"])
    request = ingest_pb2.GetImportRequest(import_key=import_key)
    asked = await refused(shared.ingest.GetImport(request, metadata=shared.key("reader")))
    assert (asked.code, asked.fields) == ("INVALID_ARGUMENT", ["import_key"])
    assert event.id not in await shared.stored_ids()


@pytest.mark.parametrize("position", ["x" * 4_097, "é" * 2_049, "a\x00"])
async def test_positions_are_bounded(shared: TelemetryServing, position: str) -> None:
    """Nothing is stored with a wrong one, and the last one stands."""
    first, event = old_sale(10), old_sale(10)
    await shared.send(first, imported=True, import_key="positions", position="x" * 4_096)
    found = await refused(shared.send(event, imported=True, import_key="positions", position=position))
    assert (found.code, found.reason, found.fields) == ("INVALID_ARGUMENT", "INVALID_REQUEST", ["position"])
    assert event.id not in await shared.stored_ids()
    assert (await state(shared, "positions"))[0] == "x" * 4_096


async def test_an_import_that_never_began_is_not_found(shared: TelemetryServing) -> None:
    """Nor one of another environment."""
    await shared.send(imported=True, import_key="here", position="1")
    for environment, import_key in (("production", "nowhere"), ("staging", "here")):
        request = ingest_pb2.GetImportRequest(environment=environment, import_key=import_key)
        found = await refused(shared.ingest.GetImport(request, metadata=bearer("secret for all")))
        assert (found.code, found.reason) == ("NOT_FOUND", "IMPORT_NOT_FOUND")
        assert found.metadata == {"import_key": import_key}


async def test_imports_are_bounded_like_batches(shared: TelemetryServing) -> None:
    """A thousand events at once, and the key's quota; then the position has not moved."""
    events = [old_sale(20) for _ in range(1_001)]
    found = await refused(shared.send(*events, imported=True, import_key="many", position="1"))
    assert (found.code, found.fields) == ("INVALID_ARGUMENT", ["events"])
    assert await shared.send(*events[:1_000], imported=True, import_key="many", position="1000") == [ACCEPTED] * 1_000
    assert await state(shared, "many") == ("1000", 1_000)
