"""
How many events a second does the telemetry service make durable?

Sales with five properties in batches of 500, over gRPC, each event answered after its commit. Beside the floor: one
process that copies the same rows into the same tables (their indexes included) in transactions of 2,000, in alternating
rounds. Nothing is pinned: service, database and sender share the cores. `ARGS=--rows=20000000` fills the log first.
"""

import argparse
import asyncio
import datetime
import time
from dataclasses import dataclass

import asyncpg
import psutil
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2

from benchmarks.http2 import Connection, grpc_message, request_headers, succeeded
from benchmarks.measuring import median, ratio_interval, report, spread
from benchmarks.sales import Sales
from benchmarks.services_with_telemetry import Telemetry, telemetry_services
from services.telemetry.ingestion.candidates import Candidate

INGEST = "/mirante.api.telemetry.v1.IngestService/Ingest"
ROUNDS = 7
EVENTS = 60_000
BATCH, IN_FLIGHT = 500, 12
GROUP = 2_000

_EVENT_COLUMNS = ("ord", "environment", "tenant", "subject", "name", "event_id", "occurred_at", "body")
_KEY_COLUMNS = ("event_id", "environment", "tenant", "digest")


@dataclass(frozen=True)
class Round:
    """Events per second, and the CPU microseconds an event of the service and of the database."""

    per_second: float
    service_us: float
    database_us: float


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=0, help="rows that are in the log before it begins")
    parser.add_argument("--replicas", type=int, default=1)
    arguments = parser.parse_args()
    async with telemetry_services(arguments.replicas, pinned=False) as telemetry:
        url = telemetry.services.datastores.database_url
        sales = Sales()
        if arguments.rows:
            await _fill(url, sales, arguments.rows)
        before = await _log_bytes(url)
        rounds, floors = [], []
        for number in range(ROUNDS):
            for side in (0, 1) if number % 2 else (1, 0):
                if side:
                    floors.append(await _floor(url, sales))
                else:
                    rounds.append(await _service(telemetry, sales))
        written = 2 * ROUNDS * EVENTS
        size = (await _log_bytes(url) - before) / written
        stored = await _count(url)
    assert stored == written + arguments.rows, f"{stored} events are stored"
    ratios = [ours.per_second / floor for ours, floor in zip(rounds, floors, strict=True)]
    rates = [each.per_second for each in rounds]
    report(
        "durable, acknowledged ingestion",
        {
            "rows before": arguments.rows,
            "replicas": arguments.replicas,
            "events_per_second": {"median": median(rates), "spread": spread(rates)},
            "floor_per_second": {"median": median(floors), "spread": spread(floors)},
            "ratio": {"median": median(ratios), "interval_95": ratio_interval(ratios), "rounds": ROUNDS},
            "service_cpu_us_per_event": median([each.service_us for each in rounds]),
            "database_cpu_us_per_event": median([each.database_us for each in rounds]),
            "bytes_on_disk_per_event": round(size),
        },
    )


class Sending:
    """Sends batches over one connection to each replica, a fixed number of them under way."""

    def __init__(self, telemetry: Telemetry, bodies: list[bytes]) -> None:
        self._telemetry = telemetry
        self._headers = request_headers(INGEST, telemetry.services.keys["server"])
        self._bodies = bodies
        self._left = len(bodies)
        self._done = asyncio.Event()
        self.failed = 0

    async def run(self) -> float:
        """Return the seconds until the last answer."""
        links = [await self._link(port) for port in self._telemetry.ports]
        began = time.perf_counter()
        for number in range(min(IN_FLIGHT, len(self._bodies))):
            links[number % len(links)].open(self._headers, self._bodies.pop(), end=True)
        await self._done.wait()
        took = time.perf_counter() - began
        for link in links:
            link.close()
        return took

    async def _link(self, port: int) -> Connection:
        def on_end(_stream: int, trailers: bytes) -> None:
            self._left -= 1
            self.failed += not succeeded(trailers)
            if self._bodies:
                link.open(self._headers, self._bodies.pop(), end=True)
            elif not self._left:
                self._done.set()

        link = await Connection.connect(port, lambda _stream, _message: None, on_end)
        return link


async def _service(telemetry: Telemetry, sales: Sales) -> Round:
    sending = Sending(
        telemetry,
        [
            grpc_message(ingest_pb2.IngestRequest(events=sales.events(BATCH)).SerializeToString())
            for _ in range(EVENTS // BATCH)
        ],
    )
    service, database = _cpu(telemetry.pids), _database_cpu()
    took = await sending.run()
    used = _cpu(telemetry.pids) - service, _database_cpu() - database
    assert not sending.failed, f"{sending.failed} batches failed"
    return Round(EVENTS / took, used[0] / EVENTS * 1e6, used[1] / EVENTS * 1e6)


async def _floor(url: str, sales: Sales) -> float:
    candidates = sales.candidates(EVENTS)
    connection = await asyncpg.connect(url)
    began = time.perf_counter()
    for start in range(0, EVENTS, GROUP):
        await _copy(connection, candidates[start : start + GROUP])
    took = time.perf_counter() - began
    await connection.close()
    return EVENTS / took


async def _copy(connection: asyncpg.Connection, group: list[Candidate]) -> None:
    keys = [(each.event_id, each.environment, each.tenant, each.digest) for each in group]
    rows = [
        (n, e.environment, e.tenant, e.subject, e.name, e.event_id, e.occurred_at, e.body) for n, e in enumerate(group)
    ]
    async with connection.transaction():
        await connection.copy_records_to_table("event_keys", records=keys, columns=_KEY_COLUMNS)
        await connection.copy_records_to_table("events", records=rows, columns=_EVENT_COLUMNS)


async def _fill(url: str, sales: Sales, rows: int) -> None:
    """Fill the log with copies of a few events under ids of their own, inside the database."""
    template = sales.candidates(1)[0]
    connection = await asyncpg.connect(url)
    day_ms = int(datetime.datetime.now(datetime.UTC).timestamp() * 1000) - 3_600_000
    step = 500_000
    for start in range(0, rows, step):
        async with connection.transaction():
            await connection.execute(
                """
                CREATE TEMPORARY TABLE filling ON COMMIT DROP AS
                SELECT number, (lpad(to_hex($1 + number / 1000), 12, '0') || '7'
                    || substr(md5(number::text), 1, 3) || 'a' || substr(md5(number::text), 4, 15))::uuid AS id
                FROM generate_series($2::bigint, $3::bigint) AS number
                """,
                day_ms,
                start,
                min(start + step, rows) - 1,
            )
            await connection.execute(
                "INSERT INTO event_keys SELECT id, 'production', 't' || number % 500, number FROM filling"
            )
            await connection.execute(
                """
                INSERT INTO events (ord, environment, tenant, subject, name, event_id, occurred_at, body)
                SELECT number % 2000, 'production', 't' || number % 500, 'u:u' || number % 100000, 'venda_criada', id,
                    now(), $1 FROM filling
                """,
                template.body,
            )
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


async def _log_bytes(url: str) -> int:
    connection = await asyncpg.connect(url)
    size = await connection.fetchval(
        "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits "
        "WHERE inhparent IN ('events'::regclass, 'event_keys'::regclass)"
    )
    await connection.close()
    return int(size)


async def _count(url: str) -> int:
    connection = await asyncpg.connect(url)
    count = await connection.fetchval("SELECT count(*) FROM events WHERE kind = 1")
    await connection.close()
    return int(count)


def _cpu(pids: list[int]) -> float:
    return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in pids)


def _database_cpu() -> float:
    """Return the CPU seconds of all Postgres processes below this one."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            if process.name().startswith("postgres"):
                total += sum(process.cpu_times()[:2])
        except psutil.NoSuchProcess:
            continue
    return total


if __name__ == "__main__":
    asyncio.run(main())
