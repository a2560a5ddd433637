"""What a design asks of the analytics store. Pure."""

from collections.abc import Iterator
from typing import Final

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.metrics.v1 import experiment_pb2 as pb2
from mirante.evaluation.model import Reason
from mirante.telemetry.exposures import EXPOSURE

from services.metrics.analytics.reports.asking import (
    CONTEXT_COLUMNS,
    Filter,
    Operator,
    Origin,
    Property,
    Selection,
)
from services.metrics.experiments.data.questions import Enrolment, Metric, Part, Question
from services.metrics.experiments.designing.defaults import arms, by_tenant, metrics
from services.metrics.experiments.statistics.comparing import Kind

KINDS: Final = {"proportion": Kind.PROPORTION, "mean": Kind.MEAN, "ratio": Kind.RATIO, "revenue": Kind.MEAN}


def microseconds(of: Timestamp | Duration) -> int:
    """Return an instant or a length."""
    return of.seconds * 1_000_000 + of.nanos // 1_000


def kind_of(metric: pb2.ExperimentMetric) -> Kind:
    """Return what the sums of a metric are."""
    return KINDS[metric.WhichOneof("measure") or "proportion"]


def property_of(name: str) -> Property:
    """Return a property by its name: where it happened, or a property of the event."""
    return Property(name, Origin.CONTEXT if name in CONTEXT_COLUMNS else Origin.EVENT)


def metric_of(metric: pb2.ExperimentMetric) -> Metric:
    """Return what is measured."""
    covariate = microseconds(metric.covariate_window)
    cap = metric.cap if metric.HasField("cap") else None
    return Metric(metric.key, kind_of(metric), tuple(_parts(metric)), microseconds(metric.window), cap, covariate)


def question_of(record: pb2.ExperimentRecord, until: int, breakdown: str = "") -> Question:
    """Return what is asked about an experiment that has started; `until` is how far the store is complete."""
    experiment = record.experiment
    phases = tuple(microseconds(phase.started_at) for phase in record.phases)
    end = microseconds(record.stopped_at) if record.HasField("stopped_at") else until
    pauses = tuple(
        (microseconds(pause.started_at), microseconds(pause.ended_at) if pause.HasField("ended_at") else end)
        for pause in record.pauses
    )
    enrolment = Enrolment(
        tuple(exposures_of(experiment, arm) for arm in arms(experiment)),
        exposures_of(experiment),
        phases[0],
        max(min(end, until), phases[0]),
        phases,
        pauses,
        by_tenant(experiment),
        property_of(breakdown) if breakdown else None,
    )
    return Question(enrolment, tuple(metric_of(metric) for _, metric in metrics(experiment)), max(until, phases[0]))


def exposures_of(experiment: pb2.Experiment, variant: str = "") -> Selection:
    """
    Return the exposures of an arm, of all with "": only those that were drawn by lot, by the experiment's own rule. Who
    got a variant because they were targeted, or because the flag was off, was not.
    """
    asked = {"flag": experiment.flag_key, "reason": Reason.SPLIT.value, "rule_id": experiment.rule_id}
    asked |= {"variant": variant} if variant else {}
    return Selection(EXPOSURE, tuple(Filter(Property(name), Operator.IS, (value,)) for name, value in asked.items()))


def events_of(metric: pb2.ExperimentMetric) -> Iterator[tuple[str, pb2.EventMeasure]]:
    """Yield the events that a metric is over, with their fields."""
    field = metric.WhichOneof("measure")
    if field == "proportion":
        yield "proportion", metric.proportion
    elif field == "mean":
        yield "mean", metric.mean
    elif field == "ratio":
        yield "ratio.numerator", metric.ratio.numerator
        yield "ratio.denominator", metric.ratio.denominator
    elif field == "revenue":
        yield "revenue.sales", metric.revenue.sales
        if metric.revenue.HasField("cancellations"):
            yield "revenue.cancellations", metric.revenue.cancellations


def _parts(metric: pb2.ExperimentMetric) -> Iterator[Part]:
    for field, measure in events_of(metric):
        added = Property(measure.property) if measure.property else None
        sign = -1.0 if field == "revenue.cancellations" else 1.0
        yield Part(_selection(measure), added, sign, field == "ratio.denominator")


def _selection(measure: pb2.EventMeasure) -> Selection:
    filters = (Filter(property_of(each.property), Operator.IS, tuple(each.values)) for each in measure.conditions)
    return Selection(measure.event, tuple(filters))
