"""Redis is away: events are taken all the same, and whoever follows the log at the other replica reads them."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import grpc.aio
from mirante.api.telemetry.v1 import event_log_service_pb2 as pb2
from mirante.api.telemetry.v1.event_log_service_pb2_grpc import EventLogServiceStub

from tests.support.datastores import RunningDatastores
from tests.support.faults.telemetry_callers import Ledger
from tests.support.faults.telemetry_follower import Follower
from tests.support.faults.telemetry_ingest import Ingest, Metadata
from tests.support.faults.telemetry_traffic import Traffic, request_of
from tests.support.flag_service_process import CHANNEL_OPTIONS, ENVIRONMENT, ServiceProcess, becomes
from tests.support.probes import going_on
from tests.support.telemetry_process import telemetry_installation

if TYPE_CHECKING:
    from mirante.api.telemetry.v1.event_log_service_pb2_grpc import EventLogServiceAsyncStub

_BATCHES, _BATCH = 10, 50
_SECONDS = 10.0
"""By polling, events are there a fraction of a second later; with hints it is milliseconds."""


async def telemetry_without_redis(datastores: RunningDatastores, database_url: str) -> dict[str, object]:
    """Return what happened, after events reached followers and tails without Redis, also at replicas begun without."""
    ledger = Ledger()
    tailed: list[bytes] = []
    slowest = 0.0
    async with telemetry_installation(database_url, datastores.valkey.url) as services:
        sender, reader = services.telemetry.replicas
        await datastores.valkey.stop()
        for begun_without in (False, True):
            if begun_without:
                for replica in (sender, reader):
                    replica.kill()
                await services.telemetry.start()
            follower = Follower([reader.address], services.metadata("internal"))
            async with going_on(follower.run(), _tail(reader, services.metadata("reader"), tailed)):
                assert await becomes(partial(_longer, tailed, len(tailed)))
                for _ in range(_BATCHES):
                    await _send(sender, services.metadata("server"), ledger)
                    began = asyncio.get_running_loop().time()
                    for read in (follower.ids, tailed):
                        assert await becomes(partial(_all_in, read, ledger), _SECONDS)
                    slowest = max(slowest, asyncio.get_running_loop().time() - began)
            assert follower.faults == []
            assert sorted(follower.ids) == sorted(ledger.acknowledged)
        await datastores.valkey.ensure_running()
    assert ledger.faults == []
    assert ledger.acknowledged == ledger.sent.keys()
    assert max(Counter(event for event in tailed if event).values()) == 1
    return {"events": len(ledger.sent), "slowest, ms": round(slowest * 1e3), "answers": dict(ledger.counts)}


def _longer(read: Sequence[bytes], than: int) -> bool:
    return len(read) > than


def _all_in(read: Sequence[bytes], ledger: Ledger) -> bool:
    return ledger.acknowledged.issubset(read)


async def _send(replica: ServiceProcess, metadata: Metadata, ledger: Ledger) -> None:
    batch = Traffic().batch(_BATCH)
    ledger.sent.update((event.id, event.tenant) for event in batch)
    ingest = Ingest(replica.address, metadata)
    ledger.settle(batch, await ingest.send(request_of(batch, "")))
    await ingest.close()


async def _tail(replica: ServiceProcess, metadata: Metadata, tailed: list[bytes]) -> None:
    """Add the ids of the events that a tail shows; first an empty one, once it is connected."""
    async with grpc.aio.insecure_channel(replica.address, options=CHANNEL_OPTIONS) as channel:
        stub: EventLogServiceAsyncStub = EventLogServiceStub(channel)
        async for response in stub.TailEvents(pb2.TailEventsRequest(environment=ENVIRONMENT), metadata=metadata):
            assert response.missed == 0
            tailed.extend([stored.event.id for stored in response.events] or [b""])
