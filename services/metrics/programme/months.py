"""Experiments by month. Pure."""

import datetime
from collections.abc import Iterable, Iterator

from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.metrics.v1 import experiment_pb2
from mirante.api.metrics.v1 import programme_service_pb2 as pb2

from services.metrics.programme.stages import UNDECIDED


def experiment_counts(
    records: Iterable[experiment_pb2.ExperimentRecord],
    since: datetime.datetime,
    now: datetime.datetime,
    zone: datetime.tzinfo,
) -> pb2.ExperimentCounts:
    """
    Return what experiments were started and decided in each month from one moment to another.

    The oldest month is whole: it begins before `since`. What happened earlier is left out.
    """
    months = {name: pb2.ExperimentMonth(month=name) for name in _names(since, now, zone)}
    counts = pb2.ExperimentCounts()
    for record in records:
        counts.undecided += record.state in UNDECIDED
        started = months.get(_month(record.started_at, zone)) if record.HasField("started_at") else None
        if started is not None:
            started.started += 1
        decision = record.decision
        decided = months.get(_month(decision.at, zone)) if record.HasField("decision") else None
        if decided is not None:
            decided.shipped += decision.kind == experiment_pb2.DECISION_KIND_SHIP
            decided.killed += decision.kind == experiment_pb2.DECISION_KIND_KILL
            decided.against_verdict += decision.against_verdict
    counts.months.extend(months.values())
    return counts


def _month(at: Timestamp, zone: datetime.tzinfo) -> str:
    return f"{at.ToDatetime(datetime.UTC).astimezone(zone):%Y-%m}"


def _names(since: datetime.datetime, now: datetime.datetime, zone: datetime.tzinfo) -> Iterator[str]:
    """Yield the months, newest first."""
    day, first = now.astimezone(zone).date().replace(day=1), f"{since.astimezone(zone):%Y-%m}"
    while (name := f"{day:%Y-%m}") >= first:
        yield name
        day = (day - datetime.timedelta(days=1)).replace(day=1)
