"""Who is likely to stay away. Blocking."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from services.metrics.analytics.reports.asking import EVERY_EVENT, Known, Scope, Selection
from services.metrics.analytics.reports.checking import Checks
from services.metrics.analytics.reports.engines import Engine
from services.metrics.analytics.reports.impact.churn_facts import Looked, histories
from services.metrics.analytics.reports.impact.churn_histories import EARLIER, LATER, NOW, Span, facts_at
from services.metrics.analytics.reports.impact.churn_model import (
    Facts,
    Model,
    Score,
    Validation,
    described,
    score_of,
    scores,
    too_few,
    trained,
    validated,
)
from services.metrics.analytics.reports.impact.logistic import Logistic
from services.metrics.analytics.reports.local_time import DAY, instant, moment_of

LEAST_DAYS: Final = 14
"""Of history before a cut."""

MOST_PEOPLE: Final = 1_000
_ERROR: Final = Selection("erro_frontend")
USUAL_HORIZON: Final = timedelta(days=14)
_LONGEST_HORIZON: Final = timedelta(days=180)


@dataclass(frozen=True, slots=True, kw_only=True)
class Churn:
    """
    Who is likely to have no activity in the next `horizon`, by what they did before.

    Three moments are looked at: now, the end of the period or of what the store is complete for, whichever is earlier;
    one horizon before it; and two before it. At each, everybody counts who was active in the history before it: as long
    for all three, whole days, from the beginning of the period to the earliest moment. All days are of 24 hours and are
    counted back from the moment. Six things are known of everybody:

    * recency: days since the last activity;
    * frequency: days with activity;
    * trend: the share of days with activity in the newer half of the history less that in the older half;
    * tenure: days since the first event ever;
    * breadth: how many different events;
    * errors: how many of them.

    A logistic regression on them (all but the trend as ln(1 + x); standardised; coefficients penalised by half their
    squares; what is beyond all that it was fitted to counts as the utmost of that) is fitted to those of the earliest
    moment, of whom it is known who stayed away in the horizon after it. It is tried out on those of the next one, of
    whom that is known too: how well its scores rank them (AUC), beside ranking them by recency alone; its mean squared
    error, beside predicting for all the share of the earliest moment; and what it predicted beside what came, by
    tenths. Then the same model scores everybody of now. Nobody is scored when there are too few people, or when the
    interval of the AUC reaches 0.5, which is chance.

    Attributes:
        scope: the period; its filters are on all events but the first ever.
        activity: events that make somebody active.
        errors: events that are errors; None when errors are not looked at.
        horizon: whole days, 1 to 180.
        limit: of people: those with the highest scores are answered.
    """

    scope: Scope
    activity: Selection = EVERY_EVENT
    errors: Selection | None = _ERROR
    horizon: timedelta = USUAL_HORIZON
    limit: int = 100


@dataclass(frozen=True, slots=True)
class PersonAtRisk:
    """
    Somebody who is likely to stay away.

    Attributes:
        actor: their number in the store.
        tenant: whose user it is.
        user_id: the one of their latest event that names one; None when none does.
        score: what the model says of them, and why.
    """

    actor: int
    tenant: str
    user_id: str | None
    score: Score


@dataclass(frozen=True, slots=True)
class ChurnResult:
    """
    Who is likely to stay away.

    Attributes:
        now: the moment that scores are of.
        history_days: of what they did, so much is looked at.
        trained_on, validated_on, scored: how many people the model was fitted to, tried out on, and scores.
        sampled: whether there are more, of whom as many as that were taken.
        model: what was fitted; None when it could not be.
        validation: how it did; None when it could not be tried out.
        silence: why nobody is scored; None when somebody is.
        expected: the mean probability of all scored; None of nobody.
        people: those with the highest scores, of equal ones those with the least numbers first.
    """

    now: datetime
    history_days: int
    trained_on: int = 0
    validated_on: int = 0
    scored: int = 0
    sampled: bool = False
    model: Model | None = None
    validation: Validation | None = None
    silence: str | None = None
    expected: float | None = None
    people: tuple[PersonAtRisk, ...] = ()


def check_churn(asked: Churn, known: Known) -> None:
    """Raise InvalidRequest, naming every field that is wrong."""
    checks = Checks(known)
    checks.scope(asked.scope)
    checks.selection("activity", asked.activity)
    if asked.errors is not None:
        checks.selection("errors", asked.errors, any_event=False)
    if not timedelta(days=1) <= asked.horizon <= _LONGEST_HORIZON or asked.horizon % timedelta(days=1):
        checks.add("horizon", f"must be whole days, 1 to {_LONGEST_HORIZON.days}")
    elif asked.scope.start.tzinfo is not None and asked.scope.end.tzinfo is not None:
        least = 2 * asked.horizon + timedelta(days=LEAST_DAYS)
        if timedelta(0) < asked.scope.end - asked.scope.start < least:
            checks.add("scope.start", f"must be {least.days} days before scope.end: two horizons and {LEAST_DAYS} days")
    checks.number("limit", asked.limit, 1, MOST_PEOPLE)
    checks.finish()


def churn(asked: Churn, scope: Scope, engine: Engine, complete_us: int) -> ChurnResult:
    """Answer the question."""
    now, horizon = min(instant(scope.end), complete_us), asked.horizon.days
    days = (now - instant(scope.start)) // DAY - 2 * horizon
    result = ChurnResult(moment_of(now), max(days, 0))
    if days < LEAST_DAYS:
        return replace(
            result,
            silence=f"there are {result.history_days} days of history before two horizons; {LEAST_DAYS} are needed",
        )
    span = Span(now, days, horizon)
    people = histories(Looked(asked.activity, asked.errors), span, scope, engine)
    past, later, present = (facts_at(which, people, span) for which in (EARLIER, LATER, NOW))
    result = replace(result, trained_on=len(past.actors), validated_on=len(later.actors), sampled=people.is_sample)
    missing = too_few(past, "learn from") or too_few(later, "try it out on")
    if missing is not None:
        return replace(result, silence=missing)
    model = trained(past)
    validation = validated(model, later, float(past.stayed_away.mean()))
    result = replace(result, model=described(model), validation=validation)
    if validation.auc.low <= 0.5:
        return replace(result, silence="its scores may rank people no better than chance")
    chances = scores(model, present)
    return replace(
        result,
        scored=len(chances),
        expected=float(chances.mean()) if len(chances) else None,
        people=_people(model, present, np.lexsort((present.actors, -chances))[: asked.limit].tolist(), engine),
    )


def _people(model: Logistic, present: Facts, rows: list[int], engine: Engine) -> tuple[PersonAtRisk, ...]:
    """Return some people, each given by the row of their facts."""
    if not rows:
        return ()
    actors = present.actors.tolist()
    named = "CASE WHEN user_id IS NULL THEN 0 ELSE 1 END"
    latest = engine.dialect.latest("coalesce(user_id, '')", f"({named}, time, position)")
    names = {
        int(actor): (str(tenant), str(user) if int(is_named) else None)
        for actor, tenant, is_named, user in engine.query(
            f"SELECT actor, min(tenant), max({named}), "  # noqa: S608 - numbers
            f"{latest} FROM {engine.events} "
            f"WHERE actor IN ({', '.join(str(actors[row]) for row in rows)}) GROUP BY actor"
        )
    }
    return tuple(PersonAtRisk(actors[row], *names[actors[row]], score_of(model, present, row)) for row in rows)
