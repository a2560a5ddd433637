"""What becomes of records when experiments are drafted, and when they end. Pure."""

import datetime

from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.metrics.v1 import experiment_pb2 as pb2

from services.metrics.experiments.designing.defaults import metrics


def planned(experiment: pb2.Experiment) -> pb2.Experiment:
    """Return a design without what only a start sets."""
    draft = pb2.Experiment()
    draft.CopyFrom(experiment)
    for _, metric in metrics(draft):
        metric.ClearField("planned_spread")
    return draft


def latest(now: datetime.datetime, before: Timestamp) -> Timestamp:
    """Return the time, or what was before when the clock says that that is still to come."""
    moment = Timestamp()
    moment.FromDatetime(now)
    return before if before.ToNanoseconds() > moment.ToNanoseconds() else moment


def end(record: pb2.ExperimentRecord, now: datetime.datetime) -> None:
    """Let nobody new take part in an experiment from now on, unless that is so already."""
    if not record.HasField("stopped_at"):
        record.stopped_at.FromDatetime(now)
    if record.pauses and not record.pauses[-1].HasField("ended_at"):
        record.pauses[-1].ended_at.CopyFrom(record.stopped_at)
