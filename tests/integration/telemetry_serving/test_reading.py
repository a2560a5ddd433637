"""The log as readers see it through the door, while others write."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc.aio
import pytest
from mirante.api.telemetry.v1 import event_log_service_pb2 as pb2
from mirante.api.telemetry.v1 import event_pb2
from mirante.api.telemetry.v1 import identity_service_pb2 as identity_pb2

from tests.support.serving import PATIENCE_SECONDS, Datastores, Refused, bearer, refused
from tests.support.telemetry_events import sale
from tests.support.telemetry_serving import ACCEPTED, TelemetryServing, telemetry_serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def until(call: Any, enough: Callable[[list[pb2.LogEntry]], bool]) -> tuple[list[pb2.LogEntry], bytes]:
    """What a follower gets until it has enough, and its last cursor."""
    entries: list[pb2.LogEntry] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            response = await call.read()
            assert isinstance(response, pb2.FollowEventsResponse)
            entries += response.entries
            if enough(entries):
                return entries, response.cursor


async def ended(call: Any) -> Refused:
    """How a stream ends, reading what comes before."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        try:
            while await call.read() is not grpc.aio.EOF:
                pass
        except grpc.aio.AioRpcError:
            pass
        return Refused.of(await call.code(), await call.details(), await call.trailing_metadata())


def ids(entries: list[pb2.LogEntry]) -> list[bytes]:
    """The ids of the events among entries."""
    return [each.event.event.id for each in entries if each.HasField("event")]


async def tailed(call: Any, count: int) -> list[event_pb2.StoredEvent]:
    """The next events of a tail."""
    found: list[event_pb2.StoredEvent] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(found) < count:
            response = await call.read()
            assert isinstance(response, pb2.TailEventsResponse)
            assert response.missed == 0
            found += response.events
    return found


def tail(service: TelemetryServing, **fields: Any) -> Any:
    """Look at the events of production."""
    return service.log.TailEvents(pb2.TailEventsRequest(**fields), metadata=service.key("reader"))


async def test_a_follower_misses_nothing_and_sees_nothing_twice(shared: TelemetryServing) -> None:
    """Across streams that end anywhere, whatever is written meanwhile."""
    events = [sale() for _ in range(400)]

    async def write() -> None:
        for start in range(0, len(events), 20):
            assert await shared.send(*events[start : start + 20]) == [ACCEPTED] * 20

    writing = asyncio.create_task(write())
    seen: list[bytes] = []
    cursor = b""
    while not {event.id for event in events} <= set(seen):
        call = shared.follow(cursor=cursor, batch_size=7)
        entries, cursor = await until(call, bool)
        seen += ids(entries)
        call.cancel()
    await writing
    assert len(seen) == len(set(seen))
    assert seen == [each for each in await shared.stored_ids() if each in set(seen)]


async def test_from_now_on_leaves_out_what_was_before(shared: TelemetryServing) -> None:
    """And nothing that was acknowledged after its first answer."""
    await shared.send(sale(), sale())
    call = shared.follow(from_now=True)
    first = await call.read()
    assert isinstance(first, pb2.FollowEventsResponse)
    assert (list(first.entries), first.at_end) == ([], True)
    new = sale()
    await shared.send(new)
    entries, _ = await until(call, bool)
    assert ids(entries) == [new.id]
    call.cancel()


async def test_environments_are_apart(shared: TelemetryServing) -> None:
    """A follower sees its own only, and a cursor of another environment is none."""
    here, there = sale(), sale()
    await shared.send(here)
    await shared.send(there, key=bearer("secret for both"), environment="staging")
    call = shared.follow()
    entries, cursor = await until(call, lambda entries: here.id in ids(entries))
    call.cancel()
    assert there.id not in ids(entries)
    request = pb2.FollowEventsRequest(environment="staging", cursor=cursor)
    shared.registry.add("internal for all", "internal", "*")

    async def foreign() -> Refused:
        return await ended(shared.log.FollowEvents(request, metadata=bearer("internal for all")))

    found = await foreign()
    while found.code == "UNAUTHENTICATED":  # until the service has heard of the key
        await asyncio.sleep(0.02)
        found = await foreign()
    assert (found.code, found.reason, found.fields) == ("INVALID_ARGUMENT", "INVALID_CURSOR", ["cursor"])


@pytest.mark.parametrize(
    "damage",
    [
        lambda cursor: cursor[:-1],
        lambda cursor: cursor + b"\0",
        lambda cursor: bytes((cursor[0] ^ 1,)) + cursor[1:],
        lambda cursor: cursor[:20] + bytes((cursor[20] ^ 1,)) + cursor[21:],
        lambda cursor: cursor[::-1],
        lambda cursor: cursor * 2_000,
    ],
)
async def test_a_damaged_cursor_is_refused(shared: TelemetryServing, damage: Callable[[bytes], bytes]) -> None:
    """It is not taken for the beginning, nor for another place."""
    await shared.send(sale())
    call = shared.follow()
    _, cursor = await until(call, bool)
    call.cancel()
    found = await ended(shared.follow(cursor=damage(cursor)))
    assert (found.code, found.reason, found.fields) == ("INVALID_ARGUMENT", "INVALID_CURSOR", ["cursor"])
    both = await ended(shared.follow(cursor=cursor, from_now=True))
    assert (both.code, both.fields) == ("INVALID_ARGUMENT", ["from_now"])


async def test_people_see_what_they_ask_for(shared: TelemetryServing) -> None:
    """By name, tenant and user, joined devices included, as it comes in."""
    everything = tail(shared)
    by_name = tail(shared, names=["logout", "venda_editada"])
    by_tenant = tail(shared, tenant="globex")
    by_user = tail(shared, tenant="globex", user_id="bia")
    for call in (everything, by_name, by_tenant, by_user):
        assert (await call.read()) == pb2.TailEventsResponse(), "it is connected"
    request = identity_pb2.AliasRequest(tenant="globex", anonymous_id="device", user_id="bia")
    await shared.identity.Alias(request, metadata=shared.key("server"))
    logout, ana, bia, device = sale("initech", "carl"), sale("globex"), sale("globex", "bia"), sale("globex", "")
    logout.name = "logout"
    device.anonymous_id = "device"
    for event in (logout, ana, bia, device):
        assert await shared.send(event) == [ACCEPTED]
    assert [each.event for each in await tailed(everything, 4)] == [logout, ana, bia, device]
    assert [each.event for each in await tailed(by_name, 1)] == [logout]
    assert [each.event for each in await tailed(by_tenant, 3)] == [ana, bia, device]
    found = await tailed(by_user, 2)
    assert [each.event for each in found] == [bia, device]
    assert found[0].actor_id == found[1].actor_id != b""
    for call in (everything, by_name, by_tenant, by_user):
        call.cancel()
    last = tail(shared, tenant="globex", user_id="bia", last=2)
    assert [each.event for each in await tailed(last, 2)] == [bia, device]
    last.cancel()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"last": 1_001}, "last"),
        ({"names": ["logout"] * 101}, "names"),
        ({"names": ["logout", "a\x00"]}, "names[1]"),
        ({"tenant": "\x00"}, "tenant"),
        ({"user_id": "u" * 201}, "user_id"),
    ],
)
async def test_what_nobody_can_ask_for_is_refused(shared: TelemetryServing, fields: dict[str, Any], field: str) -> None:
    """The refusal names the field."""
    found = await ended(tail(shared, **fields))
    assert (found.code, found.reason, found.fields) == ("INVALID_ARGUMENT", "INVALID_REQUEST", [field])


async def test_events_are_counted_by_name_and_day(shared: TelemetryServing) -> None:
    """Of one tenant, or of the environment."""
    bought, left = [sale("umbrella") for _ in range(3)], sale("umbrella")
    left.name = "logout"
    await shared.send(*bought, left, bought[0])
    request = pb2.CountEventsRequest(tenant="umbrella")
    counts = (await shared.log.CountEvents(request, metadata=shared.key("reader"))).counts
    assert {(each.name, each.events) for each in counts} == {("venda_criada", 3), ("logout", 1)}
    [stored] = {each.received_at.ToDatetime().date() for each in await tailed(tail(shared, last=1), 1)}
    assert {each.day for each in counts} <= {stored.isoformat()}
    whole = (await shared.log.CountEvents(pb2.CountEventsRequest(), metadata=shared.key("reader"))).counts
    [all_sales] = [each.events for each in whole if each.name == "venda_criada"]
    assert all_sales > 3
    nul = await refused(shared.log.CountEvents(pb2.CountEventsRequest(tenant="\x00"), metadata=shared.key("reader")))
    assert (nul.code, nul.fields) == ("INVALID_ARGUMENT", ["tenant"])


async def test_readers_are_sent_away_when_the_service_stops(stores: Datastores) -> None:
    """At once and without an error: they resume elsewhere by their cursor."""
    async with telemetry_serving(stores, drain_seconds=300.0) as service:
        event = sale()
        await service.send(event)
        following = service.follow()
        entries, cursor = await until(following, bool)
        assert ids(entries) == [event.id]
        looking = tail(service)
        await looking.read()
    assert (await ended(following)).code == "OK"
    assert (await ended(looking)).code == "OK"
    async with telemetry_serving(stores) as service:
        following = service.follow(cursor=cursor)
        later = sale()
        await service.send(later)
        entries, _ = await until(following, bool)
        assert ids(entries) == [later.id]
        following.cancel()
