"""The same events many times: at once at two replicas, after both were killed, after midnight, by a corrected clock."""

import asyncio
import datetime
import time
from collections import Counter
from typing import Any

import asyncpg
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2

from tests.support.datastores import RunningDatastores
from tests.support.faults.telemetry_callers import Ledger
from tests.support.faults.telemetry_checker import faults_of, log_of
from tests.support.faults.telemetry_ingest import Ingest
from tests.support.faults.telemetry_traffic import Sent, request_of
from tests.support.telemetry_database import prepare
from tests.support.telemetry_events import sale
from tests.support.telemetry_process import TelemetryInstallation, telemetry_installation

TIMES = 10
_HOUR_NS = 3_600 * 10**9
_CLOCKS = (-5 * _HOUR_NS, 0, 3 * _HOUR_NS)
"""What is wrong with the client's clock when it says when it sends, in nanoseconds."""


async def telemetry_repeats(datastores: RunningDatastores, database_url: str, *, rounds: int) -> dict[str, object]:
    """Return what happened, after each event was accepted once, and was a duplicate whenever it came again."""
    counts: Counter[str] = Counter()
    ledger = Ledger()
    await prepare(database_url)
    await _began_days_ago(database_url)
    async with telemetry_installation(database_url, datastores.valkey.url) as services:
        for number in range(rounds):
            # Who sends first by a wrong clock, is stored at a corrected time.
            first, *others = (*_CLOCKS[number % 3 :], *_CLOCKS[: number % 3])
            batch = _around_midnight()
            ledger.sent.update((event.id, event.tenant) for event in batch)
            await _everybody_sends(services, batch, ledger, first)
            assert ledger.counts["ACCEPTED"] - counts["ACCEPTED"] == len(batch)
            for clock in (*others, first):
                for replica in services.telemetry.replicas:
                    replica.kill()
                await services.telemetry.start()
                await _everybody_sends(services, batch, ledger, clock)
            counts = Counter(ledger.counts)
        wrong = await faults_of(database_url, ledger)
        log = await log_of(database_url)
        partitions = await _partitions_of_keys(database_url)
    assert wrong == {}
    assert ledger.faults == []
    assert sorted(log) == sorted(ledger.sent)
    # Ids from before and after a midnight are in two tables: what keeps them unique is not one index.
    assert partitions > 1
    answers = rounds * (1 + len(_CLOCKS)) * 2 * TIMES * len(_around_midnight())
    assert counts == {"ACCEPTED": len(log), "DUPLICATE": answers - len(log)}
    return {"events": len(log), "answers": dict(counts), "partitions of their keys": partitions}


async def _everybody_sends(services: TelemetryInstallation, batch: list[Sent], ledger: Ledger, clock: int) -> None:
    """Send a batch `TIMES` times at once by calls and as often by a stream, to both replicas."""
    replicas = [Ingest(replica.address, services.metadata("server")) for replica in services.telemetry.replicas]
    request = request_of(batch, f"clock-{clock}", time.time_ns() + clock)
    streamed: list[list[ingest_pb2.IngestResponse]] = [[] for _ in replicas]
    calls = asyncio.gather(*[replicas[number % 2].send(request) for number in range(TIMES)])
    streams = [each.send_all([request] * (TIMES // 2), told) for each, told in zip(replicas, streamed, strict=True)]
    called, _ = await asyncio.gather(calls, asyncio.gather(*streams))
    for response in (*called, *streamed[0], *streamed[1]):
        ledger.settle(batch, response)
    for replica in replicas:
        await replica.close()


def _around_midnight() -> list[Sent]:
    """Return events with ids from before the last midnight, from now, and from before the next midnight (UTC)."""
    today = datetime.datetime.now(datetime.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    midnight = int(today.timestamp() * 1_000)
    events = [sale(made_ms=made) for made in (midnight - 1, midnight, time.time_ns() // 10**6, midnight + 86_399_999)]
    return [Sent(event.id, event.tenant, event.SerializeToString(), valid=True) for event in events]


async def _began_days_ago(database_url: str) -> None:
    """Have the log begin before what is sent: before that there would be one table of keys for all days."""
    connection: Any = await asyncpg.connect(database_url)
    await connection.execute("UPDATE telemetry_installation SET log_began = now() - interval '3 days'")
    await connection.close()


async def _partitions_of_keys(database_url: str) -> int:
    connection: Any = await asyncpg.connect(database_url)
    count = await connection.fetchval("SELECT count(DISTINCT tableoid) FROM event_keys")
    await connection.close()
    return int(count)
