"""Asks the store about an experiment. Blocking: a million units take a second or two of both cores."""

from typing import Final

from services.metrics.analytics.reports import reading
from services.metrics.analytics.reports.asking import Origin, Property
from services.metrics.analytics.reports.reading import Source
from services.metrics.analytics.store.engine import Limits
from services.metrics.experiments.data.of_tenants import TenantWork
from services.metrics.experiments.data.of_users import UserWork
from services.metrics.experiments.data.questions import Question
from services.metrics.experiments.data.reading_events import computed_once
from services.metrics.experiments.data.tallies import Measured

TENANT: Final = Property("tenant", Origin.CONTEXT)


def measured(question: Question, source: Source, limits: Limits) -> Measured:
    """
    Return the sums of an experiment.

    Raises:
        InvalidRequest: the breakdown has too many values.
        StoreUnavailable: see `Snapshot`.
    """
    enrolment = question.enrolment
    parts = [part for metric in question.metrics for part in metric.parts]
    numbers = tuple(dict.fromkeys(part.property for part in parts if part.property is not None))
    values = (TENANT,) if enrolment.by_tenant else () if enrolment.breakdown is None else (enrolment.breakdown,)
    before = max((metric.covariate for metric in question.metrics), default=0)
    after = max((metric.window for metric in question.metrics), default=0)
    wanted = reading.Events(
        (*enrolment.arms, enrolment.all, *(part.selection for part in parts)),
        enrolment.start - before,
        enrolment.end + after,
        values=values,
        numbers=numbers,
        nobody=True,
    )
    places = {each: at for at, each in enumerate(numbers)}
    at_end = source.watermark.at_end
    if enrolment.by_tenant:
        tenants = TenantWork(question, places)
        return tenants.joined(computed_once(source, wanted, limits, tenants.of), at_end=at_end)
    users = UserWork(question, places)
    return users.joined(computed_once(source, wanted, limits, users.of), at_end=at_end)
