"""Brings the history in, beside everything else, and goes on where it was cut short."""

import asyncio
import dataclasses
import logging
import time
from collections.abc import AsyncIterator
from typing import Final

import grpc
import grpc.aio
from mirante.api.telemetry.v1 import event_pb2
from mirante.api.telemetry.v1 import ingest_service_pb2 as pb2

from services.demo_shop.effects import Flags
from services.demo_shop.history import history
from services.demo_shop.messages import message_of
from services.demo_shop.position import Position
from services.demo_shop.telemetry_calls import TelemetryCalls

_log = logging.getLogger(__name__)

_BATCH: Final = 500
_REST: Final = 0.25
"""Of the time that a batch takes: a pause after it, in which the services do nothing for the history."""
_LEAST_RETRY, _LONGEST_RETRY = 0.5, 30.0
_TOLD_EVERY: Final = 10
"""Per cent."""


async def import_history(calls: TelemetryCalls, position: Position, flags: Flags) -> None:
    """Bring in everything from a position on. What does not answer, or has no room, is asked again for ever."""
    began, told, events = time.monotonic(), 0, 0
    while not position.done:
        async for batch, following in _batches(position, flags):
            await _bring_in(calls, batch, following)
            events += len(batch)
            position = following
        share = 100 * position.part // position.parts
        if share >= told + _TOLD_EVERY:
            told = share
            _log.info("history comes in", extra={"percent": share, "events": events})
    if events:
        _log.info("history is there", extra={"events": events, "seconds": round(time.monotonic() - began, 1)})


async def _batches(position: Position, flags: Flags) -> AsyncIterator[tuple[list[event_pb2.Event], Position]]:
    """Yield what is left of the next part, each batch with where the history stands after it."""
    left = await asyncio.to_thread(_left, position, flags)
    end = dataclasses.replace(position, part=position.part + 1, after="")
    starts = range(0, len(left), _BATCH)
    for start in starts:
        batch = left[start : start + _BATCH]
        last = start + _BATCH >= len(left)
        yield batch, end if last else dataclasses.replace(position, after=batch[-1].id.hex())
    if not starts:
        yield [], end


def _left(position: Position, flags: Flags) -> list[event_pb2.Event]:
    tenant, day = position.next_part()
    after = bytes.fromhex(position.after)
    return [
        message_of(happening)
        for happening in history(position.world, tenant, day, flags)
        if happening.at_ms < position.until_ms and happening.event_id > after
    ]


async def _bring_in(calls: TelemetryCalls, batch: list[event_pb2.Event], position: Position) -> None:
    delay = _LEAST_RETRY
    while True:
        began = time.monotonic()
        try:
            _check(await calls.bring_in(batch, position))
        except grpc.aio.AioRpcError as error:
            _log.info("history waits", extra={"error": f"{error.code().name}: {error.details()}", "seconds": delay})
            await asyncio.sleep(delay)
            delay = min(_LONGEST_RETRY, 2 * delay)
        else:
            await asyncio.sleep(_REST * (time.monotonic() - began))
            return


def _check(response: pb2.ImportEventsResponse) -> None:
    """Tell of what was refused, for instance because a person was erased meanwhile."""
    if response.problems:
        problem = response.problems[0]
        extra = {"events": len(response.problems), "field": problem.field, "error": problem.message}
        _log.warning("events of the history were refused", extra=extra)
