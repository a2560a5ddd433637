"""A reader of the log that goes on from its cursor at any replica, whatever dies."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import grpc
import grpc.aio
from mirante.api.telemetry.v1 import event_log_service_pb2 as pb2
from mirante.api.telemetry.v1.event_log_service_pb2_grpc import EventLogServiceStub

from tests.support.faults.telemetry_ingest import Metadata
from tests.support.flag_service_process import CHANNEL_OPTIONS, ENVIRONMENT
from tests.support.flag_writer import refusal_of

if TYPE_CHECKING:
    from mirante.api.telemetry.v1.event_log_service_pb2_grpc import EventLogServiceAsyncStub

_TROUBLE = {grpc.StatusCode.UNAVAILABLE}


@dataclass
class Follower:
    """
    Follows from the beginning; `ids` are the events it was given, in that order.

    Entries and cursor are kept together, as a reader has to. `begins_anew` says that the log may come to another epoch,
    as after a failover or a restore: then it is read from the beginning again.
    """

    addresses: Sequence[str]
    metadata: Metadata = field(repr=False)
    ids: list[bytes] = field(default_factory=list)
    cursor: bytes = b""
    begins_anew: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    async def run(self) -> None:
        """Follow for ever, at one replica after the other."""
        for address in itertools.cycle(self.addresses):
            async with grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS) as channel:
                stub: EventLogServiceAsyncStub = EventLogServiceStub(channel)
                try:
                    await self._follow(stub)
                    self.counts["streams that ended well"] += 1
                except grpc.aio.AioRpcError as error:
                    self.counts["streams that broke"] += 1
                    refusal = refusal_of(error)
                    if self.begins_anew and refusal.reason == "CURSOR_OF_ANOTHER_EPOCH":
                        self.ids, self.cursor = [], b""
                        self.counts["epochs"] += 1
                    elif error.code() not in _TROUBLE:
                        self.faults.append(f"{refusal.code} {refusal.reason} {refusal.message}")
            await asyncio.sleep(0.05)

    async def _follow(self, stub: "EventLogServiceAsyncStub") -> None:
        request = pb2.FollowEventsRequest(environment=ENVIRONMENT, cursor=self.cursor)
        async for response in stub.FollowEvents(request, metadata=self.metadata):
            self.ids.extend(entry.event.event.id for entry in response.entries if entry.HasField("event"))
            self.cursor = response.cursor
