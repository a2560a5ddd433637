"""
The `Archives` of a folder of Parquet files.

Every file below the folder is looked at, also one that the database does not know: a crash or a restored backup may
have left it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyarrow.compute as pc
import pyarrow.dataset as ds
from asyncpg.pgproto.pgproto import UUID

from services.runtime.errors import Unavailable
from services.runtime.postgres.pool import PostgresPool
from services.telemetry.events.stored import EVENT, MERGE, SPLIT
from services.telemetry.privacy.archives import ErasedEntries, KeptEvent
from services.telemetry.privacy.parquet_rewriting import remove_partial_files, rewrite_without
from services.telemetry.privacy.requests import Doomed, Place

_log = logging.getLogger(__name__)

_PATTERN: Final = "*.parquet"
_BATCH: Final = 1_000

_FILES: Final = "SELECT file FROM archives WHERE dropped_at IS NOT NULL ORDER BY day"


class ParquetArchives:
    """The `Archives` of a folder."""

    def __init__(self, pool: PostgresPool, folder: Path) -> None:
        self._pool = pool
        self._folder = folder

    async def erase(self, connection: Any, doomed: Doomed) -> AsyncIterator[ErasedEntries]:
        """See `Archives`."""
        condition = _condition(doomed)
        with _reaching():
            await asyncio.to_thread(remove_partial_files, self._folder)
            files = await self._all_files()
        for file in files:
            with _reaching():
                event_ids = await asyncio.to_thread(_ids, file, condition)
                if event_ids:
                    await rewrite_without(connection, self._folder, file, condition)
            if event_ids:
                yield ErasedEntries(len(event_ids), [UUID(each) for each in event_ids if each is not None])

    async def count(self, connection: Any, doomed: Doomed) -> int:
        """See `Archives`."""
        del connection
        condition = _condition(doomed)
        with _reaching():
            return sum([await asyncio.to_thread(_count, file, condition) for file in await self._all_files()])

    async def subjects(self, connection: Any, place: Place) -> set[str]:
        """See `Archives`."""
        del connection
        found: set[str] = set()
        with _reaching():
            for file in await self._all_files():
                found |= await asyncio.to_thread(_subjects, file, _of_place(place))
        return found

    async def read(self, place: Place, subjects: Sequence[str]) -> AsyncIterator[Sequence[KeptEvent]]:
        """See `Archives`."""
        condition = _of_place(place) & pc.field("subject").isin(list(subjects)) & (pc.field("kind") == EVENT)
        async with self._pool.connection() as connection:
            names = [row[0] for row in await connection.fetch(_FILES)]
        for name in names:
            portions = _read(self._folder / name, condition)
            while True:
                with _reaching():
                    portion = await asyncio.to_thread(next, portions, None)
                if portion is None:
                    break
                yield portion

    async def _all_files(self) -> list[Path]:
        return await asyncio.to_thread(lambda: sorted(self._folder.rglob(_PATTERN)))


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        _log.warning("the archives cannot be reached", extra={"error": f"{type(error).__name__}: {error.strerror}"})
        raise Unavailable("the archives cannot be reached, or changed meanwhile; try again") from error


def _of_place(place: Place) -> Any:
    return (pc.field("environment") == place.environment) & (pc.field("tenant") == place.tenant)


def _condition(doomed: Doomed) -> Any:
    """Return what `postgres_deleting` says in SQL."""
    condition = _of_place(doomed.place)
    if doomed.subjects is not None:
        return condition & pc.field("subject").isin(list(doomed.subjects))
    assert doomed.bound is not None  # noqa: S101 - a tenant's entry is in the log before anything is deleted from it
    before = (pc.field("xid") < doomed.bound.position) & (pc.field("received_at") <= doomed.bound.at)
    return condition & pc.field("kind").isin([EVENT, MERGE, SPLIT]) & before


def _ids(file: Path, condition: Any) -> list[bytes | None]:
    return [each for batch in _batches(file, ["event_id"], condition) for each in batch.column(0).to_pylist()]


def _count(file: Path, condition: Any) -> int:
    return int(ds.dataset(file).count_rows(filter=condition))


def _subjects(file: Path, condition: Any) -> set[str]:
    return {each for batch in _batches(file, ["subject"], condition) for each in batch.column(0).unique().to_pylist()}


def _read(file: Path, condition: Any) -> Iterator[list[KeptEvent]]:
    for batch in _batches(file, ["received_at", "body"], condition):
        if batch.num_rows:
            yield [
                KeptEvent(at, body) for at, body in zip(*[column.to_pylist() for column in batch.columns], strict=True)
            ]


def _batches(file: Path, columns: list[str], condition: Any) -> Iterator[Any]:
    # One file and few rows at a time: what is read ahead is memory.
    return iter(
        ds.dataset(file)
        .scanner(columns=columns, filter=condition, batch_size=_BATCH, batch_readahead=1, fragment_readahead=1)
        .to_batches()
    )
