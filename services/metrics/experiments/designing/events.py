"""Whether the events of a design are declared in the catalogue. Pure."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from mirante.api.metrics.v1 import experiment_pb2 as pb2
from mirante.api.telemetry.v1 import catalogue_service_pb2 as catalogue_pb2
from mirante.evaluation.model import Violation

from services.metrics.analytics.reports.asking import Origin
from services.metrics.experiments.designing.asking import events_of, property_of
from services.metrics.experiments.designing.defaults import metrics
from services.runtime.errors import InvalidRequest

_NUMBERS: Final = (
    catalogue_pb2.PROPERTY_TYPE_INTEGER,
    catalogue_pb2.PROPERTY_TYPE_NUMBER,
    catalogue_pb2.PROPERTY_TYPE_DECIMAL,
)

Events = Mapping[str, catalogue_pb2.EventDefinition]


def check_events(experiment: pb2.Experiment, known: Events) -> None:
    """Raise `InvalidRequest` for events that are not declared, and for amounts that are no numbers."""
    found = [
        Violation(f"experiment.{field}.{name}.{of}", problem)
        for field, metric in metrics(experiment)
        for name, measure in events_of(metric)
        for of, problem in _problems(measure, known)
    ]
    if found:
        raise InvalidRequest(found)


def _problems(measure: pb2.EventMeasure, known: Events) -> Iterator[tuple[str, str]]:
    definition = known.get(measure.event)
    if definition is None:
        near = get_close_matches(measure.event, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        yield "event", f"is not in the catalogue{hint}"
        return
    declared = {each.name: each.type for each in definition.properties}
    if measure.property and declared.get(measure.property) not in _NUMBERS:
        yield "property", f"is no number that the catalogue declares of {measure.event}"
    for at, condition in enumerate(measure.conditions):
        if property_of(condition.property).origin is Origin.EVENT and condition.property not in declared:
            yield f"conditions[{at}].property", f"is not declared of {measure.event}"
