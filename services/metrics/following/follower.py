"""Keeps the live state of one environment, from the log."""

import asyncio
import contextlib
import datetime
import logging
from collections.abc import Callable, Mapping
from typing import Final

from services.metrics.following import LogRestored, RawEventLog
from services.metrics.following.leadership import Leadership
from services.metrics.following.pages import Page, page_of
from services.metrics.following.places import Places
from services.metrics.following.recording import Boundary, Recorded, Recorder, begin_noting, in_parts
from services.metrics.live.environment import LiveMetrics
from services.metrics.live.keeping import Limits
from services.metrics.live.plan import Plan
from services.metrics.rollups import Progress, RollupReader, RollupWriter, Writing
from services.runtime.background import first_of
from services.runtime.errors import Unavailable

_log = logging.getLogger(__name__)

_BEHIND_SECONDS: Final = 15.0
"""At the end of the log its readers hear something every five seconds."""
_HOURS_AT_ONCE: Final = 100
"""Rows that are made before frames have a turn: some milliseconds."""
_REPLAY_MARGIN: Final = 2 * 3600
"""A cursor's time of saving is that of our clock, and events may lie an hour ahead."""


class _Anew(Exception):
    """The state has to be counted anew."""


class View:
    """What answers are made from: the state, and how far the log is in it."""

    def __init__(self, metrics: LiveMetrics) -> None:
        self.metrics = metrics
        self.log_read_at: datetime.datetime | None = None
        self.at_end = False

    def catching_up(self, now: float) -> bool:
        """Return whether much that is in the log may be missing."""
        return self.log_read_at is None or now - self.log_read_at.timestamp() > _BEHIND_SECONDS


class Follower:
    """
    Follows the log of an environment for ever, and writes its roll-ups while this process leads.

    Args:
        environment: its key.
        plan: the metrics.
        log: of events.
        rollups: where it is said how far the log is in them.
        leadership: whether this process leads.
        clock: seconds since 1970.
        on_change: told the tenants that have changed, each with the first minute that has.
        flush_seconds: how often roll-ups are written.
        retry_seconds: after which a log that broke off is read again.
        limits: how much is remembered.
    """

    def __init__(
        self,
        environment: str,
        plan: Plan,
        log: RawEventLog,
        rollups: RollupReader,
        leadership: Leadership,
        *,
        clock: Callable[[], float],
        on_change: Callable[[Mapping[str, int]], None],
        flush_seconds: float,
        limits: Limits,
        retry_seconds: float = 0.5,
    ) -> None:
        self.environment = environment
        self._plan = plan
        self._log = log
        self._rollups = rollups
        self._leadership = leadership
        self._clock = clock
        self._on_change = on_change
        self._flush_seconds = flush_seconds
        self._limits = limits
        self._retry_seconds = retry_seconds
        self._splits_known = 0
        self._write_all = False
        self._written: Writing | None = None
        self._away = False
        self.view = View(LiveMetrics(plan, clock(), limits))
        self.places = Places()
        self.rebuilds = 0

    async def run(self) -> None:
        """Follow for ever."""
        await self._leadership.decided()
        while True:
            writer = self._leadership.writer
            try:
                await first_of(self._session(writer), self._leadership.another_writer(writer))
            except LogRestored:
                await self._begin_anew(writer)
            except _Anew:
                continue
            except Unavailable as error:
                if not self._away:
                    _log.warning(
                        "the log is not read: trying again",
                        extra={"environment": self.environment, "error": error.message},
                    )
                self._away = True
                await asyncio.sleep(self._retry_seconds)

    async def _session(self, writer: RollupWriter | None) -> None:
        self.rebuilds += 1
        self._written = None
        now = self._clock()
        building = View(LiveMetrics(self._plan, now, self._limits))
        replay_before = building.metrics.floor * 60 - _REPLAY_MARGIN
        progress = await self._rollups.progress(
            self.environment, datetime.datetime.fromtimestamp(replay_before, datetime.UTC)
        )
        if not self.view.at_end:
            self.view = building  # better than nothing
        if writer is None:
            await self._follow(building, b"" if progress is None else progress.replay, None, None)
        elif progress is None:
            recorder = Recorder(building.metrics, b"", (), int(now) // 60)
            await self._follow(building, b"", recorder, writer)
        else:
            cursor = await self._replay(building, progress)
            begin_noting(building.metrics, all_hours=self._write_all)
            self._write_all = False
            since = int(progress.written_at.timestamp()) // 60
            recorder = Recorder(building.metrics, cursor, progress.last_entries, since)
            await self._follow(building, cursor, recorder, writer)

    async def _replay(self, building: View, progress: Progress) -> bytes:
        """Count the log up to the cursor of the roll-ups, exactly; return the cursor."""
        building.metrics.keeping.keeps_past = True
        boundary = Boundary(progress.last_entries, progress.replay_after)
        async with self._log.follow_raw(self.environment, progress.replay) as responses:
            async for response in responses:
                page = page_of(response)
                end = boundary.before(page.ids())
                page.count(building.metrics, end)
                if end is not None:
                    break
                if page.at_end:
                    if not boundary.near:
                        _log.warning("the place of the roll-ups is not in the log any more; going on at its end")
                        return page.cursor
                    break
        return progress.cursor

    async def _follow(self, view: View, cursor: bytes, recorder: Recorder | None, writer: RollupWriter | None) -> None:
        writing: asyncio.Task[None] | None = None
        due = asyncio.get_running_loop().time() + self._flush_seconds
        try:
            async with self._log.follow_raw(self.environment, cursor) as responses:
                async for response in responses:
                    page = page_of(response)
                    self._count(view, page)
                    if recorder is None or writer is None:
                        view.metrics.advance(self._clock())
                        continue
                    recorder.note(page.cursor, page.ids())
                    if writing is not None and writing.done():
                        writing.result()
                        writing = None
                    if writing is None and asyncio.get_running_loop().time() >= due:
                        writing = asyncio.create_task(self._write(self._taken(recorder), writer))
                        due = asyncio.get_running_loop().time() + self._flush_seconds
        finally:
            if writing is not None:
                await _ended(writing)

    def _count(self, view: View, page: Page) -> None:
        metrics = view.metrics
        page.count(metrics)
        if self._away:
            _log.info("the log is read again", extra={"environment": self.environment})
            self._away = False
        if page.at_end:
            self.places.note(self._clock(), page.cursor)
            view.log_read_at = datetime.datetime.fromtimestamp(page.read_us / 1e6, datetime.UTC)
            if not view.at_end:
                view.at_end = True
                self._rebuilt(view)
        if metrics.splits != self._splits_known and view.at_end:
            # Whose the events before the split were is said by the log alone.
            self._splits_known = metrics.splits
            self._write_all = True
            raise _Anew
        touched = metrics.take_touched()
        if view is self.view:
            self._on_change(touched)

    def _rebuilt(self, view: View) -> None:
        before, self.view = self.view, view
        names = {*before.metrics.tenants, *view.metrics.tenants}
        self._on_change(dict.fromkeys(names, view.metrics.floor))

    def _taken(self, recorder: Recorder) -> Recorded:
        now = self._clock()
        recorded = recorder.take(now)
        # What is dropped here was taken just now.
        recorder.metrics.advance(now)
        return recorded

    async def _write(self, recorded: Recorded, writer: RollupWriter) -> None:
        rows = {}
        for number, hour in enumerate(recorded.hours, 1):
            rows[hour.key] = hour.row
            if number % _HOURS_AT_ONCE == 0:
                await asyncio.sleep(0)
        stored = await writer.rows(self.environment, recorded.revised)
        writing = recorded.with_hours(self._plan.metrics, rows, stored)
        for part in in_parts(writing, self._written, recorded.revised):
            await writer.write(self.environment, part)
        self._written = writing

    async def _begin_anew(self, writer: RollupWriter | None) -> None:
        _log.warning("the log was restored: its metrics are counted anew", extra={"environment": self.environment})
        self.view = View(LiveMetrics(self._plan, self._clock(), self._limits))
        self.places.clear()
        if writer is None:
            # The leader removes what was written; until then there is no place to begin at.
            await asyncio.sleep(self._retry_seconds)
            return
        try:
            await writer.begin_anew(self.environment)
        except Unavailable:
            await asyncio.sleep(self._retry_seconds)


async def _ended(task: "asyncio.Task[None]") -> None:
    """Let a write end, so that it is not cut in the middle of a commit."""
    with contextlib.suppress(Unavailable):
        await asyncio.shield(task)
