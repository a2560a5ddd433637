"""The judgement of a complete hour, of all tenants. Pure."""

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

from mirante.api.metrics.v1 import alert_pb2 as pb2

from services.metrics.alerts.bench import Bench, Detector, Watched
from services.metrics.alerts.detection import Change, Kind, Rule, Settings, Verdict, advance, judge
from services.metrics.alerts.evidence import explain_verdict
from services.metrics.alerts.judgements import Judgement
from services.metrics.alerts.observing import observation_of
from services.metrics.alerts.rule_settings import settings_of
from services.metrics.alerts.scopes import Scope
from services.metrics.definitions import Metrics
from services.metrics.rollups import HourKey, HourRow

LATE_AFTER: Final = datetime.timedelta(hours=2)
"""Of an hour that has been over for longer, nobody is told unless it is still unusual."""


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """What is judged where: an environment, its metrics, and the time zone of its clocks and calendar."""

    environment: str
    metrics: Metrics
    zone: ZoneInfo


def judge_hour(
    bench: Bench,
    place: Place,
    hour: datetime.datetime,
    rows: Mapping[HourKey, HourRow],
    now: datetime.datetime,
) -> tuple[Judgement, dict[Scope, Detector]]:
    """
    Return what is found about an hour, and the detectors after it. The bench stays as it is.

    Args:
        bench: with a detector for each scope that is to be judged.
        place: where.
        hour: its start; the one after the last that was judged, or later.
        rows: the roll-ups of the hour.
        now: the time.
    """
    late = now - (hour + datetime.timedelta(hours=1)) > LATE_AFTER
    judgement = Judgement(bench.rules_revision, judged_hour=hour, late=late)
    after: dict[Scope, Detector] = {}
    settings = {watched.rule.key: settings_for(bench, place, watched) for watched in bench.of_kind("anomaly")}
    for scope, detector in bench.detectors.items():
        if detector.state.last is not None and detector.state.last >= hour:
            continue
        watched = bench.rules[scope.rule_key]
        metric = place.metrics[watched.rule.metric]
        row = rows.get(HourKey(scope.tenant, metric.name, scope.currency, hour_number(hour)))
        state, verdict = judge(detector.state, hour, observation_of(metric, row), settings[scope.rule_key])
        verdict = with_volume(watched.rule, verdict)
        episode, change = advance(detector.episode, verdict)
        after[scope] = Detector(state, detector.first_hour, episode)
        if change is Change.OPENED:
            alert = alert_for(place.environment, watched, scope)
            explain_verdict(alert, verdict, place.zone)
            judgement.opened.append(alert)
        elif change is Change.WENT_ON:
            judgement.unusual.add(scope)
        elif change is Change.CLOSED:
            judgement.closed.add(scope)
    judgement.detectors.update({scope: each.row for scope, each in after.items()})
    return judgement, after


def settings_for(bench: Bench, place: Place, watched: Watched) -> Settings:
    """Return how a rule of anomalies judges."""
    rule = watched.rule
    return settings_of(rule, place.metrics[rule.metric].aggregation, place.zone, bench.prior_of(rule.key))


def with_volume(rule: pb2.AlertRule, verdict: Verdict) -> Verdict:
    """Return a verdict that alarms only where as much was to be expected, and differs as much, as the rule asks for."""
    if not verdict.alarming:
        return verdict
    volume = verdict.of if verdict.kind is Kind.RATIO else verdict.expected
    enough = volume >= float(rule.anomaly.minimum_volume or 0)
    if verdict.kind is Kind.SUM and verdict.rule is not Rule.GAP:
        difference = abs(float(verdict.value) - verdict.expected)
        enough = enough and difference >= float(rule.anomaly.minimum_difference or 0)
    return verdict if enough else dataclasses.replace(verdict, alarming=False)


def alert_for(environment: str, watched: Watched, scope: Scope) -> pb2.Alert:
    """Return an alert of which it is not known yet what it says."""
    rule = watched.rule
    return pb2.Alert(
        environment=environment,
        tenant=scope.tenant,
        metric=rule.metric,
        currency=scope.currency,
        rule_key=rule.key,
        rule_version=watched.version,
        severity=rule.severity or pb2.ALERT_SEVERITY_WARNING,
    )


def hour_number(hour: datetime.datetime) -> int:
    """Return an hour as roll-ups count them."""
    return int(hour.timestamp()) // 3600


def hour_at(number: int) -> datetime.datetime:
    """Return the start of an hour of the roll-ups."""
    return datetime.datetime.fromtimestamp(number * 3600, datetime.UTC)
