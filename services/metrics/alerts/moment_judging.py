"""What the live numbers say now, between the judgements of complete hours. Pure: the live state is only read."""

import datetime
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from services.metrics.alerts.bench import OPEN, Bench, Detector, Watched
from services.metrics.alerts.detection import Rule, Threshold, advance, judge_running
from services.metrics.alerts.evidence import explain_threshold, explain_verdict
from services.metrics.alerts.hour_judging import Place, alert_for, hour_number, settings_for, with_volume
from services.metrics.alerts.judgements import DetectorRow, Judgement
from services.metrics.alerts.observing import running_observation
from services.metrics.alerts.rule_settings import covers, threshold_of
from services.metrics.alerts.scopes import Scope
from services.metrics.live.environment import LiveMetrics
from services.metrics.live.numbers import Numbers

QUIET_MINUTES: Final = 5
"""A threshold's episode ends when the number has not been beyond for so long, or for as long as it is to hold."""

_HOUR_LENGTH: Final = datetime.timedelta(hours=1)


def judge_running_hour(
    bench: Bench,
    place: Place,
    live: LiveMetrics,
    *,
    scopes: Iterable[Scope],
    now: datetime.datetime,
    judgement: Judgement,
) -> Iterator[tuple[Scope, Detector]]:
    """
    Yield detectors of scopes whose episode begins in the hour that is not over; add their alerts to the judgement.

    Only of hours whose predecessor is judged, and of metrics that add up: what is more than usual for the whole hour
    already, and what has been missing for too long.
    """
    hour = bench.judged_hour + _HOUR_LENGTH
    elapsed = (now - hour) / _HOUR_LENGTH
    if not 0 < elapsed < 1:
        return
    positions = {each.name: at for at, each in enumerate(live.plan.metrics)}
    settings = {
        watched.rule.key: settings_for(bench, place, watched)
        for watched in bench.of_kind("anomaly")
        if place.metrics[watched.rule.metric].aggregation.additive
    }
    for scope in scopes:
        detector = bench.detectors[scope]
        if detector.episode is not None or scope.rule_key not in settings or detector.state.last != bench.judged_hour:
            continue
        watched = bench.rules[scope.rule_key]
        so_far = running_observation(
            live,
            positions[watched.rule.metric],
            scope,
            hour_number(hour),
            int(now.timestamp()) // 60,
        )
        verdict = judge_running(detector.state, hour, so_far, elapsed, settings[scope.rule_key])
        if verdict is None or not with_volume(watched.rule, verdict).alarming:
            continue
        alert = alert_for(place.environment, watched, scope)
        explain_verdict(alert, verdict, place.zone, now)
        judgement.opened.append(alert)
        episode, _ = advance(None, verdict)
        after = Detector(detector.state, detector.first_hour, episode)
        judgement.detectors[scope] = after.row
        yield scope, after


def judge_thresholds(
    bench: Bench,
    place: Place,
    watched: Watched,
    live: LiveMetrics,
    *,
    tenants: Iterable[str],
    now: datetime.datetime,
    judgement: Judgement,
) -> None:
    """Add to a judgement what a rule of thresholds says of tenants now."""
    rule, threshold = watched.rule, threshold_of(watched.rule)
    at = next(at for at, each in enumerate(live.plan.metrics) if each.name == rule.metric)
    above = threshold.rule is Rule.THRESHOLD_ABOVE
    minute = int(now.timestamp()) // 60
    # A minute that is not over may still grow.
    last = minute if above else minute - 1
    known_from = live.known_from(live.plan.metrics[at])
    for tenant in tenants:
        numbers = live.numbers(tenant)
        # What is left of a currency in no minute may still have to end.
        crossed = {each.currency for each in bench.crossed if (each.rule_key, each.tenant) == (rule.key, tenant)}
        named = {rule.currency} if rule.currency else set()
        for currency in sorted(crossed | named | set(numbers.currencies(at))):
            if not covers(rule, tenant, currency):
                continue
            scope = Scope(rule.key, tenant, currency)
            minutes = _Minutes(numbers, at, currency, threshold)
            if scope in bench.crossed:
                _go_on(scope, minutes, last, threshold, judgement)
            else:
                since = minutes.beyond_since(last, known_from, threshold)
                if since is not None:
                    alert = alert_for(place.environment, watched, scope)
                    explain_threshold(alert, minutes.value(last) or Decimal(0), threshold, _time(since), now)
                    judgement.opened.append(alert)
                    judgement.detectors[scope] = DetectorRow(b"", OPEN)


def _go_on(scope: Scope, minutes: "_Minutes", last: int, threshold: Threshold, judgement: Judgement) -> None:
    quiet = max(QUIET_MINUTES, int(threshold.held.total_seconds()) // 60)
    if minutes.beyond(last):
        judgement.unusual.add(scope)
    elif not any(minutes.beyond(minute) for minute in range(last - 1, last - quiet, -1)):
        judgement.closed.add(scope)
        judgement.detectors[scope] = DetectorRow(b"", "")


class _Minutes:
    """A metric of a tenant by the minute, as its windows show it."""

    def __init__(self, numbers: Numbers, at: int, currency: str, threshold: Threshold) -> None:
        self._numbers = numbers
        self._at = at
        self._currency = currency
        self._threshold = threshold

    def value(self, minute: int) -> Decimal | None:
        return self._numbers.window(self._at, self._currency, minute).shown

    def beyond(self, minute: int) -> bool:
        value = self.value(minute)
        return value is not None and self._threshold.beyond(value, alarming=False)

    def beyond_since(self, last: int, known_from: int, threshold: Threshold) -> int | None:
        """Return the first minute of those that have been beyond without a break; None when that is not long enough."""
        if not self.beyond(last):
            return None
        since = last
        enough = last - int(threshold.held.total_seconds()) // 60
        while since > enough:
            if since - 1 < known_from or not self.beyond(since - 1):
                return None
            since -= 1
        return since


def _time(minute: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(minute * 60, datetime.UTC)
