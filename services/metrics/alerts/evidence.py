"""Why there is an alert: in numbers, and in one sentence. Pure."""

import datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from mirante.api.metrics.v1 import alert_pb2 as pb2

from services.metrics.alerts.detection import Kind, Rule, Threshold, Verdict

_KINDS: Final = {
    Rule.ABOVE: pb2.ALERT_KIND_SPIKE,
    Rule.BELOW: pb2.ALERT_KIND_DROP,
    Rule.GAP: pb2.ALERT_KIND_GAP,
}
_HOUR: Final = datetime.timedelta(hours=1)
_MOST_ODDS: Final = 1_000_000


def explain_verdict(alert: pb2.Alert, verdict: Verdict, zone: ZoneInfo, end: datetime.datetime | None = None) -> None:
    """
    Fill in what a verdict says.

    Args:
        alert: with its metric, tenant and currency.
        verdict: one that alarms.
        zone: in which the sentence tells times.
        end: of what was judged when the hour is not over.
    """
    bounds = verdict.bounds
    alert.kind = _KINDS[verdict.rule]
    alert.start_time.FromDatetime(verdict.hour)
    alert.end_time.FromDatetime(end or verdict.hour + _HOUR)
    alert.observed = _number(verdict, float(verdict.value))
    alert.expected = _number(verdict, verdict.expected)
    if bounds is not None:
        alert.lower_bound, alert.upper_bound = (_number(verdict, bound) for bound in bounds)
    alert.probability = verdict.probability
    alert.dispersion = verdict.k
    alert.evidence = _sentence(alert, verdict, zone)


def explain_threshold(
    alert: pb2.Alert, value: Decimal, threshold: Threshold, since: datetime.datetime, at: datetime.datetime
) -> None:
    """Fill in what a number says that has been beyond a threshold since a time."""
    above = threshold.rule is Rule.THRESHOLD_ABOVE
    alert.kind = pb2.ALERT_KIND_THRESHOLD
    alert.start_time.FromDatetime(since)
    alert.end_time.FromDatetime(at)
    alert.observed = f"{value:f}"
    bound = f"{threshold.number:f}"
    if above:
        alert.upper_bound = bound
    else:
        alert.lower_bound = bound
    minutes = int((at - since).total_seconds()) // 60
    held = f" for {minutes} minutes" if threshold.held else ""
    word = "above" if above else "below"
    alert.evidence = f"{_subject(alert)} is {alert.observed}, {word} {bound}{held}."


def _sentence(alert: pb2.Alert, verdict: Verdict, zone: ZoneInfo) -> str:
    start = alert.start_time.ToDatetime(datetime.UTC).astimezone(zone)
    end = alert.end_time.ToDatetime(datetime.UTC).astimezone(zone)
    times = f"{start:%Y-%m-%d %H:%M} to {end:%H:%M}"
    odds = _odds(verdict.probability)
    if verdict.rule is Rule.GAP:
        return (
            f"{_subject(alert)}: nothing from {times}, and {verdict.expected_gap:.1f} were to be expected since the "
            f"last one; so long a gap comes {odds}."
        )
    word = "many" if verdict.rule is Rule.ABOVE else "few"
    of = f" of {verdict.of}" if verdict.kind is Kind.RATIO else ""
    return (
        f"{_subject(alert)} was {alert.observed}{of} from {times}, where {alert.expected} was to be expected and "
        f"{alert.lower_bound or 0} to {alert.upper_bound or 0} is usual; so {word} come {odds}."
    )


def _subject(alert: pb2.Alert) -> str:
    currency = f" in {alert.currency}" if alert.currency else ""
    return f"{alert.metric}{currency} of {alert.tenant}"


def _odds(probability: float) -> str:
    if probability * _MOST_ODDS < 1:
        return "less than once in a million hours"
    return f"once in {round(1 / probability):,} hours"


def _number(verdict: Verdict, value: float) -> str:
    if verdict.kind is Kind.RATIO:
        return f"{value / verdict.of:.4f}" if verdict.of else ""
    if verdict.kind is Kind.SUM:
        return f"{value:.2f}"
    return f"{value:.0f}" if value == int(value) else f"{value:.1f}"
