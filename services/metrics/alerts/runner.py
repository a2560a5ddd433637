"""Judges an environment for as long as this process leads."""

import asyncio
import datetime
import logging
from collections import deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

import asyncpg

from services.metrics.alerts.bench import OPEN, Bench, Detector, read_bench
from services.metrics.alerts.episode_texts import prior_bytes
from services.metrics.alerts.hour_judging import Place, hour_number, judge_hour
from services.metrics.alerts.judgements import Judgement, RulesChanged, write_judgement
from services.metrics.alerts.learning import LEARNED_HOURS, Learning, with_new_priors
from services.metrics.alerts.moment_judging import judge_running_hour, judge_thresholds
from services.metrics.alerts.postgres_environments import GRACE, PostgresEnvironments
from services.metrics.alerts.scopes import Scope
from services.metrics.following.follower import View
from services.metrics.rollups import RollupReader
from services.runtime.errors import Unavailable
from services.runtime.postgres.pool import PostgresPool

_log = logging.getLogger(__name__)

HOUR: Final = datetime.timedelta(hours=1)

_LOOK_SECONDS: Final = 5.0
_SEARCH_SECONDS: Final = 60.0
"""How often it is looked for tenants that have no detector yet."""
_REMIND_SECONDS: Final = 60.0
"""How often an alert of a threshold is noted to go on."""
_AT_ONCE: Final = 50
_MOST_LOOKS: Final = 1_000


class Lead(Protocol):
    """What only the leader has."""

    def transaction(self) -> AbstractAsyncContextManager[asyncpg.Connection]:
        """Lend the leader's connection for one transaction; raise `Unavailable` when the lead is lost, undone."""


class AlertRunner:
    """
    Judges one environment: each complete hour once, and the present moment again and again.

    Args:
        place: the environment.
        view: returns its live state.
        lead: returns what the leader has, while this process leads.
        environments: begins the environment.
        pool, rollups: to read from.
        clock: seconds since 1970.
        on_change: called after alerts have changed.
        look_seconds: how often it is looked.

    Attributes:
        judged: how many hours of scopes were judged.
        opened: how many alerts were opened.
    """

    def __init__(
        self,
        place: Place,
        view: Callable[[], View],
        lead: Callable[[], Lead | None],
        *,
        environments: PostgresEnvironments,
        pool: PostgresPool,
        rollups: RollupReader,
        clock: Callable[[], float],
        on_change: Callable[[], None],
        look_seconds: float = _LOOK_SECONDS,
    ) -> None:
        self._place = place
        self._view = view
        self._lead = lead
        self._environments = environments
        self._pool = pool
        self._rollups = rollups
        self._learning = Learning(pool, rollups)
        self._clock = clock
        self._on_change = on_change
        self._look_seconds = look_seconds
        self._bench: Bench | None = None
        self._leading: Lead | None = None
        self._looks: deque[tuple[datetime.datetime, datetime.datetime]] = deque(maxlen=_MOST_LOOKS)
        self._search_at = 0.0
        self._remind_at = 0.0
        self.judged = 0
        self.opened = 0

    async def run(self) -> None:
        """Judge for ever."""
        while True:
            try:
                await self.look()
            except RulesChanged:
                self._bench = None
                continue
            except Unavailable:
                self._bench = None  # what was written is not known
            except Exception:
                self._bench = None
                raise
            await asyncio.sleep(self._look_seconds)

    async def look(self) -> None:
        """
        Judge what there is to judge now.

        Raises:
            RulesChanged: look again.
            Unavailable: the database does not answer, or the lead was lost.
        """
        now = self._now()
        await self._environments.begin(self._place.environment, now)
        lead = self._lead()
        if lead is None or lead is not self._leading:
            self._bench, self._leading = None, lead
            self._looks.clear()
        if lead is None:
            return
        view = self._view()
        if view.log_read_at is not None and view.at_end:
            self._looks.append((now, view.log_read_at))
        bench = await self._present_bench()
        await self._judge_hours(bench, lead)
        if view.at_end and not view.catching_up(self._clock()):
            await self._judge_moment(bench, lead, view)

    async def _present_bench(self) -> Bench:
        if self._bench is not None:
            row = await self._environments.get(self._place.environment)
            if row.rules_revision == self._bench.rules_revision:
                return self._bench
        self._bench = await read_bench(self._pool, self._place.environment, self._place.metrics)
        self._search_at = 0.0
        return self._bench

    async def _judge_hours(self, bench: Bench, lead: Lead) -> None:
        ready = await self._ready_hour()
        if ready is None or ready <= bench.judged_hour:
            return
        # What is older than all that is learned from says nothing about now.
        hour = max(bench.judged_hour + HOUR, ready - HOUR * LEARNED_HOURS)
        await self._search(bench, hour - HOUR * LEARNED_HOURS, ready, before=hour, forgetting=True)
        while hour <= ready:
            await self._judge_hour(bench, lead, hour)
            hour += HOUR

    async def _judge_hour(self, bench: Bench, lead: Lead, hour: datetime.datetime) -> None:
        number, now = hour_number(hour), self._now()
        rows = await self._rollups.hours(self._place.environment, [number])
        priors, adopted = await asyncio.to_thread(with_new_priors, bench, self._place, now)
        bench.priors.update(priors)
        bench.detectors.update(adopted)
        judgement, after = await asyncio.to_thread(judge_hour, bench, self._place, hour, rows, now)
        judgement.priors.update({key: prior_bytes(each.prior) for key, each in priors.items()})
        await self._write(bench, lead, judgement)
        bench.detectors.update(after)
        bench.judged_hour = hour
        self.judged += len(after)

    async def _ready_hour(self) -> datetime.datetime | None:
        """Return the newest hour of which everything is written; None when that is not known."""
        progress = await self._rollups.progress(
            self._place.environment, datetime.datetime.fromtimestamp(0, datetime.UTC)
        )
        if progress is None:
            return None
        read = [read_at for seen_at, read_at in self._looks if seen_at < progress.written_at]
        if not read:
            return None
        return (read[-1] - GRACE).replace(minute=0, second=0, microsecond=0) - HOUR

    async def _search(
        self,
        bench: Bench,
        first: datetime.datetime,
        last: datetime.datetime,
        *,
        before: datetime.datetime,
        forgetting: bool,
    ) -> Judgement:
        """Find scopes without a detector, or with more of a past than theirs has seen; let them learn up to an hour."""
        found = await self._learning.found(bench, self._place, first, last)
        wanted = [
            scope
            for scope, since in found.items()
            if scope not in bench.detectors or (forgetting and since < bench.detectors[scope].first_hour)
        ]
        learned = await self._learning.learn(bench, self._place, wanted, before - HOUR)
        bench.detectors.update(learned)
        judgement = Judgement(bench.rules_revision)
        judgement.detectors.update({scope: each.row for scope, each in learned.items()})
        if forgetting:
            judgement.forgotten = {scope for scope in bench.detectors if scope not in found}
            for scope in judgement.forgotten:
                del bench.detectors[scope]
            if not judgement.empty and self._leading is not None:
                await self._write(bench, self._leading, judgement)
        return judgement

    async def _judge_moment(self, bench: Bench, lead: Lead, view: View) -> None:
        judgement = Judgement(bench.rules_revision)
        # Of a new environment the last hour that counts as judged may not be over: there is nothing to learn from it.
        begun = self._now() >= bench.judged_hour + HOUR + GRACE
        if begun and self._clock() >= self._search_at:
            self._search_at = self._clock() + _SEARCH_SECONDS
            recent = bench.judged_hour - HOUR * 24
            judgement = await self._search(
                bench, recent, self._now(), before=bench.judged_hour + HOUR, forgetting=False
            )
        now = self._now()
        after: dict[Scope, Detector] = {}
        scopes = list(bench.detectors)
        for start in range(0, len(scopes), _AT_ONCE):
            some = scopes[start : start + _AT_ONCE]
            after.update(
                judge_running_hour(bench, self._place, view.metrics, scopes=some, now=now, judgement=judgement)
            )
            await asyncio.sleep(0)
        for watched in bench.of_kind("threshold"):
            crossed = {scope.tenant for scope in bench.crossed if scope.rule_key == watched.rule.key}
            tenants = sorted(set(watched.rule.tenants) or {*view.metrics.tenants, *crossed})
            for start in range(0, len(tenants), _AT_ONCE):
                judge_thresholds(
                    bench,
                    self._place,
                    watched,
                    view.metrics,
                    tenants=tenants[start : start + _AT_ONCE],
                    now=now,
                    judgement=judgement,
                )
                await asyncio.sleep(0)
        if self._clock() < self._remind_at:
            judgement.unusual.clear()
        elif judgement.unusual:
            self._remind_at = self._clock() + _REMIND_SECONDS
        await self._write(bench, lead, judgement)
        bench.detectors.update(after)
        for scope, row in judgement.detectors.items():
            if row.first_hour is None:
                (bench.crossed.add if row.episode == OPEN else bench.crossed.discard)(scope)

    async def _write(self, bench: Bench, lead: Lead, judgement: Judgement) -> None:
        if judgement.empty:
            return
        async with lead.transaction() as connection:
            changed = await write_judgement(
                connection, self._place.environment, judgement, bench.webhooks(), self._now()
            )
        self.opened += len(judgement.opened)
        if changed:
            self._on_change()

    def _now(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self._clock(), datetime.UTC)
