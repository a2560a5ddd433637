"""The use cases of privacy on a test's database, and a search for what is left of somebody anywhere."""

import asyncio
import datetime
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
from redis.asyncio import Redis

from services.runtime.postgres.pool import open_pool
from services.telemetry.privacy.erasures import Erasures
from services.telemetry.privacy.exports import Exports
from services.telemetry.privacy.ledger import Ledger
from services.telemetry.privacy.live_state import LiveState
from services.telemetry.privacy.parquet_archives import ParquetArchives
from services.telemetry.privacy.postgres_condemning import Condemning
from services.telemetry.privacy.reapplying import Reapplying
from services.telemetry.privacy.requests import Asked, Place
from tests.support.telemetry_people import PRODUCTION, People

ACME = Place(PRODUCTION, "acme")
DPO = Asked("carla", "pedido 77 do titular")


@dataclass
class ForgetfulState:
    """A `LiveState` that holds nothing; `failures` is how often it does not answer first."""

    failures: list[Exception] = field(default_factory=list)
    forgotten: list[bytes] = field(default_factory=list)

    async def forget(self, place: Place, actor_ids: Sequence[bytes]) -> int:
        """See `LiveState`."""
        del place
        if self.failures:
            raise self.failures.pop()
        self.forgotten += actor_ids
        return 0

    async def forget_tenant(self, place: Place) -> int:
        """See `LiveState`."""
        del place
        if self.failures:
            raise self.failures.pop()
        return 0

    async def left(self, place: Place, actor_ids: Sequence[bytes]) -> int:
        """See `LiveState`."""
        del place, actor_ids
        return 0


@dataclass
class Privacy:
    """Everything put together."""

    people: People
    folder: Path
    condemning: Condemning
    ledger: Ledger
    erasures: Erasures
    exports: Exports
    reapplying: Reapplying


@asynccontextmanager
async def privacy(people: People, folder: Path, live_state: LiveState | None = None) -> AsyncIterator[Privacy]:
    """Put everything together, with the archives in a folder."""
    async with open_pool(people.url, "telemetry-erasures", work_seconds=600.0, connections=1) as slow_pool:
        ledger = Ledger(folder)
        condemning = Condemning(people.pool, ledger, people.hash_secret)
        archives = ParquetArchives(people.pool, folder)
        erasures = Erasures(
            pool=people.pool,
            slow_pool=slow_pool,
            condemning=condemning,
            archives=archives,
            live_state=live_state or ForgetfulState(),
            hash_secret=people.hash_secret,
            notify=lambda: None,
        )
        exports = Exports(people.pool, condemning, archives)
        reapplying = Reapplying(ledger, condemning, erasures, lambda: datetime.datetime.now(datetime.UTC))
        yield Privacy(people, folder, condemning, ledger, erasures, exports, reapplying)


_COLUMNS = """
    SELECT c.oid::regclass::text, quote_ident(a.attname), a.atttypid = 'bytea'::regtype
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'm') AND c.relname <> 'pg_largeobject'
    ORDER BY 1, 2
"""
# Arrays of bytes are shown as hexadecimal digits.
_WHERE = {
    True: "position(convert_to($1, 'UTF8') IN {name}) > 0",
    False: "position($1 IN {name}::text) > 0 OR position(encode(convert_to($1, 'UTF8'), 'hex') IN {name}::text) > 0",
}


async def places_of(url: str, folder: Path, *words: str) -> list[str]:
    """
    Return every column of every table, and every file below a folder, that holds one of the words as bytes.

    The tables are all that the database has, those of the system with the planner's statistics among them.
    """
    found = []
    connection = await asyncpg.connect(url)
    try:
        for table, name, is_bytes in await connection.fetch(_COLUMNS):
            for word in words:
                where = _WHERE[is_bytes].format(name=name)
                if await connection.fetchval(f"SELECT EXISTS (SELECT FROM {table} WHERE {where})", word):  # noqa: S608
                    found.append(f"{table}.{name}: {word}")
    finally:
        await connection.close()
    return found + await asyncio.to_thread(_files_with, folder, words)


def _files_with(folder: Path, words: Sequence[str]) -> list[str]:
    import pyarrow.parquet as pq

    found = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = file.read_bytes()
        if file.suffix == ".parquet":
            content += repr(pq.read_table(file).to_pylist()).encode()
        found += [f"{file.name}: {word}" for word in words if word.encode() in content]
    return found


async def forget_nothing(redis: "Redis", *words: str) -> list[Any]:
    """Return the keys of Redis that hold one of the words in their name."""
    return [key async for key in redis.scan_iter() if any(word.encode() in key for word in words)]
