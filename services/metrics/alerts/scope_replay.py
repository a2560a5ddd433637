"""A rule over the past of one scope. Pure."""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias

from mirante.api.metrics.v1 import alert_pb2 as pb2

from services.metrics.alerts.bench import Watched
from services.metrics.alerts.detection import Change, Prior, State, advance, judge, learn_prior, usual_prior
from services.metrics.alerts.evidence import explain_threshold, explain_verdict
from services.metrics.alerts.hour_judging import Place, alert_for, hour_at, hour_number, with_volume
from services.metrics.alerts.learning import learned_from
from services.metrics.alerts.moment_judging import QUIET_MINUTES
from services.metrics.alerts.observing import observation_of
from services.metrics.alerts.postgres_environments import SYSTEM
from services.metrics.alerts.rule_settings import settings_of, threshold_of
from services.metrics.alerts.scopes import Scope
from services.metrics.definitions import Metric
from services.metrics.live import HOUR
from services.metrics.live.numbers import Number
from services.metrics.rollups import HourKey, HourRow

Rows: TypeAlias = Mapping[int, HourRow]
"""The past of a scope, by hour."""

_HOUR: Final = datetime.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From an hour to another one, which is not part of it."""

    first: datetime.datetime
    end: datetime.datetime


@dataclass(frozen=True, slots=True)
class ScopeReplay:
    """Replays a rule over a stretch; `prior` is that of its tenants before it."""

    place: Place
    watched: Watched
    stretch: Stretch
    prior: Prior | None

    def of(self, scope: Scope, rows: Rows) -> tuple[list[pb2.Alert], int]:
        """Return the alerts of a scope, and how many hours were judged."""
        if self.watched.rule.WhichOneof("condition") == "threshold":
            hours = hour_number(self.stretch.end) - hour_number(self.stretch.first)
            return list(self._thresholds(scope, rows)), hours
        return self._anomalies(scope, rows)

    @property
    def _metric(self) -> Metric:
        return self.place.metrics[self.watched.rule.metric]

    def _anomalies(self, scope: Scope, rows: Rows) -> tuple[list[pb2.Alert], int]:
        settings = settings_of(self.watched.rule, self._metric.aggregation, self.place.zone, self.prior)
        alerts: list[pb2.Alert] = []
        state, episode = State(), None
        judged = 0
        end = hour_number(self.stretch.end)
        for number in range(min(rows, default=end), end):
            hour = hour_at(number)
            state, verdict = judge(state, hour, observation_of(self._metric, rows.get(number)), settings)
            if hour < self.stretch.first:
                continue
            judged += 1
            episode, change = advance(episode, with_volume(self.watched.rule, verdict))
            if change is Change.OPENED:
                alerts.append(self._opened(scope, hour + _HOUR))
                explain_verdict(alerts[-1], verdict, self.place.zone)
            elif change is Change.WENT_ON:
                alerts[-1].last_unusual_at.FromDatetime(hour + _HOUR)
            elif change is Change.CLOSED:
                _close(alerts[-1], hour + _HOUR)
        return alerts, judged

    def _thresholds(self, scope: Scope, rows: Rows) -> Iterator[pb2.Alert]:
        threshold = threshold_of(self.watched.rule)
        held = int(threshold.held.total_seconds()) // 60
        quiet = max(QUIET_MINUTES, held)
        alert: pb2.Alert | None = None
        run = calm = 0
        first = hour_number(self.stretch.first) * HOUR
        for minute, value in windows(self._metric, rows, first - held, hour_number(self.stretch.end) * HOUR):
            beyond = value is not None and threshold.beyond(value, alarming=False)
            run, calm = (run + 1, 0) if beyond else (0, calm + 1)
            at = datetime.datetime.fromtimestamp((minute + 1) * 60, datetime.UTC)
            if alert is None and run > held and minute >= first:
                alert = self._opened(scope, at)
                explain_threshold(alert, value or Decimal(0), threshold, at - datetime.timedelta(minutes=run), at)
            elif alert is not None and beyond:
                alert.last_unusual_at.FromDatetime(at)
            elif alert is not None and calm >= quiet:
                _close(alert, at)
                yield alert
                alert = None
        if alert is not None:
            yield alert

    def _opened(self, scope: Scope, at: datetime.datetime) -> pb2.Alert:
        alert = alert_for(self.place.environment, self.watched, scope)
        alert.state = pb2.ALERT_STATE_OPEN
        alert.opened_at.FromDatetime(at)
        alert.last_unusual_at.FromDatetime(at)
        return alert


def prior_before(place: Place, watched: Watched, histories: Mapping[Scope, Rows], last: int) -> Prior:
    """Return the prior that the pasts of all tenants teach up to an hour."""
    metric = place.metrics[watched.rule.metric]
    settings = settings_of(watched.rule, metric.aggregation, place.zone, None)

    def state(scope: Scope, rows: Rows) -> State:
        known = {hour: row for hour, row in rows.items() if hour <= last}
        keyed = {HourKey(scope.tenant, metric.name, scope.currency, hour): row for hour, row in known.items()}
        return learned_from(metric, scope, keyed, last, settings).state

    return learn_prior((state(scope, rows) for scope, rows in histories.items()), usual_prior(settings.kind))


def windows(metric: Metric, rows: Rows, first: int, end: int) -> Iterator[tuple[int, Decimal | None]]:
    """Yield minutes, and the number of the window that ends with each."""

    def at(minute: int) -> Number:
        row = rows.get(minute // HOUR)
        return Number(None) if row is None else row.minutes[minute % HOUR]

    if not metric.aggregation.additive:
        yield from ((minute, at(minute).shown) for minute in range(first, end))
        return
    total = sum((at(minute).value or Decimal(0) for minute in range(first - metric.window, first)), Decimal(0))
    for minute in range(first, end):
        total += (at(minute).value or Decimal(0)) - (at(minute - metric.window).value or Decimal(0))
        yield minute, total


def _close(alert: pb2.Alert, at: datetime.datetime) -> None:
    alert.state, alert.resolved_by = pb2.ALERT_STATE_RESOLVED, SYSTEM
    alert.resolved_at.FromDatetime(at)
