"""
What is known of one tenant, and how sockets are told: the whole of it, or what has changed since the message before.

Each frame is serialised once, however many sockets it goes to.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mirante.api.metrics.v1 import live_metrics_service_pb2 as metrics_pb2

from services.gateway.http.websocket_protocol import text_frame

MOST_MINUTES: Final = 24 * 60
_MINUTE_SECONDS: Final = 60

MetricKey = tuple[str, str]
"""Metric and currency."""


@dataclass(slots=True)
class _Series:
    """Values of whole minutes from `start` on (seconds since 1970)."""

    start: int
    values: list[str]

    def put(self, start: int, values: list[str]) -> None:
        """Replace what is there from `start` on; keep a day."""
        offset = (start - self.start) // _MINUTE_SECONDS
        if 0 <= offset <= len(self.values):
            self.values[offset:] = values
        else:
            self.start, self.values = start, values
        surplus = len(self.values) - MOST_MINUTES
        if surplus > 0:
            del self.values[:surplus]
            self.start += surplus * _MINUTE_SECONDS


class LiveState:
    """
    The state of one tenant.

    `version` grows by one with every message. A socket that has the version before gets the change, one that has an
    older version, or none, gets everything: whoever is slow skips what came between. `silent` says that the source has
    told nothing for a while.
    """

    def __init__(self) -> None:
        self.version = 0
        self.frame: metrics_pb2.LiveFrame | None = None
        self._document: dict[str, Any] = {}
        self._series: dict[MetricKey, _Series] = {}
        self._change: bytes | None = None
        self._whole: bytes | None = None
        self.silent = False

    @property
    def position(self) -> str:
        """What a client sends to go on from here; not to be taken apart."""
        return "" if self.frame is None else _position(self.frame)

    def apply(self, frame: metrics_pb2.LiveFrame) -> None:
        """Take in the next frame. One of another origin begins anew."""
        anew = self.frame is None or self.frame.origin != frame.origin
        if anew:
            self._series = {}
        document = _document(frame)
        for metric, found in zip(frame.metrics, document["metrics"], strict=True):
            if metric.HasField("series"):
                self._series_of(metric).put(metric.series.start_time.seconds, list(metric.series.values))
                found["series"] = _series_document(metric.series.start_time.seconds, list(metric.series.values))
        self.frame, self._document, self.silent = frame, document, False
        self._told(None if anew else _message("frame", document))

    def note_silence(self) -> None:
        """Tell that the source has said nothing for a while: the numbers may be old, or there are none yet."""
        self.silent = True
        if self.frame is None:
            self._told(_message("waiting", {}))
        else:
            self._told(_message("stale", {"position": self.position, "as_of": self._document["as_of"]}))

    def next_for(self, version: int) -> bytes | None:
        """Return the frame for a socket that has `version`; None when there is nothing new to tell."""
        if version == self.version or (self.frame is None and not self.silent):
            return None
        if version == self.version - 1 and self._change is not None:
            return self._change
        if self._whole is None:
            self._whole = self._everything()
        return self._whole

    def _series_of(self, metric: metrics_pb2.LiveMetric) -> _Series:
        return self._series.setdefault((metric.metric, metric.currency), _Series(metric.series.start_time.seconds, []))

    def _told(self, change: bytes | None) -> None:
        self.version += 1
        self._change = change
        self._whole = None

    def _everything(self) -> bytes:
        if self.frame is None:
            return _message("waiting", {})
        metrics = []
        for found in self._document["metrics"]:
            series = self._series.get((found["metric"], found["currency"]))
            metrics.append(
                found if series is None else found | {"series": _series_document(series.start, series.values)}
            )
        return _message("snapshot", self._document | {"metrics": metrics, "stale": self.silent})


def _position(frame: metrics_pb2.LiveFrame) -> str:
    return f"{frame.origin:x}.{frame.sequence}"


def _document(frame: metrics_pb2.LiveFrame) -> dict[str, Any]:
    """Return a frame as JSON has it, without series: names of the contract, numbers as they come, as texts."""
    document: dict[str, Any] = {
        "environment": frame.environment,
        "tenant": frame.tenant,
        "position": _position(frame),
        "as_of": frame.as_of.ToJsonString(),
        "log_read_at": frame.log_read_at.ToJsonString(),
        "catching_up": frame.catching_up,
    }
    document["metrics"] = [_metric(metric) for metric in frame.metrics]
    return document


def _metric(metric: metrics_pb2.LiveMetric) -> dict[str, Any]:
    found: dict[str, Any] = {
        "metric": metric.metric,
        "currency": metric.currency,
        "aggregation": metrics_pb2.Aggregation.Name(metric.aggregation).removeprefix("AGGREGATION_").lower(),
        "window_seconds": metric.window.seconds,
        "value": metric.value,
    }
    if metric.aggregation == metrics_pb2.AGGREGATION_ACTOR_RATIO:
        found |= {"numerator": metric.numerator, "denominator": metric.denominator}
    for name in ("previous_hour", "last_week"):
        if metric.HasField(name):
            trend = getattr(metric, name)
            found[name] = {"value": trend.value, "change": trend.change}
    return found


def _series_document(start: int, values: list[str]) -> dict[str, Any]:
    return {"start_seconds": start, "values": values}


def _message(kind: str, document: Mapping[str, Any]) -> bytes:
    return text_frame(json.dumps({"type": kind} | dict(document), ensure_ascii=False, separators=(",", ":")))
