"""Cohorts and traits: both engines and a plain recount give one answer, whatever report is narrowed by them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from services.metrics.analytics.reports.answers import Group
from services.metrics.analytics.reports.asking import (
    EVERY_EVENT,
    Breakdown,
    Cohort,
    CohortFilter,
    Condition,
    Did,
    Filter,
    FirstDid,
    HasTrait,
    IsAmong,
    Known,
    Operator,
    Origin,
    Property,
    Selection,
)
from services.metrics.analytics.reports.cohorts.asking import CohortMembers, CohortSize
from services.metrics.analytics.reports.engagement.lifecycle import Lifecycle
from services.metrics.analytics.reports.features.asking import FeatureUse
from services.metrics.analytics.reports.funnels.asking import Funnel, FunnelPeople
from services.metrics.analytics.reports.quality.values import TopValues
from services.metrics.analytics.reports.retention.asking import Retention
from services.metrics.analytics.reports.running import Question, check
from services.metrics.analytics.reports.series.asking import Measure, Series
from services.runtime.errors import InvalidRequest
from tests.support.report_answers import DAY, SECOND, START, START_US, ask, ask_both, scope_of, select
from tests.support.report_events import ChdbEvents, Happened, Told
from tests.support.report_streams import streams

PLAN = Property("Plano", Origin.TRAIT)
IS_PRO = Filter(PLAN, Operator.IS, ("pro", "o'b\\r\""))
PERIOD = scope_of(timedelta(days=5))
OFTEN_A = Did(selection=Selection("A"), least=3)
NEVER_B = Did(selection=Selection("B"), least=0, most=0)
FIREFOX = Filter(Property("browser", Origin.CONTEXT), Operator.IS, ("Firefox",))
COHORTS = {
    "at least, of late": Cohort((Did(selection=Selection("A"), least=2, days=2),)),
    "never": Cohort((NEVER_B,)),
    "some, in a period": Cohort(
        (Did(selection=Selection("A", (FIREFOX,)), least=1, most=2, start=START, end=START + timedelta(days=3)),)
    ),
    "first in a period": Cohort((FirstDid(selection=Selection("C"), start=START + timedelta(days=1)),)),
    "all of several": Cohort((OFTEN_A, FirstDid(selection=EVERY_EVENT, days=6), HasTrait(IS_PRO))),
    "any of several": Cohort((OFTEN_A, HasTrait(Filter(PLAN, Operator.ABSENT)), NEVER_B), any=True),
    "a trait": Cohort((HasTrait(Filter(Property("idade", Origin.TRAIT), Operator.MORE, ("20",))),)),
    "a trait of what was done": Cohort((Did(selection=Selection("A", (IS_PRO,)), least=2),)),
    "some actors": Cohort((IsAmong((2**62 // 8, 2**62 // 9, 2**62 // 12, 4)),)),
}
"""By what they show."""


def told_of(events: Sequence[Happened]) -> Told:
    """Traits of some of the actors, and of one who did nothing."""
    told: dict[tuple[str, int, str], str | None] = {("acme", 77, "Plano"): "pro", ("acme", 78, "idade"): None}
    for tenant, actor in {(event.tenant, event.actor) for event in events if event.actor}:
        if actor % 3:
            told[tenant, actor, "Plano"] = ("pro", "básico", "o'b\\r\"")[actor % 7 % 3]
        if actor % 4:
            told[tenant, actor, "idade"] = str(actor % 40) if actor % 5 else "muita"
    return told


def narrowed(question: Any, **changes: Any) -> Any:
    """A question with changes of its scope."""
    return replace(question, scope=replace(question.scope, **changes))


def by_definition(events: Sequence[Happened], told: Told, cohort: Cohort, end_us: int) -> set[int]:
    """Who is in a cohort, one after the other."""
    by_actor: dict[int, list[Happened]] = {}
    for event in events:
        if event.actor:
            by_actor.setdefault(event.actor, []).append(event)

    def trait(actor: int, name: str) -> str | None:
        return next((value for key, value in told.items() if key[1:] == (actor, name)), None)

    def fulfils(actor: int, condition: Condition) -> bool:
        if isinstance(condition, IsAmong):
            return actor in condition.actors
        if isinstance(condition, HasTrait):
            return matches(trait(actor, condition.filter.property.name), condition.filter)
        start = -(2**62) if condition.start is None else int(condition.start.timestamp()) * SECOND
        end = 2**62 if condition.end is None else int(condition.end.timestamp()) * SECOND
        if condition.days is not None:
            start, end = end_us - condition.days * DAY, end_us
        name = condition.selection.event
        some = [
            event.time
            for event in by_actor[actor]
            if name in (None, event.name)
            and all(
                matches(
                    trait(actor, each.property.name)
                    if each.property.origin is Origin.TRAIT
                    else event.context.get(each.property.name),
                    each,
                )
                for each in condition.selection.filters
            )
        ]
        if isinstance(condition, FirstDid):
            return bool(some) and start <= min(some) < end
        count = sum(start <= time < end for time in some)
        return condition.least <= count and (condition.most is None or count <= condition.most)

    held = any if cohort.any else all
    return {actor for actor in by_actor if held(fulfils(actor, each) for each in cohort.conditions)}


def matches(value: str | None, asked: Filter) -> bool:
    """Whether a value fulfils one of the filters that are used here."""
    kinds: dict[Operator, Callable[[str], bool]] = {
        Operator.IS: lambda text: text in asked.values,
        Operator.MORE: lambda text: text.isdigit() and int(text) > int(asked.values[0]),
    }
    return value is None if asked.operator is Operator.ABSENT else value is not None and kinds[asked.operator](value)


@pytest.mark.parametrize("cohort", COHORTS.values(), ids=list(COHORTS))
@given(events=streams(span=8 * DAY, step=3_600 * SECOND))
@settings(max_examples=3)
def test_definition(cohort: Cohort, events: list[Happened], chdb_events: ChdbEvents) -> None:
    """Both engines find who a plain recount finds; pages of them follow each other."""
    told = told_of(events)
    expected = sorted(by_definition(events, told, cohort, START_US + 5 * DAY))
    asked = CohortMembers(scope=PERIOD, cohort=cohort, limit=7)
    found: list[int] = []
    while True:
        page = ask_both(replace(asked, after=found[-1] if found else 0), events, chdb_events, traits=told)
        found += [member.actor for member in page.members]
        assert page.count == len(expected)
        if page.next_after is None or len(found) > 7:
            break
    assert found == expected[: len(found)]
    size = ask_both(CohortSize(scope=PERIOD, cohort=cohort), events, chdb_events, traits=told)
    active = {event.actor for event in events if START_US <= event.time < START_US + 5 * DAY} - {0}
    assert (size.members, size.active, size.all_active) == (len(expected), len(active & set(expected)), len(active))


ALIKE = CohortFilter(COHORTS["all of several"])
REPORTS: dict[str, Question] = {
    "a series from keys": narrowed(
        Series(scope=PERIOD, measure=Measure.ACTORS), cohorts=(CohortFilter(Cohort((OFTEN_A,))),)
    ),
    "counts from keys": narrowed(
        Series(scope=PERIOD), cohorts=(CohortFilter(Cohort((OFTEN_A,)), outside=True),), compare=True
    ),
    "by a trait": Series(scope=PERIOD, measure=Measure.ACTORS, breakdown=Breakdown(PLAN, 2)),
    "of a trait, by another": narrowed(
        Series(
            scope=PERIOD,
            measure=Measure.SUM,
            property=Property("valor"),
            breakdown=Breakdown(Property("idade", Origin.TRAIT)),
        ),
        filters=(IS_PRO, FIREFOX),
    ),
    "sums of a trait": Series(scope=PERIOD, measure=Measure.SUM, property=Property("idade", Origin.TRAIT)),
    "without a trait": narrowed(FeatureUse(scope=PERIOD), filters=(Filter(PLAN, Operator.ABSENT),)),
    "a funnel": narrowed(
        Funnel(scope=PERIOD, steps=select("AB"), window=timedelta(days=1)),
        cohorts=(CohortFilter(COHORTS["never"], outside=True), CohortFilter(COHORTS["any of several"])),
        tenant="acme",
    ),
    "the size of a cohort in a cohort": CohortSize(
        scope=replace(PERIOD, cohorts=(ALIKE,)), cohort=COHORTS["a trait of what was done"]
    ),
    "a funnel by a trait": Funnel(
        scope=PERIOD, steps=(Selection("A", (IS_PRO,)), Selection("B")), breakdown=Breakdown(PLAN)
    ),
    "people of a funnel": FunnelPeople(
        narrowed(Funnel(scope=PERIOD, steps=select("AB")), cohorts=(CohortFilter(COHORTS["some actors"]),)), 1
    ),
    "retention": narrowed(Retention(scope=PERIOD, offsets=3, breakdown=Breakdown(PLAN)), cohorts=(ALIKE,)),
    "lifecycle": narrowed(Lifecycle(scope=PERIOD), cohorts=(CohortFilter(COHORTS["a trait"], outside=True),)),
    "values of a trait": TopValues(scope=PERIOD, selection=Selection("A"), properties=(PLAN, Property("Tipo"))),
}


@pytest.mark.parametrize("asked", REPORTS.values(), ids=list(REPORTS))
@given(events=streams(span=8 * DAY, step=3_600 * SECOND))
@settings(max_examples=3)
def test_reports_of_cohorts(asked: Question, events: list[Happened], chdb_events: ChdbEvents) -> None:
    """Both engines agree, and say what they say of the events of those actors alone."""
    told = told_of(events)
    result = ask_both(asked, events, chdb_events, START_US + 6 * DAY, traits=told)
    scope = asked.scope
    if scope.cohorts:
        tenant = [event for event in events if scope.tenant in (None, event.tenant)]
        left = {event.actor for event in events} - {0}
        for each in scope.cohorts:
            found = by_definition(tenant, told, each.cohort, START_US + 5 * DAY)
            left = left - found if each.outside else left & found
        theirs = [event for event in events if event.actor in left]
        plain = (
            narrowed(asked, cohorts=())
            if not isinstance(asked, FunnelPeople)
            else replace(asked, funnel=narrowed(asked.funnel, cohorts=()))
        )
        assert ask(plain, theirs, START_US + 6 * DAY, traits=told) == result


def test_traits_are_those_of_now() -> None:
    """An event counts with what its user is now; events of nobody and of users without the trait have none."""
    events = [Happened(1, START_US, "A"), Happened(2, START_US, "A"), Happened(0, START_US, "A")]
    asked = Series(scope=PERIOD, breakdown=Breakdown(PLAN))
    groups = ask(asked, events, traits={("acme", 1, "Plano"): "pro"}).groups
    assert [(group.group, group.total) for group in groups] == [(Group(None), 2), (Group("pro"), 1)]


WRONG: dict[str, tuple[Cohort, str]] = {
    "no conditions": (Cohort(()), "conditions"),
    "unknown event": (Cohort((Did(selection=Selection("Z")),)), "conditions[0].did.selection.event"),
    "no days": (Cohort((OFTEN_A, Did(selection=Selection("A"), days=0))), "conditions[1].did.days"),
    "most below least": (Cohort((Did(selection=Selection("A"), least=3, most=2),)), "conditions[0].did.at_most"),
    "the wrong order": (
        Cohort((FirstDid(selection=Selection("A"), start=START, end=START),)),
        "conditions[0].first_did.end",
    ),
    "days and a period": (
        Cohort((FirstDid(selection=Selection("A"), start=START, days=2),)),
        "conditions[0].first_did.days",
    ),
    "no time zone": (
        Cohort((FirstDid(selection=Selection("A"), start=datetime(2026, 1, 1)),)),
        "conditions[0].first_did.start",
    ),
    "no trait": (Cohort((HasTrait(FIREFOX),)), "conditions[0].trait.property"),
    "unknown trait": (
        Cohort((HasTrait(Filter(Property("plano", Origin.TRAIT), Operator.PRESENT)),)),
        "conditions[0].trait.property",
    ),
    "no actors": (Cohort((IsAmong(()),)), "conditions[0].actors.actors"),
}


@pytest.mark.parametrize(("cohort", "field"), WRONG.values(), ids=list(WRONG))
def test_wrong_questions(cohort: Cohort, field: str) -> None:
    """Each mistake names its field, in a cohort that is asked for and in one that is a filter."""
    known = Known(events={"A", "B", "C"}, traits={"Plano", "idade"})
    wrong: tuple[tuple[Question, str], ...] = (
        (CohortSize(scope=PERIOD, cohort=cohort), f"cohort.{field}"),
        (narrowed(Series(scope=PERIOD), cohorts=(CohortFilter(cohort),)), f"scope.cohorts[0].{field}"),
    )
    for asked, path in wrong:
        with pytest.raises(InvalidRequest) as caught:
            check(asked, known)
        assert [violation.field for violation in caught.value.violations] == [path]
