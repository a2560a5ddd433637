"""One key calls at ten times its quota beside another key's usual load."""

import asyncio
import json
import statistics
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import grpc.aio
from mirante.api.flags.v1 import access_admin_service_pb2 as pb2
from mirante.api.flags.v1.access_admin_service_pb2_grpc import AccessAdminServiceStub

from tests.support.datastores import RunningDatastores
from tests.support.faults.replica_killed import STEADY
from tests.support.flag_service_process import ENVIRONMENT, Installation, installation
from tests.support.probes import CallProbe, going_on

QUOTA = 100
TIMES = 10
REFUSED = "RESOURCE_EXHAUSTED QUOTA_EXCEEDED True"
MOST_GROWTH_KIB = 16 * 1024


async def one_key_overloads(datastores: RunningDatastores, database_url: str, *, seconds: float) -> dict[str, object]:
    """Return what happened, after the one was held to its quota and the other was served as if it were alone."""
    async with installation(database_url, datastores.valkey.url, replicas=1) as services:
        [replica] = services.replicas
        secret = await _key_with_quota(services, QUOTA)
        alone = await _usual_load(services, seconds)
        noise: dict[str, float] = {}
        async with _noise(replica.address, secret, noise):
            # Caches and buffers have to be filled before memory can be compared.
            await asyncio.sleep(seconds / 4)
            before = replica.resident_kib()
            beside = await _usual_load(services, seconds)
            growth = replica.resident_kib() - before
    lasted = noise.pop("seconds")
    answered, refused = noise.pop("answered"), noise.pop(REFUSED)
    assert noise == {}
    assert alone.faults == beside.faults == []
    # A full bucket is there at the beginning; a clock that is read twice allows for a little more.
    assert QUOTA * lasted * 0.5 < answered < QUOTA * (lasted + 1) * 1.1
    assert refused > answered
    assert growth < MOST_GROWTH_KIB
    ratios = [ours / theirs for ours, theirs in zip(_figures(beside.took), _figures(alone.took), strict=True)]
    # Generous: machines are noisy, and the noise is made on the same one. Waiting in line behind it would be a second.
    assert _figures(beside.took)[1] < 10 * _figures(alone.took)[1] + 100
    return {
        "noise: answered, refused, a second": [round(answered / lasted), round(refused / lasted)],
        "usual calls: alone, beside": [alone.asked, beside.asked],
        "p50, p99 alone, ms": _figures(alone.took),
        "p50, p99 beside, ms": _figures(beside.took),
        "ratios": [round(ratio, 2) for ratio in ratios],
        "growth, KiB": growth,
    }


async def _usual_load(services: Installation, seconds: float) -> CallProbe:
    probe = CallProbe(STEADY)
    async with going_on(*[probe.run(services.target, services.keys["server"], 0.02) for _ in range(2)]):
        await asyncio.sleep(seconds)
    return probe


def _figures(took: Sequence[float]) -> list[float]:
    """Return the median and the 99th percentile, in milliseconds."""
    cuts = statistics.quantiles(took, n=100)
    return [round(cuts[49] * 1e3, 2), round(cuts[98] * 1e3, 2)]


async def _key_with_quota(services: Installation, quota: int) -> str:
    async with grpc.aio.insecure_channel(services.replicas[0].address) as channel:
        response = await AccessAdminServiceStub(channel).CreateApiKey(
            pb2.CreateApiKeyRequest(
                name="barulho", role=pb2.ROLE_SERVER, environments=[ENVIRONMENT], quota_per_second=quota
            ),
            metadata=services.metadata("admin"),
        )
    return str(response.secret)


@asynccontextmanager
async def _noise(address: str, secret: str, counts: dict[str, float]) -> AsyncIterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.noisy_caller", address, secret, str(QUOTA * TIMES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        # Where all cores are busy, seconds pass before a process begins.
        assert await asyncio.to_thread(process.stdout.readline)
        yield
        output, _ = await asyncio.to_thread(process.communicate, "", 30)
        counts.update(json.loads(output))
    finally:
        process.kill()
        process.communicate()
