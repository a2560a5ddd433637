"""Totals of units in the past, by which caps are set. Blocking."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from services.metrics.analytics.reports import reading
from services.metrics.analytics.reports.asking import Property
from services.metrics.analytics.reports.reading import Source, Stretch
from services.metrics.analytics.store.engine import Limits
from services.metrics.experiments.data.participants import exposed
from services.metrics.experiments.data.questions import Metric, Question
from services.metrics.experiments.data.reading_events import computed_once
from services.metrics.experiments.data.totals import Numbers, totals_of
from services.metrics.experiments.statistics.estimates import winsor_cap


def past_caps(question: Question, quantiles: Mapping[str, float], source: Source, limits: Limits) -> dict[str, float]:
    """
    Return the caps of metrics, by their keys: quantiles of the totals of all units. A metric whose quantile is not
    positive has none.

    Args:
        question: about the past, with a single arm.
        quantiles: the share of totals below the cap, of each metric that is to have one.
        source: a snapshot.
        limits: of memory and threads.
    """
    found = {}
    for metric in question.metrics:
        if metric.key in quantiles:
            totals = _totals(replace(metric, cap=None, covariate=0), question, source, limits)
            cap = winsor_cap(totals.tolist(), quantiles[metric.key]) if len(totals) else 0.0
            if cap > 0.0:
                found[metric.key] = cap
    return found


def _totals(metric: Metric, question: Question, source: Source, limits: Limits) -> Numbers:
    enrolment = question.enrolment
    numbers = tuple(dict.fromkeys(part.property for part in metric.parts if part.property is not None))
    wanted = reading.Events(
        (*enrolment.arms, enrolment.all, *(part.selection for part in metric.parts)),
        enrolment.start,
        enrolment.end + metric.window,
        numbers=numbers,
    )
    places: Mapping[Property, int] = {each: at for at, each in enumerate(numbers)}

    def of(stretch: Stretch) -> Numbers:
        found, _ = exposed(stretch, enrolment)
        watched = found.actors[found.at[found.actors] + metric.window <= question.until]
        return totals_of(metric, len(enrolment.arms) + 1, stretch, found.at, places).y[watched]

    return np.concatenate([np.empty(0), *computed_once(source, wanted, limits, of)])
