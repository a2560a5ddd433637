"""Keeps the store of one environment, for as long as this process is the one who does."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Final

from services.metrics.analytics.store.building import BuildKeeper
from services.metrics.analytics.store.folders import Current, StoreFolder
from services.metrics.analytics.store.manifest import Manifest
from services.metrics.analytics.store.marks import Marks
from services.metrics.analytics.store.people import Split, SplitUnclear
from services.metrics.analytics.store.publishing import Deposed, Publisher, begin_build, take_term
from services.metrics.analytics.store.reading import GRACE_SECONDS
from services.metrics.analytics.store.segment_files import SegmentDamaged, is_readable, is_whole
from services.metrics.analytics.store.sweeping import Sweeper
from services.metrics.analytics.store.writing import LogUnreadable
from services.metrics.following import LogRestored, RawEventLog
from services.runtime.background import first_of
from services.runtime.errors import Unavailable

_log = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 1.0
_WHOLE_EVERY: Final = 60
"""Looks after which it is seen whether all files are there."""


class _MakeAnew(Exception):
    """The store has to be made from the beginning of the log; with `drop` what there is must not answer any more."""

    def __init__(self, reason: str, *, drop: bool) -> None:
        super().__init__(reason)
        self.drop = drop


class _Changed(Exception):
    """Another build answers, or is made: what is kept has to be looked at again."""


class StoreKeeper:
    """
    Writes the store of an environment while this process leads.

    One build answers. When it has to be made anew, another one is made beside it, which answers as soon as it has
    caught up with the log; until then both follow it, so that what is erased disappears at once.

    Args:
        environment: its key.
        folder: of its store.
        log: of events.
        leads: whether this process leads.
        gather_seconds: how long is gathered what becomes a segment.
        clock: seconds since 1970.
        look_seconds: how often is looked at what nobody tells of.

    Attributes:
        kept: the builds that are kept now; the one that answers comes first.
        begun: how many builds were begun.
    """

    def __init__(
        self,
        environment: str,
        folder: StoreFolder,
        log: RawEventLog,
        leads: Callable[[], bool],
        *,
        gather_seconds: float,
        clock: Callable[[], float],
        look_seconds: float = _LOOK_SECONDS,
    ) -> None:
        self._environment = environment
        self._folder = folder
        self._marks = Marks(folder.path)
        self._log = log
        self._leads = leads
        self._gather_seconds = gather_seconds
        self._clock = clock
        self._look_seconds = look_seconds
        self._sweeper = Sweeper(folder, GRACE_SECONDS, time.monotonic)
        self._settled: frozenset[Split] | None = None
        self.kept: list[BuildKeeper] = []
        self.begun = 0

    async def run(self) -> None:
        """Keep the store whenever this process leads; for ever."""
        while True:
            if self._leads():
                try:
                    while self._leads():
                        await self._keep()
                except Deposed:
                    _log.info("another process writes the store", extra={"environment": self._environment})
                except (Unavailable, LogUnreadable, EOFError, OSError) as error:
                    _log.warning(
                        "the analytics store is not kept: trying again",
                        extra={"environment": self._environment, "error": f"{type(error).__name__}: {error}"},
                    )
            await asyncio.sleep(self._look_seconds)

    async def _keep(self) -> None:
        """Keep what there is until something changes."""
        # A term each time: what threads of the last time still do must not appear in this one.
        current = await asyncio.to_thread(take_term, self._folder)
        try:
            await self._keep_builds(await self._builds(current))
        except LogRestored:
            await self._begin(current.term, "the log was restored", drop=True)
        except _MakeAnew as anew:
            await self._begin(current.term, str(anew), drop=anew.drop)
        except _Changed:
            pass
        finally:
            self.kept = []

    async def _builds(self, current: Current) -> list[BuildKeeper]:
        """Return what to keep; the one that answers comes first. Raises _MakeAnew when there is nothing."""
        manifests = [await self._manifest(build) for build in (current.live, current.making) if build]
        if current.live and manifests[0] is None:
            raise _MakeAnew("it is damaged", drop=True)
        if not current.live and (not manifests or manifests[-1] is None):
            raise _MakeAnew("there is none", drop=False)
        if manifests[-1] is None:
            raise _MakeAnew("what was made of it is damaged", drop=False)
        return [
            BuildKeeper(
                self._environment,
                self._log,
                Publisher(self._folder, current.term, manifest, self._clock),
                gather_seconds=self._gather_seconds,
                clock=self._clock,
                settled=None if manifest.build == current.live else self._settled,
            )
            for manifest in manifests
            if manifest is not None
        ]

    async def _manifest(self, build: str) -> Manifest | None:
        """Return the manifest of a build; None when it is not whole."""

        def read() -> Manifest | None:
            manifest = self._folder.manifest(build)
            if manifest is None:
                return None
            folder = self._folder.build(build)
            return manifest if all(is_whole(folder, segment) for segment in manifest.segments) else None

        return await asyncio.to_thread(read)

    async def _begin(self, term: int, reason: str, *, drop: bool) -> None:
        _log.warning(
            "the analytics store is made from the log", extra={"environment": self._environment, "reason": reason}
        )
        build = f"{term:08d}-{secrets.token_hex(4)}"
        await asyncio.to_thread(begin_build, self._folder, term, build, drop_live=drop)
        self.begun += 1

    async def _keep_builds(self, builds: list[BuildKeeper]) -> None:
        self.kept = builds
        answers = bool((await asyncio.to_thread(self._folder.current)).live)
        work = [self._watch(builds)]
        for build in builds:
            work += [build.follow(), self._tidy(build)]
        if len(builds) > 1 or not answers:
            work.append(self._promote(builds[-1]))
        # What runs in threads goes on.
        await first_of(*work)

    async def _tidy(self, build: BuildKeeper) -> None:
        try:
            try:
                await build.tidy()
            except SplitUnclear:
                if build is self.kept[-1]:
                    self._settled = (self._settled or frozenset()) | _splits(self.kept)
                    raise _MakeAnew("whose some events are is said by the log alone", drop=False) from None
                # The one that is made beside it will know.
                build.tidier.leaves_splits = True
                await build.tidy()
        except SegmentDamaged as error:
            raise _MakeAnew(f"it is damaged: {error}", drop=build is self.kept[0]) from error

    async def _promote(self, build: BuildKeeper) -> None:
        """Let a build answer when it has caught up."""
        await build.caught_up.wait()
        # Splits that stood in the log before it was begun are told from others for as long as it does not answer.
        while self._settled is not None and _has_splits(build):  # noqa: ASYNC110 - they are tidied beside this
            await asyncio.sleep(self._look_seconds)
        await asyncio.to_thread(build.publisher.go_live)
        self._settled = None
        _log.info("the analytics store was made", extra={"environment": self._environment})
        raise _Changed

    async def _watch(self, builds: list[BuildKeeper]) -> None:
        """Look for what nobody tells of: a lead that was lost, what was asked for, files that are gone or left over."""
        looks = 0
        while True:
            await asyncio.sleep(self._look_seconds)
            looks += 1
            if not self._leads():
                raise Deposed
            await asyncio.to_thread(self._look, builds, whole=looks % _WHOLE_EVERY == 0)

    def _look(self, builds: list[BuildKeeper], *, whole: bool) -> None:
        live = builds[0].publisher
        if self._folder.current().term != live.term:
            raise Deposed
        if self._marks.take_rebuild():
            raise _MakeAnew("somebody asked for it", drop=False)
        if self._marks.take_damage(live.manifest.build) and not self._is_readable(live):
            raise _MakeAnew("a reader found it damaged", drop=True)
        if whole and not all(is_whole(live.folder, segment) for segment in live.manifest.segments):
            raise _MakeAnew("files are missing", drop=True)
        self._sweeper.sweep(
            [build.publisher.manifest for build in builds],
            {name for build in builds for name in build.publisher.writing},
        )

    def _is_readable(self, publisher: Publisher) -> bool:
        return all(is_readable(publisher.folder, segment) for segment in publisher.manifest.segments)


def _has_splits(build: BuildKeeper) -> bool:
    manifest = build.publisher.manifest
    return bool(manifest.splits) or manifest.unclear


def _splits(builds: Iterable[BuildKeeper]) -> frozenset[Split]:
    """Return the splits that builds have met and that are not settled: they stand in the log for whoever begins now."""
    return frozenset(
        (tenant, actor, from_)
        for build in builds
        for tenant, pairs in build.publisher.manifest.splits.items()
        for actor, from_ in pairs
    )
