"""What is asked about the past of a design: as if everybody had been in one arm. Pure."""

from dataclasses import replace
from typing import Final

from mirante.api.metrics.v1 import experiment_pb2 as pb2
from mirante.telemetry.exposures import EXPOSURE

from services.metrics.analytics.reports.asking import EVERY_EVENT, Filter, Operator, Property, Selection
from services.metrics.experiments.data.questions import DAY, Enrolment, Question
from services.metrics.experiments.designing.asking import metric_of
from services.metrics.experiments.designing.defaults import by_tenant, metrics

EXPOSURES: Final = "exposures"
ACTIVITY: Final = "activity"
FEWEST_EXPOSED: Final = 100
"""Units that were exposed to the flag in the past, or else any activity stands for exposures."""


def past_question(experiment: pb2.Experiment, population: str, until: int, weeks: int) -> Question:
    """
    Return the question about the last weeks.

    Args:
        experiment: the design.
        population: EXPOSURES, or ACTIVITY.
        until: how far the store is complete.
        weeks: how many.
    """
    selection = EVERY_EVENT
    if population == EXPOSURES:
        flag = Filter(Property("flag"), Operator.IS, (experiment.flag_key,))
        selection = Selection(EXPOSURE, (flag,))
    start = until - weeks * 7 * DAY
    enrolment = Enrolment((selection,), selection, start, until, (start,), by_tenant=by_tenant(experiment))
    wanted = tuple(replace(metric_of(metric), covariate=0) for _, metric in metrics(experiment))
    return Question(enrolment, wanted, until)
