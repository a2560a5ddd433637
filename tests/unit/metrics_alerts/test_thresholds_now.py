"""Thresholds on live numbers: how long they have to hold, when they end, and what a replay says of the same minutes."""

import datetime
from zoneinfo import ZoneInfo

from google.protobuf.duration_pb2 import Duration
from mirante.api.metrics.v1 import alert_pb2 as pb2

from services.metrics.alerts.bench import Bench, Watched
from services.metrics.alerts.hour_judging import Place
from services.metrics.alerts.judgements import Judgement
from services.metrics.alerts.moment_judging import judge_thresholds
from services.metrics.alerts.scopes import Scope
from services.metrics.definitions.reading import default_metrics
from services.metrics.live.environment import LiveMetrics
from services.metrics.live.plan import Plan
from tests.support.metrics_events import NOW, THIS_MINUTE, entry

METRICS = default_metrics()
PLACE = Place("production", METRICS, ZoneInfo("America/Sao_Paulo"))
SCOPE = Scope("erros", "acme", "")


def rule(comparison: "pb2.ThresholdComparison.ValueType", value: str, minutes: int) -> Watched:
    """Return a rule about errors of a minute."""
    condition = pb2.ThresholdCondition(comparison=comparison, value=value, held_for=Duration(seconds=60 * minutes))
    return Watched(pb2.AlertRule(key="erros", metric="erros_minuto", threshold=condition), 1)


def live(**errors: int) -> LiveMetrics:
    """Return live numbers with so many errors in minutes: `m3` is three minutes ago."""
    metrics = LiveMetrics(Plan(METRICS), NOW)
    for name, count in errors.items():
        metrics.apply([entry("erro_frontend", THIS_MINUTE - int(name[1:])) for _ in range(count)])
    return metrics


def judged(watched: Watched, metrics: LiveMetrics, *, crossed: bool = False) -> Judgement:
    """Return what is said now."""
    now = datetime.datetime.fromtimestamp(NOW, datetime.UTC)
    bench = Bench(0, now, {"erros": watched}, crossed={SCOPE} if crossed else set())
    judgement = Judgement(0)
    judge_thresholds(bench, PLACE, watched, metrics, tenants=["acme"], now=now, judgement=judgement)
    return judgement


def test_above_counts_the_minute_in_progress() -> None:
    """As soon as it is beyond; the value itself is not."""
    above = rule(pb2.THRESHOLD_COMPARISON_ABOVE, "3", 0)
    assert judged(above, live(m0=3)).empty
    (alert,) = judged(above, live(m0=4)).opened
    assert (alert.observed, alert.upper_bound, alert.tenant) == ("4", "3", "acme")


def test_it_has_to_hold_without_a_break() -> None:
    """Every one of the minutes."""
    held = rule(pb2.THRESHOLD_COMPARISON_ABOVE, "3", 3)
    assert judged(held, live(m0=4, m1=4, m2=4)).empty
    assert judged(held, live(m0=4, m1=4, m2=3, m3=4)).empty
    (alert,) = judged(held, live(m0=4, m1=5, m2=4, m3=4)).opened
    assert alert.start_time.seconds // 60 == THIS_MINUTE - 3


def test_below_waits_for_minutes_to_end() -> None:
    """The minute in progress may still grow."""
    below = rule(pb2.THRESHOLD_COMPARISON_BELOW, "2", 0)
    assert judged(below, live(m1=2)).empty
    (alert,) = judged(below, live(m0=9, m1=1)).opened
    assert (alert.observed, alert.lower_bound) == ("1", "2")


def test_it_ends_after_some_quiet_minutes() -> None:
    """A number that comes and goes is one episode."""
    above = rule(pb2.THRESHOLD_COMPARISON_ABOVE, "3", 0)
    assert judged(above, live(m0=4), crossed=True).unusual == {SCOPE}
    assert judged(above, live(m4=4), crossed=True).empty
    ended = judged(above, live(m5=4), crossed=True)
    assert (ended.closed, set(ended.detectors)) == ({SCOPE}, {SCOPE})
