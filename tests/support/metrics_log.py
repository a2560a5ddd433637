"""An event log and roll-ups in memory, for tests of what lies between: they break off and fail as tests want it."""

import asyncio
import datetime
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager

from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2

from services.metrics.following import LogRestored
from services.metrics.following.leadership import Leadership
from services.metrics.live.numbers import Number
from services.metrics.rollups import Hour, HourKey, HourRow, Progress, RollupWriter, Writing
from services.metrics.rollups.rows import is_empty
from services.runtime.errors import Unavailable


class MemoryLog:
    """
    The `EventLog` of a list.

    `batch` is how many entries come at once, asked anew each time. `breaks` is asked before every batch whether the
    stream ends there. `epoch` is part of the cursors.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.entries: list[log_pb2.LogEntry] = []
        self.batch: Callable[[], int] = lambda: 100
        self.breaks: Callable[[], bool] = lambda: False
        self.epoch = 1
        self._clock = clock
        self._changed = asyncio.Event()
        self._ids = 0

    def append(self, *entries: log_pb2.LogEntry) -> None:
        """Commit entries; gives events ids."""
        for entry in entries:
            if entry.HasField("event"):
                self._ids += 1
                entry.event.event.id = self._ids.to_bytes(16, "big")
            self.entries.append(entry)
        self._changed.set()
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def follow(
        self, environment: str, cursor: bytes
    ) -> AsyncIterator[AsyncIterator[log_pb2.FollowEventsResponse]]:
        """See `EventLog`."""
        assert environment == "production"
        yield self._responses(cursor)

    @asynccontextmanager
    async def follow_raw(self, environment: str, cursor: bytes) -> AsyncIterator[AsyncIterator[bytes]]:
        """See `RawEventLog`."""
        assert environment == "production"
        yield (each.SerializeToString() async for each in self._responses(cursor))

    async def _responses(self, cursor: bytes) -> AsyncIterator[log_pb2.FollowEventsResponse]:
        epoch, position = (int(part) for part in (cursor or b"0/0").split(b"/"))
        if cursor and epoch != self.epoch:
            raise LogRestored
        while True:
            changed = self._changed
            if self.breaks():
                raise Unavailable("as the test wants it")
            entries = self.entries[position : position + self.batch()]
            position += len(entries)
            response = log_pb2.FollowEventsResponse(entries=entries, cursor=b"%d/%d" % (self.epoch, position))
            response.at_end = position == len(self.entries)
            response.read_at.FromNanoseconds(int(self._clock() * 1e9))
            yield response
            if response.at_end:
                await asyncio.wait({asyncio.ensure_future(changed.wait())}, timeout=0.01)


class _Stored:
    """The roll-ups of one environment."""

    def __init__(self) -> None:
        self.rows: dict[HourKey, HourRow] = {}
        self.progress: Progress | None = None
        self.replays: list[tuple[datetime.datetime, bytes, bytes]] = []


class MemoryRollups:
    """The `RollupReader` and `RollupWriter`. `fails` is asked at each write: "before" or "after" it has happened."""

    def __init__(self) -> None:
        self.fails: Callable[[], str] = lambda: ""
        self.writes = 0
        self._environments: dict[str, _Stored] = {}

    async def progress(self, environment: str, replay_before: datetime.datetime) -> Progress | None:
        """See `RollupReader`."""
        stored = self._of(environment)
        known = stored.progress
        for saved_at, cursor, last_entry in stored.replays if known is not None else ():
            if saved_at <= replay_before and known is not None:
                known = Progress(known.cursor, known.last_entries, known.written_at, cursor, last_entry)
        return known

    async def hours(self, environment: str, hours: Collection[Hour]) -> Mapping[HourKey, HourRow]:
        """See `RollupReader`."""
        return {key: row for key, row in self._of(environment).rows.items() if key.hour in hours}

    async def between(
        self, environment: str, tenant: str, metric: str, first: Hour, last: Hour
    ) -> Mapping[HourKey, HourRow]:
        """See `RollupReader`."""
        return {
            key: row
            for key, row in sorted(self._of(environment).rows.items(), key=lambda each: each[0].hour)
            if (key.tenant, key.metric) == (tenant, metric) and first <= key.hour <= last
        }

    async def wholes(
        self, environment: str, tenant: str, metric: str, first: Hour, last: Hour
    ) -> Mapping[HourKey, Number]:
        """See `RollupReader`."""
        rows = await self.between(environment, tenant, metric, first, last)
        return {key: row.whole for key, row in rows.items()}

    async def rows(self, environment: str, keys: Collection[HourKey]) -> Mapping[HourKey, HourRow]:
        """See `RollupWriter`."""
        rows = self._of(environment).rows
        return {key: rows[key] for key in keys if key in rows}

    async def write(self, environment: str, writing: Writing) -> None:
        """See `RollupWriter`."""
        failure = self.fails()
        await asyncio.sleep(0)
        if failure == "before":
            raise Unavailable("as the test wants it")
        stored = self._of(environment)
        kept = {key: row for key, row in stored.rows.items() if key.tenant not in writing.erased} | dict(writing.rows)
        stored.rows = {key: row for key, row in kept.items() if not is_empty(row)}
        stored.progress = Progress(writing.cursor, tuple(writing.last_entries), writing.at)
        if writing.replay:
            newest = writing.last_entries[-1] if writing.last_entries else b""
            stored.replays.append((writing.at, writing.cursor, newest))
        self.writes += 1
        if failure == "after":
            raise Unavailable("as the test wants it")

    async def begin_anew(self, environment: str) -> None:
        """See `RollupWriter`."""
        self._environments.pop(environment, None)

    @property
    def stored(self) -> Mapping[HourKey, HourRow]:
        """The roll-ups of production."""
        return self._of("production").rows

    @property
    def cursor(self) -> bytes:
        """How far the log of production is in them."""
        progress = self._of("production").progress
        return b"" if progress is None else progress.cursor

    def _of(self, environment: str) -> _Stored:
        return self._environments.setdefault(environment, _Stored())


class Leading(Leadership):
    """A process that leads from the beginning, or never."""

    def __init__(self, writer: RollupWriter | None) -> None:
        super().__init__("")
        self._set(writer)
        self._decided.set()


def sales_by_minute(entries: Sequence[log_pb2.LogEntry]) -> dict[int, int]:
    """Return how many sales of each minute were not cancelled."""
    events = [entry.event for entry in entries if entry.HasField("event")]
    gone = {_sale(each) for each in events if each.event.name == "venda_cancelada"}
    counts: dict[int, int] = {}
    for each in events:
        if each.event.name == "venda_criada" and _sale(each) not in gone:
            minute = each.occurred_at.seconds // 60
            counts[minute] = counts.get(minute, 0) + 1
    return counts


def _sale(stored: object) -> str:
    return stored.event.properties["venda_id"].string_value  # type: ignore[attr-defined,no-any-return]
