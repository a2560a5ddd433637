"""What the leader writes: the hours that have changed, together with how far the log is in them. Pure."""

import datetime
import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2

from services.metrics.definitions import Metric
from services.metrics.live import HOUR
from services.metrics.live.environment import LiveMetrics
from services.metrics.live.numbers import Number
from services.metrics.rollups import HourKey, HourRow, Writing
from services.metrics.rollups.rows import FoundHour, at_least, changed, changes_of, hours_of, past_rows_of

LAST_ENTRIES: Final = 1_000
REPLAY_SECONDS: Final = 600.0
"""How often a place to replay from is saved."""

ROWS_AT_ONCE: Final = 250

_LONGEST_WINDOW: Final = 60


@dataclass(frozen=True, slots=True)
class Recorded:
    """
    Something to write: `writing` with the rows of `hours`. `changes` is added to hours that stand in the store, of
    which nothing else is known here; there were at least the actors of `past`.
    """

    writing: Writing
    hours: Sequence[FoundHour]
    changes: Mapping[HourKey, Sequence[Number]]
    past: Mapping[HourKey, HourRow]

    @property
    def revised(self) -> list[HourKey]:
        """Which stored hours `with_hours` has to be given."""
        return [*self.changes, *self.past]

    def with_hours(
        self, metrics: Sequence[Metric], found: Mapping[HourKey, HourRow], stored: Mapping[HourKey, HourRow]
    ) -> Writing:
        """Return what to write, given the rows of `hours` and the revised hours as they are stored."""
        by_name = {each.name: each for each in metrics}
        erased = self.writing.erased

        def before(key: HourKey) -> HourRow | None:
            return None if key.tenant in erased else stored.get(key)

        rows = {key: changed(by_name[key.metric], before(key), each) for key, each in self.changes.items()}
        past = {key: at_least(by_name[key.metric], before(key), each) for key, each in self.past.items()}
        return replace(self.writing, rows={**found, **rows, **past})


def in_parts(writing: Writing, before: Writing | None, revised: Collection[HourKey]) -> Iterator[Writing]:
    """
    Yield a writing in parts of some hundred rows, of which the last one brings the new cursor.

    A transaction of many rows would keep whoever reads the log waiting: readers stop at the oldest one. Rows that are
    written and a cursor that is not do no harm: what is read again from the cursor on touches the same hours. That is
    not so for hours that are added to, and for tenants that are removed first.

    Args:
        writing: what is to be written.
        before: what was written last in this stretch of reading; None when nothing was.
        revised: hours that are added to.
    """
    if before is None or writing.erased:
        yield writing
        return
    added = set(revised)
    alone = [key for key in writing.rows if key not in added]
    for start in range(0, len(alone) - ROWS_AT_ONCE, ROWS_AT_ONCE):
        part = alone[start : start + ROWS_AT_ONCE]
        yield Writing(before.cursor, before.last_entries, before.at, {key: writing.rows[key] for key in part})
    last = {*alone[max(0, (len(alone) - 1) // ROWS_AT_ONCE * ROWS_AT_ONCE) :], *added}
    yield replace(writing, rows={key: row for key, row in writing.rows.items() if key in last})


class Recorder:
    """
    Notes, for one stretch of reading the log, what has to be written.

    Args:
        metrics: the live state, exactly as of `cursor`.
        cursor: in the log.
        last_entries: ids of the entries before it.
        since: minute up to which windows were written.
    """

    def __init__(self, metrics: LiveMetrics, cursor: bytes, last_entries: Sequence[bytes], since: int) -> None:
        self.metrics = metrics
        metrics.keeping.keeps_old = metrics.keeping.keeps_past = True
        self.cursor = cursor
        self._last_entries = list(last_entries)
        self._written_minute = since
        self._replay_due = float("-inf")

    def note(self, cursor: bytes, ids: Sequence[bytes]) -> None:
        """Note what was counted: entries by their ids, and the cursor behind them."""
        self.cursor = cursor
        self._last_entries = [*self._last_entries, *ids[-LAST_ENTRIES:]][-LAST_ENTRIES:]

    def take(self, now: float) -> Recorded:
        """Return what has to be written as of now, and begin to note anew."""
        minute = int(now) // 60
        found: list[FoundHour] = []
        changes: dict[HourKey, list[Number]] = {}
        past: dict[HourKey, HourRow] = {}
        windows = set(range(self._written_minute // HOUR, minute // HOUR + 1))
        for name, tenant in self.metrics.tenants.items():
            hours, tenant.touched_hours = tenant.touched_hours, set()
            if minute != self._written_minute and tenant.newest >= self._written_minute - _LONGEST_WINDOW - 1:
                # Windows go on without events.
                hours |= windows
            found.extend(hours_of(self.metrics, name, hours, minute))
            if tenant.old:
                old, tenant.old = tenant.old, []
                changes.update(changes_of(self.metrics.plan.metrics, name, old))
            past.update(past_rows_of(self.metrics, name))
        self._written_minute = minute
        replay = now >= self._replay_due
        if replay:
            self._replay_due = now + REPLAY_SECONDS
        writing = Writing(
            cursor=self.cursor,
            last_entries=tuple(self._last_entries),
            at=datetime.datetime.fromtimestamp(now, datetime.UTC),
            erased=self.metrics.take_erased(),
            replay=replay,
        )
        return Recorded(writing, found, changes, past)


def begin_noting(metrics: LiveMetrics, *, all_hours: bool) -> None:
    """Drop what was noted while the state was rebuilt: it is written already; unless everything has to be again."""
    metrics.take_erased()
    for tenant in metrics.tenants.values():
        tenant.past.clear_touched()
        tenant.touched_hours = set(range(metrics.floor // HOUR, tenant.newest // HOUR + 2)) if all_hours else set()


def id_of(entry: log_pb2.LogEntry) -> bytes:
    """Return 16 bytes by which an entry is recognised when it is read again."""
    if entry.HasField("event"):
        return entry.event.event.id
    return hashlib.blake2b(entry.SerializeToString(), digest_size=16).digest()


class Boundary:
    """
    Finds the place of a cursor in a stretch of the log that begins earlier, by the entries that stand before it.

    Entries that were erased since are missing in the log; the others are enough.

    Args:
        last_entries: ids of the entries before the place.
        after: id of the newest entry before the stretch.
    """

    def __init__(self, last_entries: Sequence[bytes], after: bytes) -> None:
        self._before = frozenset(last_entries)
        self.near = not last_entries or after in self._before
        """Whether everything that follows in the stretch may stand behind the place."""

    def before(self, ids: Sequence[bytes]) -> int | None:
        """Return how many of the next entries, given by their ids, stand before the place; None when all of them do."""
        if not self.near and self._before.isdisjoint(ids):
            return None
        for at, each in enumerate(ids):
            if each in self._before:
                self.near = True
            elif self.near:
                return at
        return None
