"""Streams of batches: answered in order however many are under way, at the pace of the slower side."""

import asyncio
import contextlib
import logging

import grpc.aio
import pytest

from tests.support.serving import Datastores, bearer, eventually
from tests.support.telemetry_database import stored_events
from tests.support.telemetry_events import sale
from tests.support.telemetry_process import telemetry_installation
from tests.support.telemetry_serving import (
    ACCEPTED,
    DUPLICATE,
    IngestStream,
    TelemetryServing,
    nothing_is_committed,
    open_channel,
    telemetry_serving,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def stalled(stream: IngestStream, *events: bytes, most: int) -> int:
    """Send the same batch until it is not taken any more; return how many were. Fails when all are."""
    while stream.sent < most:
        sending = asyncio.create_task(stream.send(*events))
        if not (await asyncio.wait([sending], timeout=1.0))[0]:
            # It is sent once the service reads on.
            stream.pending = sending  # type: ignore[attr-defined]
            return stream.sent
    raise AssertionError(f"all of {most} batches were taken")


async def test_answers_come_in_the_order_of_the_batches(shared: TelemetryServing) -> None:
    """Large and small ones, good and bad ones, hundreds without waiting; a half-closed stream is answered whole."""
    stream = IngestStream(shared.channel, shared.key("server"))
    batches = [[sale() for _ in range(1 + number * 37 % 50)] for number in range(100)]
    reading = asyncio.create_task(stream.rest())
    for batch in batches:
        await stream.send(*batch, b"no event")
    await stream.send()
    await stream.call.done_writing()
    answers = await reading
    assert [number for number, _ in answers] == list(range(101))
    for batch, (_, found) in zip(batches, answers, strict=False):
        assert found[:-1] == [ACCEPTED] * len(batch)
        assert (found[-1].status, found[-1].reason) == ("REJECTED", "INVALID_EVENT")
    assert answers[-1] == (100, [])
    assert (await stream.end()).code == "OK"
    stored = await shared.stored_ids()
    assert {event.id for batch in batches for event in batch} <= set(stored)
    assert len(stored) == len(set(stored))


async def test_who_does_not_read_answers_is_not_read(shared: TelemetryServing) -> None:
    """The service holds a bounded number of batches for them; once they read, everything is answered."""
    stream = IngestStream(shared.channel, shared.key("server"))
    taken = await stalled(stream, *[bytes(60)] * 1_000, most=2_000)
    assert await shared.send(sale()) == [ACCEPTED]
    reading = asyncio.create_task(stream.rest())
    await stream.pending  # type: ignore[attr-defined]
    await stream.call.done_writing()
    answers = await reading
    assert [number for number, _ in answers] == list(range(taken + 1))
    # So many events at once may be more than the key's quota.
    assert {each.status for _, found in answers for each in found} <= {"REJECTED", "RETRY"}
    assert {len(found) for _, found in answers} == {1_000}


async def test_a_stream_waits_for_the_database(shared: TelemetryServing) -> None:
    """No more batches are read than may be under way; then all are stored, once each."""
    stream = IngestStream(shared.channel, shared.key("server"))
    events = [[sale(carga="x" * 60_000) for _ in range(10)] for _ in range(100)]

    async def send_all() -> None:
        for batch in events:
            await stream.send(*batch)
        await stream.call.done_writing()

    async with nothing_is_committed(shared):
        sending = asyncio.create_task(send_all())
        await asyncio.wait([sending], timeout=1.0)
        assert stream.sent < len(events)
    answers = await stream.rest()
    await sending
    assert answers == [(number, [ACCEPTED] * 10) for number in range(100)]
    assert {event.id for batch in events for event in batch} <= set(await shared.stored_ids())


async def test_a_malformed_message_ends_the_stream_after_what_came_before(shared: TelemetryServing) -> None:
    """With the status that a call would have; so do too many events and an environment that the key does not hold."""
    for bad, field in (
        (b"\xff\xff\xff", "request"),
        (b"\x12\x04\x0a\x05x", "request"),
        (b"\x12\xd2\x0f" + b"\x12\x00" * 1_001, "events"),
    ):
        stream = IngestStream(shared.channel, shared.key("server"))
        before = sale()
        await stream.send(before)
        await stream.call.write(bad)
        assert await stream.rest() == [(0, [ACCEPTED])]
        end = await stream.end()
        assert (end.code, end.reason, end.fields) == ("INVALID_ARGUMENT", "INVALID_REQUEST", [field])
        assert await shared.send(before) == [DUPLICATE]


async def test_over_its_quota_a_stream_goes_on(shared: TelemetryServing) -> None:
    """What is too much is to be sent again later, with the reason of a refused call."""
    stream = IngestStream(shared.channel, bearer("secret for two events"))
    events = [sale() for _ in range(5)]
    await stream.send(*events[:4])
    assert await stream.next() == (0, [ACCEPTED] * 4)
    await stream.send(events[4], b"no event")
    answer = await stream.next()
    assert answer is not None
    assert {(each.status, each.reason) for each in answer[1]} == {("RETRY", "QUOTA_EXCEEDED")}
    [seconds] = {each.retry_seconds for each in answer[1]}
    assert 0 < seconds <= 2
    await asyncio.sleep(seconds)
    await stream.send(events[4])
    assert await stream.next() == (2, [ACCEPTED])
    await stream.call.done_writing()
    assert await stream.next() is None
    assert (await stream.end()).code == "OK"


async def test_a_caller_that_vanishes_leaves_nothing_half_done(shared: TelemetryServing) -> None:
    """Its batches are stored or not, each event once; sent again they are accepted or duplicates."""
    stream = IngestStream(shared.channel, shared.key("server"))
    batches = [[sale() for _ in range(20)] for _ in range(5)]
    async with nothing_is_committed(shared):
        for batch in batches:
            await stream.send(*batch)
        stream.call.cancel()
        await stream.end()
    for batch in batches:
        assert set(await shared.send(*batch)) <= {ACCEPTED, DUPLICATE}
    stored = await shared.stored_ids()
    assert len(stored) == len(set(stored))
    assert {event.id for batch in batches for event in batch} <= set(stored)


async def test_a_caller_that_vanishes_is_no_fault(stores: Datastores, caplog: pytest.LogCaptureFixture) -> None:
    """Although the service was writing to it."""
    async with telemetry_serving(stores, drain_seconds=300.0) as service:
        stream = IngestStream(service.channel, service.key("server"))
        await stalled(stream, *[bytes(60)] * 1_000, most=2_000)
        stream.call.cancel()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_service_that_stops_answers_what_is_under_way(stores: Datastores) -> None:
    """It reads no further; the stream then ends, long before it would be cut, and says to go on elsewhere."""
    stopping = asyncio.Event()
    opened: asyncio.Future[TelemetryServing] = asyncio.get_running_loop().create_future()

    async def serve() -> None:
        async with telemetry_serving(stores, drain_seconds=300.0) as service:
            opened.set_result(service)
            await stopping.wait()

    serving = asyncio.create_task(serve())
    service = await opened
    busy, idle = (
        IngestStream(service.channel, service.key("server")),
        IngestStream(service.channel, service.key("server")),
    )
    first = sale()
    await idle.send(first)
    assert await idle.next() == (0, [ACCEPTED])
    events = [sale() for _ in range(3)]
    async with nothing_is_committed(service) as a_writer_waits:
        for event in events:
            await busy.send(event)
        await eventually(a_writer_waits)
        stopping.set()
        assert await idle.rest() == []
        end = await idle.end()
        assert (end.code, end.reason) == ("UNAVAILABLE", "NOT_READY")
        assert end.retry_seconds is not None
    answers = await busy.rest()
    assert answers == [(number, [ACCEPTED]) for number in range(len(answers))]
    assert answers
    assert (await busy.end()).reason == "NOT_READY"
    await serving
    assert set(await service.stored_ids()) >= {first.id, *[event.id for event in events[: len(answers)]]}


async def test_a_terminated_process_answers_what_is_under_way(database_url: str, redis_url: str) -> None:
    """And ends well, whatever streams are open: what was answered is stored."""
    async with telemetry_installation(database_url, redis_url, replicas=1, MIRANTE_DRAIN_SECONDS="300") as running:
        [process] = running.telemetry.replicas
        async with open_channel(process.port) as channel:
            stream = IngestStream(channel, running.metadata("server"))
            events = [sale()]

            async def send_until_the_end() -> None:
                with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
                    while not stream.call.done():
                        await stream.send(events[-1])
                        events.append(sale())

            sending = asyncio.create_task(send_until_the_end())
            assert await stream.next() == (0, [ACCEPTED])
            ending = asyncio.create_task(process.terminate())
            answers = await stream.rest()
            assert await ending == 0
            await sending
            assert answers == [(number, [ACCEPTED]) for number in range(1, len(answers) + 1)]
            # With what status is not asked: a client that writes at that very moment makes up one of its own.
            assert stream.call.done()
        stored = {each.event.id for each in await stored_events(database_url)}
        assert {event.id for event in events[: len(answers) + 1]} <= stored
