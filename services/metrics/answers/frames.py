"""Frames of live metrics. Pure."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.metrics.v1 import live_metrics_service_pb2 as pb2

from services.metrics.answers.last_week import LastWeek
from services.metrics.definitions import Metric
from services.metrics.following.follower import View
from services.metrics.live import HOUR
from services.metrics.live.environment import series_start
from services.metrics.live.numbers import Number, Numbers

_FOUR_DIGITS: Final = Decimal("0.0001")
_MOST_CHANGE: Final = Decimal(10**12)


def frame_of(view: View, last_week: LastWeek, tenant: str, now: float) -> pb2.LiveFrame:
    """Return the frame of a tenant at a time (seconds since 1970), without its origin, sequence and series."""
    numbers = view.metrics.numbers(tenant)
    frame = pb2.LiveFrame(tenant=tenant, as_of=_timestamp(now), catching_up=view.catching_up(now))
    if view.log_read_at is not None:
        frame.log_read_at.FromDatetime(view.log_read_at)
    minute = int(now) // 60
    for at, metric in enumerate(view.metrics.plan.metrics):
        for currency in numbers.currencies(at) or [""]:
            live = numbers.window(at, currency, minute)
            frame.metrics.append(
                pb2.LiveMetric(
                    metric=metric.name,
                    currency=currency,
                    aggregation=metric.aggregation.value,
                    window=Duration(seconds=metric.window * 60),
                    value=text_of(live),
                    numerator=int(live.value or 0) if live.denominator is not None else 0,
                    denominator=live.denominator or 0,
                    previous_hour=_trend(live, numbers.window(at, currency, minute - HOUR)),
                    last_week=_trend(live, last_week.window(tenant, metric, currency, minute)),
                )
            )
    return frame


def add_series(frame: pb2.LiveFrame, numbers: Numbers, metrics: Iterable[Metric], since: int | None) -> None:
    """Add to a frame the minutes of the last 24 hours, or those of them since a minute."""
    now = frame.as_of.seconds
    first = series_start(now) if since is None else min(max(series_start(now), since), now // 60)
    places = {metric.name: at for at, metric in enumerate(metrics)}
    for live in frame.metrics:
        minutes = numbers.minutes(places[live.metric], live.currency, first, now // 60)
        live.series.start_time.seconds = first * 60
        live.series.values.extend(map(text_of, minutes))


def text_of(number: Number) -> str:
    """Return a number as a decimal string; empty when there is none."""
    shown = number.shown
    return "" if shown is None else f"{shown:f}"


def _trend(live: Number, then: Number) -> pb2.Trend:
    trend, before, present = pb2.Trend(value=text_of(then)), then.shown, live.shown
    if before and present is not None:
        change = (present - before) / before
        if abs(change) < _MOST_CHANGE:
            trend.change = f"{change.quantize(_FOUR_DIGITS):f}"
    return trend


def _timestamp(seconds: float) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromNanoseconds(int(seconds * 1e9))
    return timestamp
