"""One tenant offers three times what the service takes, beside another one's usual events."""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from tests.support.datastores import RunningDatastores
from tests.support.faults.telemetry_memory import ResidentMemory
from tests.support.flag_service_process import ServiceProcess
from tests.support.telemetry_process import telemetry_installation

TIMES = 3
BATCH = 500
FLOOD_PROCESSES = 2
CALM_PER_SECOND, CALM_BATCH = 50, 5
LOUD, CALM = "barulho", "calma"
MOST_GROWTH, MOST_GROWTH_KIB = 0.15, 32 * 1024
"""After the first part of the flood, memory may be larger by this part of what it was then, and so much more."""
LEAST_ADVANTAGE = 0.5
"""Whoever sends little waits this part, at most, of what the flood waits."""
_SAMPLES_A_SECOND = 4
_QUEUE_BYTES = 8 * 1024 * 1024
_NO_QUOTA = "10000000"
"""What bounds the events is the service itself."""

REFUSED = "RESOURCE_EXHAUSTED OVERLOADED with RetryInfo"


@dataclass
class Sending:
    """
    What a sender told when it ended; see `tests.support.faults.telemetry_sender`.

    `answered` and `taken` are milliseconds; `events` counts events by what became of them.
    """

    seconds: float = 0.0
    answered: dict[str, int] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)
    events: Counter[str] = field(default_factory=Counter)

    def a_second(self, what: str) -> int:
        """Return a rate."""
        return round(self.events[what] / self.seconds)


async def telemetry_overloaded(
    datastores: RunningDatastores, database_url: str, *, seconds: float
) -> dict[str, object]:
    """Return what happened, after what could not be taken was refused, memory stayed flat and the other was served."""
    settings = {
        "MIRANTE_TELEMETRY_QUOTA": _NO_QUOTA,
        "MIRANTE_TELEMETRY_TENANT_QUOTA": _NO_QUOTA,
        "MIRANTE_TELEMETRY_QUEUE_BYTES": str(_QUEUE_BYTES),
    }
    measuring = max(3.0, seconds / 20)
    async with telemetry_installation(database_url, datastores.valkey.url, replicas=1, **settings) as services:
        [replica] = services.telemetry.replicas
        secret = services.telemetry.keys["server"]
        async with _sending(replica, secret, "patiently", CALM, rate=CALM_PER_SECOND, batch=CALM_BATCH) as alone:
            await asyncio.sleep(measuring)
        async with _sending(replica, secret, "steadily", LOUD, rate=0, batch=BATCH) as steady:
            await asyncio.sleep(measuring)
        rate = TIMES * steady.events["ACCEPTED"] / steady.seconds / FLOOD_PROCESSES
        floods = [_sending(replica, secret, "regardless", LOUD, rate=rate, batch=BATCH) for _ in range(FLOOD_PROCESSES)]
        with ResidentMemory(replica, every=1 / _SAMPLES_A_SECOND) as memory:
            async with AsyncExitStack() as stack:
                flood = [await stack.enter_async_context(each) for each in floods]
                beside = await stack.enter_async_context(
                    _sending(replica, secret, "patiently", CALM, rate=CALM_PER_SECOND, batch=CALM_BATCH)
                )
                await asyncio.sleep(seconds)
        stored = await _stored(database_url)
    first = int(min(60.0, seconds / 4) * _SAMPLES_A_SECOND)
    before, after = max(memory.samples[:first]), max(memory.samples[first:])
    told = sum([each.events for each in flood], Counter[str]())
    counts: dict[str, object] = {
        "seconds": seconds,
        "taken without a flood, a second": steady.a_second("ACCEPTED"),
        "wanted to offer, a second": round(rate * FLOOD_PROCESSES),
        "offered, a second": sum(each.a_second("offered") for each in flood),
        "taken, a second": sum(each.a_second("ACCEPTED") for each in flood),
        "events of the flood": dict(told),
        "stored": stored,
        "batches of the flood, ms": [each.answered for each in flood],
        "others' batches without a flood, ms": alone.taken,
        "others' batches beside it, ms": beside.taken,
        "others' events beside it": dict(beside.events),
        "resident at first, MiB": before // 1024,
        "resident later, MiB": after // 1024,
        "resident, MiB": [kib // 1024 for kib in memory.samples[:: max(1, len(memory.samples) // 30)]],
    }
    assert set(told) <= {"offered", "not offered", "ACCEPTED", REFUSED}, counts
    assert told[REFUSED] > told["ACCEPTED"] * 0.2, counts
    assert stored == {
        LOUD: steady.events["ACCEPTED"] + told["ACCEPTED"],
        CALM: alone.events["ACCEPTED"] + beside.events["ACCEPTED"],
    }, counts
    assert beside.events["ACCEPTED"] >= 0.8 * CALM_PER_SECOND * beside.seconds, counts
    # In one line for all, both would wait as long as each other, however fast the machine is.
    assert beside.taken["p50"] < LEAST_ADVANTAGE * min(each.answered["p50"] for each in flood), counts
    assert after - before <= MOST_GROWTH * before + MOST_GROWTH_KIB, counts
    return counts


@asynccontextmanager
async def _sending(
    replica: ServiceProcess, secret: str, how: str, tenants: str, *, rate: float, batch: int
) -> AsyncIterator[Sending]:
    """Run a sender until the block ends; then it is known what came of it."""
    told = Sending()
    arguments = (how, replica.address, secret, tenants, str(rate), str(batch))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.faults.telemetry_sender", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        # Where all cores are busy, seconds pass before a process begins.
        assert await asyncio.to_thread(process.stdout.readline), how
        yield told
        output, _ = await asyncio.to_thread(process.communicate, "", 180)
        said = json.loads(output)
        told.seconds, told.events = said["seconds"], Counter(said["events"])
        told.answered, told.taken = said["answered"], said["taken"]
    finally:
        process.kill()
        process.communicate()


async def _stored(database_url: str) -> dict[str, int]:
    """Return how many events of each tenant are stored."""
    connection: Any = await asyncpg.connect(database_url)
    rows = await connection.fetch("SELECT tenant, count(*) FROM events WHERE kind = 1 GROUP BY tenant")
    await connection.close()
    return dict(rows)
