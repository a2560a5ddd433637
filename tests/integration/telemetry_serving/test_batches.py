"""Batches through the door: a result for each event, in order; what is too much is refused for now, or for good."""

import asyncio

import grpc.aio

from tests.support.datastores import ServerHandle
from tests.support.serving import Datastores, Refused, bearer, eventually, refused
from tests.support.telemetry_events import sale
from tests.support.telemetry_serving import (
    ACCEPTED,
    DUPLICATE,
    Answered,
    TelemetryServing,
    nothing_is_committed,
    telemetry_serving,
)

FEW = bearer("secret for two events")


async def test_one_batch_with_every_outcome(stores: Datastores) -> None:
    """In the order of the batch; only what is stored is stored, and what is to be sent again can be."""
    async with telemetry_serving(stores, tenant_quota=2.0) as service:
        known, busy, late = sale("acme"), [sale("busy") for _ in range(4)], sale("busy")
        assert await service.send(known) == [ACCEPTED]
        assert await service.send(*busy) == [ACCEPTED] * 4  # twice what a full bucket holds
        fresh, bad = sale("globex"), sale("globex")
        bad.user_id = "\x00"
        found = await service.send(bad, known, late, fresh)
        assert [each.status for each in found] == ["REJECTED", "DUPLICATE", "RETRY", "ACCEPTED"]
        assert (found[2].reason, found[2].field) == ("QUOTA_EXCEEDED", "")
        assert found[2].message == "the tenant has used up its quota of 2 events a second"
        assert 0 < found[2].retry_seconds <= 2
        assert set(await service.stored_ids()) == {known.id, fresh.id, *[each.id for each in busy]}

        all_busy = await refused(service.send(sale("busy")))
        assert (all_busy.code, all_busy.reason) == ("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED")
        assert all_busy.metadata == {"quota": "2/s"}
        assert 0 < (all_busy.retry_seconds or 0) <= 2
        await asyncio.sleep(all_busy.retry_seconds or 0)
        assert await service.send(late) == [ACCEPTED]


async def test_a_key_beyond_its_quota_is_refused_and_another_is_not(service: TelemetryServing) -> None:
    """The whole batch, before it is looked at; it says how many events a second are allowed, and when to come back."""
    events = [sale() for _ in range(5)]
    assert await service.send(*events[:4], key=FEW) == [ACCEPTED] * 4  # twice what a full bucket holds
    found = await refused(service.send(events[4], b"no event", key=FEW))
    assert (found.code, found.reason, found.metadata) == ("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", {"quota": "2/s"})
    assert found.message == "the key has used up its quota of 2 events a second"
    assert 0 < (found.retry_seconds or 0) <= 2
    assert len(await service.stored_ids()) == 4
    assert await service.send(events[4]) == [ACCEPTED]
    await asyncio.sleep(found.retry_seconds or 0)
    assert await service.send(sale(), key=FEW) == [ACCEPTED]


async def test_batches_are_bounded(service: TelemetryServing) -> None:
    """A thousand events are taken, one more and four megabytes are not; none at all is no mistake."""
    events = [sale() for _ in range(1_001)]
    found = await refused(service.send(*events))
    assert (found.code, found.reason, found.fields) == ("INVALID_ARGUMENT", "INVALID_REQUEST", ["events"])
    assert "1001" in found.message
    assert await service.send() == []
    large = [sale(carga="x" * 60_000) for _ in range(80)]
    found = await refused(service.send(*large))
    assert found.code == "RESOURCE_EXHAUSTED"
    assert "larger than max" in found.message
    assert await service.stored_ids() == []
    assert await service.send(*events[:1_000]) == [ACCEPTED] * 1_000
    assert await service.send(*large[:65]) == [ACCEPTED] * 65
    assert len(set(await service.stored_ids())) == 1_065


async def test_an_event_sent_ten_times_at_once_counts_once(service: TelemetryServing) -> None:
    """One of them is told so, the others that it was there."""
    event = sale()
    found = [result for [result] in await asyncio.gather(*[service.send(event) for _ in range(10)])]
    assert sorted(found, key=lambda each: each.status) == [ACCEPTED, *[DUPLICATE] * 9]
    assert await service.stored_ids() == [event.id]


async def test_what_waits_is_bounded_and_nobody_fills_it_alone(stores: Datastores) -> None:
    """While the database stands still: refusals that say when to come back; what was not refused is stored."""
    async with telemetry_serving(stores, queue_bytes=1024 * 1024) as service:
        waiting: list[asyncio.Task[list[Answered]]] = []
        batch = [sale("loud", carga="x" * 10_000) for _ in range(10)]

        async def send(tenant: str) -> Refused | None:
            """Send a batch; return how it was refused, or None if it waits."""
            waiting.append(asyncio.create_task(service.send(*[sale(tenant, carga="x" * 10_000) for _ in batch])))
            await asyncio.wait(waiting[-1:], timeout=0.05)
            return await refused(waiting.pop()) if waiting[-1].done() else None

        async with nothing_is_committed(service):
            found = None
            while found is None:
                found = await send("loud")
            assert (found.code, found.reason) == ("RESOURCE_EXHAUSTED", "OVERLOADED")
            assert (found.retry_seconds or 0) > 0
            assert len(waiting) <= 10
            assert await send("quiet") is None
        for task in waiting:
            assert await task == [ACCEPTED] * len(batch)
        assert len(await service.stored_ids()) == len(waiting) * len(batch)


async def test_while_the_database_is_away_events_are_to_be_sent_again(
    stores: Datastores, postgres_server: ServerHandle
) -> None:
    """Nothing is lost silently, and the service goes on by itself when the database is there again."""
    async with telemetry_serving(stores) as service:
        event = sale()
        await postgres_server.stop()
        try:
            found = await refused(service.send(event))
        finally:
            await postgres_server.ensure_running()
        assert (found.code, found.reason) == ("UNAVAILABLE", "STORE_UNAVAILABLE")
        assert (found.retry_seconds or 0) > 0

        async def accepted() -> bool:
            try:
                return await service.send(event) in ([ACCEPTED], [DUPLICATE])
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
                return False

        await eventually(accepted)
        assert await service.stored_ids() == [event.id]
