"""Lives of flags: what they serve, what goes on with them, and who evaluates them."""

import asyncio
import datetime
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar, TypeVarTuple

import duckdb
from mirante.api.metrics.v1 import programme_service_pb2 as pb2

from services.metrics.analytics.store.reading import AnalyticsStore
from services.metrics.experiments.storing.experiments import PostgresExperiments
from services.metrics.programme.exposures import Usage, usage_of
from services.metrics.programme.outside import Outside
from services.metrics.programme.stages import UNDECIDED, Work, lifecycle_of, works
from services.runtime.errors import Overloaded, Unavailable

_RETRY_SECONDS: Final = 5.0
_FRESH_US: Final = 5_000_000
"""Exposures are not counted again before the store is further by so much."""
_REMEMBERED: Final = 16
_NO_WORK: Final = Work()

Arguments = TypeVarTuple("Arguments")
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Asked:
    """About which flags (None: all), since when exposures count, and after how long without a change they are stale."""

    flags: Collection[str] | None
    since: datetime.datetime
    stale_after: datetime.timedelta


@dataclass(frozen=True, slots=True)
class _Counted:
    complete_us: int
    usage: Mapping[str, Usage]


class Lifecycles:
    """
    Answers about lives of flags.

    Args:
        outside: other services.
        experiments: of this service.
        store: the analytics store; None where none is kept.
    """

    def __init__(self, outside: Outside, experiments: PostgresExperiments, store: AnalyticsStore | None) -> None:
        self._outside = outside
        self._experiments = experiments
        self._store = store
        # One at a time: it reads all exposures there are.
        self._thread = ThreadPoolExecutor(1, "lifecycles")
        self._known: dict[object, _Counted] = {}

    async def lives(self, environment: str, asked: Asked, now: datetime.datetime) -> Sequence[pb2.FlagLifecycle]:
        """
        Return the lives of flags without who evaluates them, by key.

        Raises:
            ServiceError: flags or rollouts cannot be read.
        """
        records, rollouts, experiments = await asyncio.gather(
            self._outside.flags(environment),
            self._outside.rollouts(environment),
            self._experiments.all(environment, UNDECIDED),
        )
        going_on = works(experiments, rollouts)
        return [
            lifecycle_of(record, going_on.get(record.flag.key, _NO_WORK), now, asked.stale_after)
            for record in records
            if asked.flags is None or record.flag.key in asked.flags
        ]

    async def answer(self, environment: str, asked: Asked, now: datetime.datetime) -> pb2.ListFlagLifecyclesResponse:
        """Return the lives of flags, or why exposures are not known; raises as `lives`."""
        lives = await self.lives(environment, asked, now)
        response = pb2.ListFlagLifecyclesResponse(flags=lives)
        try:
            counted = await self._count(environment, [life.flag_key for life in lives], asked.since)
        except (Unavailable, Overloaded) as error:
            response.exposures_unknown = error.message
            return response
        response.complete_until.FromMicroseconds(counted.complete_us)
        for life in response.flags:
            if life.flag_key in counted.usage:
                counted.usage[life.flag_key].fill(life)
        return response

    async def _count(self, environment: str, flags: Sequence[str], since: datetime.datetime) -> _Counted:
        if self._store is None:
            raise Unavailable("this service keeps no analytics store: MIRANTE_ANALYTICS is false")
        snapshot = await self._in_thread(self._store.snapshot, environment)
        # By the hour, so that who asks again soon asks the same.
        since_us = int(since.timestamp()) // 3_600 * 3_600_000_000
        place = (environment, tuple(flags), since_us, snapshot.key(None)[0], snapshot.forgets)
        complete_us, known = snapshot.watermark.complete_us, self._known.get(place)
        if known is None or complete_us - known.complete_us >= _FRESH_US:
            known = _Counted(complete_us, await self._in_thread(usage_of, snapshot, flags, since_us))
            self._known.pop(place, None)
            self._known[place] = known
            while len(self._known) > _REMEMBERED:
                del self._known[next(iter(self._known))]
        return known

    async def _in_thread(self, work: Callable[[*Arguments], Done], *arguments: *Arguments) -> Done:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(*arguments))
        except (MemoryError, duckdb.OutOfMemoryException) as error:
            raise Overloaded("this needs more memory than there is now", retry_seconds=_RETRY_SECONDS) from error
