"""What detectors learn from the roll-ups before they judge."""

import asyncio
import datetime
from collections.abc import Iterable, Mapping
from typing import Final

from services.metrics.alerts.bench import Bench, Detector, LearnedPrior
from services.metrics.alerts.detection import Settings, State, adopt_prior, judge, learn_prior, usual_prior
from services.metrics.alerts.hour_judging import Place, hour_at, hour_number, settings_for
from services.metrics.alerts.observing import observation_of
from services.metrics.alerts.rule_settings import covers
from services.metrics.alerts.scopes import Scope
from services.metrics.definitions import Metric
from services.metrics.rollups import HourKey, HourRow, RollupReader
from services.runtime.postgres.pool import PostgresPool

LEARNED_HOURS: Final = 35 * 24
PRIOR_EVERY: Final = datetime.timedelta(days=1)

_FEWEST_TENANTS: Final = 3
_FEWEST_HOURS: Final = 7 * 24
_FOUND: Final = """
    SELECT tenant, metric, currency, min(hour) AS first_hour FROM metric_hours
    WHERE environment = $1 AND metric = ANY ($2) AND hour BETWEEN $3 AND $4 GROUP BY tenant, metric, currency
"""


class Learning:
    """Makes detectors out of what was. All methods raise `Unavailable` when the database does not answer."""

    def __init__(self, pool: PostgresPool, rollups: RollupReader) -> None:
        self._pool = pool
        self._rollups = rollups

    async def found(
        self, bench: Bench, place: Place, first: datetime.datetime, last: datetime.datetime
    ) -> Mapping[Scope, datetime.datetime]:
        """Return the scopes of rules of anomalies that hold anything in these hours, and the first that does."""
        rules = [watched.rule for watched in bench.of_kind("anomaly")]
        async with self._pool.connection() as connection:
            rows = await connection.fetch(
                _FOUND, place.environment, sorted({rule.metric for rule in rules}), first, last
            )
        return {
            Scope(rule.key, row["tenant"], row["currency"]): row["first_hour"]
            for row in rows
            for rule in rules
            if rule.metric == row["metric"] and covers(rule, row["tenant"], row["currency"])
        }

    async def learn(
        self, bench: Bench, place: Place, scopes: Iterable[Scope], through: datetime.datetime
    ) -> Mapping[Scope, Detector]:
        """Return detectors for scopes that have learned from what there is up to an hour, that included."""
        learned: dict[Scope, Detector] = {}
        last = hour_number(through)
        for scope in scopes:
            watched = bench.rules[scope.rule_key]
            metric = place.metrics[watched.rule.metric]
            rows = await self._rollups.between(
                place.environment, scope.tenant, metric.name, last - LEARNED_HOURS + 1, last
            )
            settings = settings_for(bench, place, watched)
            known = bench.detectors.get(scope)
            fresh = await asyncio.to_thread(learned_from, metric, scope, rows, last, settings)
            learned[scope] = fresh if known is None else Detector(fresh.state, fresh.first_hour, known.episode)
        return learned


def learned_from(
    metric: Metric, scope: Scope, rows: Mapping[HourKey, HourRow], last: int, settings: Settings
) -> Detector:
    """Return a detector that has seen these hours, from the first that holds anything to the last one."""
    hours = {key.hour: row for key, row in rows.items() if key.currency == scope.currency}
    first = min(hours, default=last + 1)
    state = State()
    for hour in range(first, last + 1):
        state, _ = judge(state, hour_at(hour), observation_of(metric, hours.get(hour)), settings)
    return Detector(state, hour_at(first))


def with_new_priors(
    bench: Bench, place: Place, now: datetime.datetime
) -> tuple[dict[str, LearnedPrior], dict[Scope, Detector]]:
    """
    Return the priors that are due, learned from the tenants' detectors, and those detectors as they go on with them.

    Nothing is learned from fewer than three tenants with a week of hours: that would tell one what another one does.
    """
    priors: dict[str, LearnedPrior] = {}
    detectors: dict[Scope, Detector] = {}
    for watched in bench.of_kind("anomaly"):
        key = watched.rule.key
        known = bench.priors.get(key)
        if known is not None and now - known.at < PRIOR_EVERY:
            continue
        of_rule = {scope: each for scope, each in bench.detectors.items() if scope.rule_key == key}
        states = [each.state for each in of_rule.values() if each.state.hours >= _FEWEST_HOURS]
        if len(states) < _FEWEST_TENANTS:
            continue
        settings = settings_for(bench, place, watched)
        before, after = settings.prior, learn_prior(states, usual_prior(settings.kind))
        priors[key] = LearnedPrior(after, now)
        for scope, each in of_rule.items():
            detectors[scope] = Detector(adopt_prior(each.state, before, after), each.first_hour, each.episode)
    return priors, detectors
