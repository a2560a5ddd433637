"""Experiments that have started, and what the store would say of them, for tests."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from google.protobuf.duration_pb2 import Duration
from mirante.api.metrics.v1 import experiment_pb2 as pb2

from services.metrics.experiments.data.participants import Counts
from services.metrics.experiments.data.questions import DAY, Question
from services.metrics.experiments.data.tallies import SUMS, Measured
from services.metrics.experiments.designing.asking import question_of

START_S = 1_790_000_000
ARMS = ("control", "collaborative", "content")


def proportion(key: str = "conversao", event: str = "venda_criada", **changes: Any) -> pb2.ExperimentMetric:
    """A proportion."""
    measure = pb2.EventMeasure(event=event)
    return pb2.ExperimentMetric(key=key, proportion=measure, **({"window": Duration(seconds=1)} | changes))


def errors(margin: float = 0.01) -> pb2.ExperimentMetric:
    """A guardrail: fewer errors are better."""
    return proportion("erros", "erro_frontend", margin=margin, direction=pb2.METRIC_DIRECTION_LOWER_IS_BETTER)


def design(**changes: Any) -> pb2.Experiment:
    """The worked example of recommendations."""
    fields: dict[str, Any] = {
        "key": "recomendacao",
        "hypothesis": "Recomendar o que outros compraram vende mais",
        "flag_key": "recomendacao",
        "control": ARMS[0],
        "arms": [pb2.ExperimentArm(variant=arm, weight=1) for arm in ARMS],
        "primary": proportion(),
        "rules": pb2.DecisionRules(
            method=pb2.DECISION_METHOD_ALWAYS_VALID, planned_units=5_000, minimum_effect=0.02, minimum_days=0
        ),
    }
    return pb2.Experiment(**(fields | changes))


def started(experiment: pb2.Experiment) -> pb2.ExperimentRecord:
    """The experiment, started a week before `now_us`, with one phase."""
    record = pb2.ExperimentRecord(experiment=experiment, state=pb2.EXPERIMENT_STATE_RUNNING, version=2)
    record.started_at.seconds = START_S
    record.phases.add(arms=experiment.arms).started_at.seconds = START_S
    return record


def now_us(days: float = 7.0) -> int:
    """So many days after the start."""
    return START_S * 1_000_000 + int(days * DAY)


def asked(record: pb2.ExperimentRecord, days: float = 7.0) -> Question:
    """What the store is asked."""
    return question_of(record, now_us(days))


def said(question: Question, units: Sequence[int], **conversions: Sequence[int]) -> Measured:
    """What the store says: so many units of each arm, and conversions of each metric, all of them on the last day."""
    cells = (1, len(units), question.days)
    exposures = np.zeros(cells, np.int64)
    exposures[0, :, -1] = units
    metrics = {}
    for metric in question.metrics:
        sums = np.zeros((*cells, SUMS))
        sums[0, :, -1, 0] = units
        sums[0, :, -1, 1] = sums[0, :, -1, 2] = conversions[metric.key]
        metrics[metric.key] = sums
    return Measured(exposures, metrics, Counts())
