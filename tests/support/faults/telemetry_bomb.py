"""Small compressed requests that would expand to a hundred megabytes."""

import asyncio
from collections import Counter
from typing import Any

import grpc
import grpc.aio

from tests.support.datastores import RunningDatastores
from tests.support.faults.telemetry_callers import Ledger
from tests.support.faults.telemetry_ingest import Ingest, Metadata
from tests.support.faults.telemetry_memory import ResidentMemory
from tests.support.faults.telemetry_traffic import Traffic, request_of
from tests.support.flag_service_process import CHANNEL_OPTIONS, ServiceProcess
from tests.support.telemetry_process import telemetry_installation

_BOMB_BYTES = 100 * 1024 * 1024
MOST_GROWTH_KIB = 32 * 1024
_SERVICE = "/mirante.api.telemetry.v1.IngestService"


async def telemetry_bombed(datastores: RunningDatastores, database_url: str, *, bombs: int) -> dict[str, object]:
    """Return what happened, after every bomb was refused before it had grown, and other batches were still taken."""
    codes: Counter[str] = Counter()
    async with telemetry_installation(database_url, datastores.valkey.url, replicas=1) as services:
        [replica] = services.telemetry.replicas
        known, ledger = services.metadata("server"), Ledger()
        await _send_compressed(replica, known, ledger)
        with ResidentMemory(replica, every=0.002) as memory:
            for _ in range(bombs):
                codes[await _drop_on_call(replica, known)] += 1
                codes[await _drop_on_stream(replica, known)] += 1
                # Whoever has no key can send one as well: nobody is asked for a key before the request is there.
                codes[await _drop_on_call(replica, ())] += 1
        await _send_compressed(replica, known, ledger)
    growth = memory.most - memory.samples[0]
    assert codes == {"RESOURCE_EXHAUSTED": 3 * bombs}
    assert growth < MOST_GROWTH_KIB
    assert ledger.faults == []
    assert ledger.acknowledged == ledger.sent.keys()
    return {"bombs": dict(codes), "of bytes": _BOMB_BYTES, "growth, KiB": growth, "samples": len(memory.samples)}


async def _drop_on_call(replica: ServiceProcess, metadata: Metadata) -> str:
    async with _channel(replica) as channel:
        method: Any = channel.unary_unary(f"{_SERVICE}/Ingest")
        try:
            await method(bytes(_BOMB_BYTES), metadata=metadata, compression=grpc.Compression.Gzip, timeout=60)
        except grpc.aio.AioRpcError as error:
            return error.code().name
    return "OK"


async def _drop_on_stream(replica: ServiceProcess, metadata: Metadata) -> str:
    async with _channel(replica) as channel:
        method: Any = channel.stream_stream(f"{_SERVICE}/IngestStream")
        call = method(metadata=metadata, compression=grpc.Compression.Gzip, timeout=60)
        try:
            await call.write(bytes(_BOMB_BYTES))
            await call.read()
        except grpc.aio.AioRpcError as error:
            return error.code().name
        except asyncio.InvalidStateError:
            pass  # it had ended before everything was written
        return str((await call.code()).name)


def _channel(replica: ServiceProcess) -> grpc.aio.Channel:
    return grpc.aio.insecure_channel(
        replica.address, options=(*CHANNEL_OPTIONS, ("grpc.max_send_message_length", _BOMB_BYTES))
    )


async def _send_compressed(replica: ServiceProcess, metadata: Metadata, ledger: Ledger) -> None:
    batch = Traffic().batch(500)
    ledger.sent.update((event.id, event.tenant) for event in batch)
    ingest = Ingest(replica.address, metadata)
    ledger.settle(batch, await ingest.send(request_of(batch, ""), compression=grpc.Compression.Gzip))
    await ingest.close()
