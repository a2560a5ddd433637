"""Whatever stands where events should be: always an answer, and never anybody else's trouble."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mirante.api.telemetry.v1 import catalogue_service_pb2 as catalogue_pb2
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1 import event_pb2

from tests.support.fuzzed_events import MARK, batches, requests
from tests.support.serving import PATIENCE_SECONDS
from tests.support.telemetry_catalogue import SALES
from tests.support.telemetry_events import sale
from tests.support.telemetry_methods import outcome
from tests.support.telemetry_serving import ACCEPTED, INGEST, Answered, IngestStream, Sent, TelemetryServing

MARKED = SALES.replace("venda_id: {type: string", "venda_id: {type: string, personal_data: mask")
EXAMPLES = 150

Check = Callable[[Any], Coroutine[Any, Any, None]]


async def fuzz(drawn: st.SearchStrategy[Any], check: Check) -> None:
    """Check many examples, one after the other, on this loop."""
    loop = asyncio.get_running_loop()

    @settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
    @given(drawn)
    def one(example: Any) -> None:
        asyncio.run_coroutine_threadsafe(check(example), loop).result(PATIENCE_SECONDS)

    await asyncio.to_thread(one)


async def everything(service: TelemetryServing, count: int) -> list[event_pb2.StoredEvent]:
    """The whole log as a follower reads it."""
    call = service.follow()
    found: list[event_pb2.StoredEvent] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(found) < count:
            response = await call.read()
            assert isinstance(response, log_pb2.FollowEventsResponse)
            found += [each.event for each in response.entries]
    call.cancel()
    return found


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged as wrong. A busy machine may make Redis late, which is no fault of a request."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING and record.name != "services.runtime.hints.redis"
    ]


@pytest.mark.parametrize("way", ["call", "stream", "import"])
async def test_any_bytes_as_events(service: TelemetryServing, caplog: pytest.LogCaptureFixture, way: str) -> None:
    """
    Results come in order, good events are stored whatever is beside them, and nothing that was sent is told again.

    What was taken can be read by whoever follows the log and lists dead letters.
    """
    caplog.set_level(logging.DEBUG)
    await service.import_catalogue(MARKED)
    stream = IngestStream(service.channel, service.key("server"))
    good: list[event_pb2.Event] = []
    taken: set[bytes] = set()

    async def send(events: Sequence[Sent]) -> list[Answered]:
        if way == "stream":
            await stream.send(*events)
            answer = await stream.next()
            assert answer is not None, await stream.end()
            return answer[1]
        if way == "import":
            return await service.send(*events, imported=True, import_key="fuzz", position=str(len(good)))
        return await service.send(*events)

    async def check(batch: Sequence[bytes | None]) -> None:
        events: list[Sent] = [sale() if each is None else each for each in batch]
        good.extend([each for each in events if isinstance(each, event_pb2.Event)])
        found = await send(events)
        assert len(found) == len(batch)
        for event, result in zip(events, found, strict=True):
            if isinstance(event, event_pb2.Event):
                assert result == ACCEPTED
            else:
                assert result.status in {"ACCEPTED", "DUPLICATE", "REJECTED"}
                assert (result.status == "REJECTED") == bool(result.reason and result.field and result.message)
                assert MARK not in f"{result.field}{result.message}"
            if result.status == "ACCEPTED":
                taken.add(event_pb2.Event.FromString(event).id if isinstance(event, bytes) else event.id)

    await fuzz(batches(), check)
    assert await service.health() == "SERVING"
    stored = await everything(service, len(taken))
    assert {each.event.id for each in stored} == taken
    assert {each.id for each in good} <= taken
    assert len(good) > EXAMPLES / 10
    for each in stored:
        assert each.occurred_at.ToJsonString()
        assert each.event.occurred_at.ToJsonString()
    request = catalogue_pb2.ListDeadLettersRequest(page_size=1_000)
    letters = await service.catalogue.ListDeadLetters(request, metadata=service.key("reader"))
    assert letters.dead_letters
    assert complaints(caplog) == []
    assert MARK not in str([vars(record) for record in caplog.records])


async def test_any_bytes_as_requests(service: TelemetryServing, caplog: pytest.LogCaptureFixture) -> None:
    """They are taken or refused with a reason, whatever they say about clocks and environments."""
    caplog.set_level(logging.DEBUG)
    outcomes = {"OK", "INVALID_ARGUMENT", "PERMISSION_DENIED"}

    async def check(request: bytes) -> None:
        found = await outcome(service.channel, INGEST, request, service.key("server"))
        assert found.code in outcomes
        assert (found.code == "OK") == (not found.reason)
        if found.reason != "ENVIRONMENT_DENIED":  # which names what was asked for
            assert MARK not in found.message

    await fuzz(requests(), check)
    for each in await service.stored():
        assert each.occurred_at.ToJsonString()
    assert complaints(caplog) == []
    assert MARK not in str([vars(record) for record in caplog.records])
