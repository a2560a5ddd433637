"""Watches the guards of an environment's rollouts, while this process leads, and tells the flag service."""

import asyncio
import contextlib
import datetime
import logging
from collections.abc import Callable, Iterable
from typing import Final

from mirante.api.flags.v1 import rollout_guard_pb2, rollout_pb2

from services.metrics.following import EventLog, LogRestored
from services.metrics.following.places import Places
from services.metrics.guards.alarms import Alarms
from services.metrics.guards.readings import Reading
from services.metrics.guards.rollout_plans import RolloutPlans
from services.metrics.guards.watched_log import WatchedLog
from services.metrics.guards.watched_rollout import WatchedRollout
from services.metrics.rollups import RollupReader
from services.runtime.errors import ServiceError, StateConflict, Unavailable

_log = logging.getLogger(__name__)

_PLANS_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 1.0
_REPORT_SECONDS: Final = 3.0
_BREATH_SECONDS: Final = 0.05
"""Between two looks, however much happens."""
_RETRY_SECONDS: Final = 0.5
_QUIET_SECONDS: Final = 20.0
"""For so long it is no news that the present is not seen: leaders change, and parts of the log are read again."""
_REPLAYED_SECONDS: Final = 3_900.0
"""Clients say at least once an hour who is given what, so that nothing older has to be known."""
_SKEW_SECONDS: Final = 5.0
"""By which the clocks of processes may differ."""
_NEWS_SECONDS: Final = 3_600.0
"""For so long an alert of a breach is made up for that nobody has raised."""


class GuardWatcher:
    """
    The guards of one environment.

    Args:
        environment: its key.
        log: of events.
        rollups: where it is said from which place the log has to be read to know a time.
        places: returns the same of the last hours, as far as this process has read them.
        plans: rollouts, and whom breaches are told.
        alarms: of breaches.
        leads: whether this process leads.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        environment: str,
        log: EventLog,
        rollups: RollupReader,
        plans: RolloutPlans,
        alarms: Alarms,
        *,
        places: Callable[[], Places | None],
        leads: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        self._environment = environment
        self._log = log
        self._rollups = rollups
        self._plans = plans
        self._alarms = alarms
        self._places = places
        self._leads = leads
        self._clock = clock
        self._watched = WatchedLog(clock)
        self._wanted = asyncio.Event()
        self._woken = asyncio.Event()
        self._seen_at = clock()
        self._reported: dict[str, float] = {}
        self._told: set[tuple[str, int, str]] = set()
        self._unheard: list[tuple[rollout_pb2.RolloutRecord, int, rollout_guard_pb2.GuardEvidence]] = []
        self.breaches = 0

    @property
    def rollouts(self) -> int:
        """How many rollouts this process watches."""
        return len(self._watched.rollouts)

    @property
    def blind(self) -> bool:
        """Whether it watches some, and does not see the present."""
        return bool(self._watched.rollouts) and not self._watched.live

    async def run(self) -> None:
        """Watch for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._know_plans())
            tasks.create_task(self._follow())
            tasks.create_task(self._look())

    async def _know_plans(self) -> None:
        while True:
            if not self._leads():
                # Whoever leads from now on reads the log from before the rollouts began.
                self._watched = WatchedLog(self._clock)
            else:
                with contextlib.suppress(ServiceError):
                    records = await self._plans.watched(self._environment)
                    self._watched.watch(records)
                    self._make_up(records)
                    known = {each.id for each in records}
                    self._told = {each for each in self._told if each[0] in known}
                    self._reported = {key: at for key, at in self._reported.items() if key in known}
            if self._watched.rollouts:
                self._wanted.set()
            else:
                self._wanted.clear()
            await asyncio.sleep(_PLANS_SECONDS)

    async def _follow(self) -> None:
        while True:
            await self._wanted.wait()
            watched = self._watched
            try:
                if watched.anew:
                    watched.begin_anew(await self._place_before(watched.since))
                async with self._log.follow(self._environment, watched.cursor) as responses:
                    async for response in responses:
                        if watched is not self._watched or not self._wanted.is_set():
                            # Where nothing was read the next rollout cannot go on.
                            watched.anew = True
                            break
                        if watched.anew:
                            break
                        if watched.apply(response):
                            self._woken.set()
            except LogRestored:
                watched.begin_anew(b"")
            except Unavailable:
                await asyncio.sleep(_RETRY_SECONDS)

    async def _place_before(self, since: float) -> bytes:
        earliest = max(since, self._clock() - _REPLAYED_SECONDS) - _SKEW_SECONDS
        places = self._places()
        near = None if places is None else places.before(earliest)
        if near is not None:
            return near
        progress = await self._rollups.progress(
            self._environment, datetime.datetime.fromtimestamp(earliest, datetime.UTC)
        )
        return b"" if progress is None else progress.replay

    async def _look(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._woken.wait()
            self._woken.clear()
            if self._watched.live or not self._watched.rollouts:
                self._seen_at = self._clock()
            for rollout in list(self._watched.rollouts.values()):
                try:
                    await self._judge(rollout)
                except Exception:  # noqa: BLE001 - a fault of one rollout must not blind the others
                    _log.exception("guards could not be judged", extra={"rollout": rollout.watching.rollout_id})
            await self._sound()
            await asyncio.sleep(_BREATH_SECONDS)

    async def _judge(self, rollout: WatchedRollout) -> None:
        watched, live = self._watched, self._watched.live
        watching = rollout.watching
        if not live and 0.0 <= self._clock() - self._seen_at < _QUIET_SECONDS:
            return
        readings = rollout.readings(watched.now) if live else []
        for reading in readings:
            # What only pauses leaves the stage served, so that the other guards go on.
            if reading.breached and (watching.rollout_id, watching.step, reading.guard) not in self._told:
                await self._breach(rollout, reading)
                return
        due = self._reported.get(watching.rollout_id, 0.0) + _REPORT_SECONDS
        # A clock that was set back is no reason to be silent.
        if not due - _REPORT_SECONDS <= self._clock() < due:
            report = rollout_guard_pb2.GuardReport(
                readings=[each.message() for each in readings],
                sample=rollout.sample,
                blind=not live,
                blind_reason="" if live else "metrics has not read the log up to the present",
            )
            with contextlib.suppress(ServiceError):
                record = await self._plans.report(self._environment, watching.rollout_id, watching.step, report)
                self._reported[watching.rollout_id] = self._clock()
                watched.watch_one(record)

    async def _breach(self, rollout: WatchedRollout, reading: Reading) -> None:
        watching, evidence = rollout.watching, reading.evidence(self._clock())
        try:
            record = await self._plans.breach(self._environment, watching.rollout_id, watching.step, evidence)
        except StateConflict:
            return  # it is at another step: what that is comes with the plans
        except ServiceError as error:
            _log.warning("a breach could not be told", extra={"rollout": watching.rollout_id, "error": error.message})
            return
        self.breaches += 1
        self._alarm(record, watching.step, evidence)
        _log.warning(
            "breach", extra={"rollout": watching.rollout_id, "flag": watching.flag_key, "guard": reading.guard}
        )
        self._watched.watch_one(record)

    def _make_up(self, records: Iterable[rollout_pb2.RolloutRecord]) -> None:
        """Raise alerts of breaches whose answer was lost, or whose teller did not live to raise one."""
        for record in records:
            age = self._clock() - record.breach.detected_at.ToNanoseconds() / 1e9
            if record.state == rollout_pb2.ROLLOUT_STATE_BREACHED and age < _NEWS_SECONDS:
                # Taking it back was a step of its own.
                self._alarm(record, record.step - 1, record.breach)

    def _alarm(self, record: rollout_pb2.RolloutRecord, step: int, evidence: rollout_guard_pb2.GuardEvidence) -> None:
        place = record.id, step, evidence.guard
        if place not in self._told:
            self._told.add(place)
            self._unheard.append((record, step, evidence))

    async def _sound(self) -> None:
        while self._unheard:
            try:
                await self._alarms.raise_alert(*self._unheard[0])
            except Unavailable:
                return
            except Exception:  # noqa: BLE001 - one that cannot be raised must not keep the others
                _log.exception("an alert of a breach could not be raised")
            self._unheard.pop(0)
