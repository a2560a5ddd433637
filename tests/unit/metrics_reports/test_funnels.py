"""Funnels as they are asked for: both engines give one answer; what is wrong with a question is said."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from services.metrics.analytics.reports.answers import Group
from services.metrics.analytics.reports.asking import (
    Breakdown,
    Filter,
    Known,
    Operator,
    Origin,
    Property,
    Scope,
    Selection,
    Unit,
)
from services.metrics.analytics.reports.funnels.asking import Entry, Exclusion, Funnel, FunnelPeople
from services.metrics.analytics.reports.running import check
from services.runtime.errors import InvalidRequest
from tests.support.report_answers import DAY, SECOND, START_US, ask, ask_both, scope_of, select
from tests.support.report_events import ChdbEvents, Happened
from tests.support.report_streams import streams

WHERE = Property("browser", Origin.CONTEXT)
SHORT = scope_of(timedelta(seconds=9))
PLAIN = Funnel(scope=SHORT, steps=select("ABC"), window=timedelta(seconds=4))
NOT_PIX = Filter(Property("Tipo"), Operator.IS_NOT, ("pix", "7"))
VARIANTS = {
    "plain, by hour": replace(PLAIN, unit=Unit.HOUR),
    "one tenant, compared": replace(PLAIN, scope=replace(SHORT, tenant="Loja São João", compare=True)),
    "repeated steps": replace(PLAIN, steps=select("ABA")),
    "strict order": replace(PLAIN, strict_order=True),
    "strict order, one tenant's Firefox": replace(
        PLAIN,
        scope=replace(SHORT, tenant="acme", filters=(Filter(WHERE, Operator.IS, ("Firefox",)),)),
        strict_order=True,
    ),
    "strict deduplication": replace(PLAIN, strict_deduplication=True, unit=Unit.DAY),
    "strict increase, repeated steps": replace(PLAIN, steps=select("ABB"), strict_increase=True),
    "first entry": replace(PLAIN, entry=Entry.FIRST),
    "first entry, filters": replace(PLAIN, entry=Entry.FIRST, steps=(Selection("A", (NOT_PIX,)), *select("BC"))),
    "breakdown": replace(PLAIN, breakdown=Breakdown(Property("Tipo"), 3), unit=Unit.HOUR),
    "breakdown by browser, filters": replace(
        PLAIN,
        steps=(
            Selection("A", (Filter(Property("valor"), Operator.PRESENT),)),
            Selection("B", (NOT_PIX,)),
            *select("A"),
        ),
        breakdown=Breakdown(WHERE, 2),
    ),
    "exclusions": replace(PLAIN, exclusions=(Exclusion(Selection("X"), 1, 2), Exclusion(Selection("D"), 2, 3))),
    "an exclusion, first entry": replace(
        PLAIN, entry=Entry.FIRST, exclusions=(Exclusion(Selection("X", (NOT_PIX,)), 1, 3),)
    ),
}


@pytest.mark.parametrize("funnel", VARIANTS.values(), ids=list(VARIANTS))
@given(events=streams())
@settings(max_examples=3)
def test_both_engines_agree(funnel: Funnel, events: list[Happened], chdb_events: ChdbEvents) -> None:
    """Every count, bucket, group and duration is the same."""
    result = ask_both(funnel, events, chdb_events, START_US + 10 * SECOND)
    if funnel.breakdown is not None:
        groups = [group.actors for group in result.groups]
        assert [sum(column) for column in zip(*groups, strict=True)] in ([], [step.actors for step in result.steps])


@given(events=streams())
@settings(max_examples=3)
def test_people(events: list[Happened], chdb_events: ChdbEvents) -> None:
    """Both engines name the same people, and as many as were counted."""
    dropped = ask_both(FunnelPeople(PLAIN, 2, limit=1_000), events, chdb_events)
    there = ask_both(FunnelPeople(PLAIN, 2, dropped=False, limit=1_000), events, chdb_events)
    steps = [step.actors for step in ask(PLAIN, events).steps]
    assert [len(dropped), len(there)] == [steps[1] - steps[2], steps[1]]
    assert list(there) == sorted(there, key=lambda person: (-person.reached.timestamp(), person.actor))
    assert ask_both(FunnelPeople(PLAIN, 2, dropped=False, limit=3), events, chdb_events) == there[:3]


def day(number: int, name: str, *, actor: int = 1, hour: int = 12, p: str = "") -> Happened:
    return Happened(actor, START_US + number * DAY + hour * 3_600 * SECOND, name, {"p": p} if p else {})


def test_only_the_first_step_is_in_the_period() -> None:
    """Later steps may come after its end; first steps outside of it begin nothing."""
    funnel = Funnel(scope=scope_of(timedelta(days=1)), steps=select("AB"), window=timedelta(days=2))
    events = [day(0, "A"), day(2, "B"), day(-1, "A", actor=2), day(0, "B", actor=2), day(1, "A", actor=3)]
    assert [step.actors for step in ask(funnel, events).steps] == [1, 1]


def test_what_may_still_happen() -> None:
    """A cohort is complete when its window is over at the watermark; who converted already is not waited for."""
    funnel = Funnel(scope=scope_of(timedelta(days=3)), steps=select("AB"), window=timedelta(days=1), unit=Unit.DAY)
    events = [day(0, "A"), day(1, "A", actor=2), day(1, "A", actor=3), day(1, "B", actor=3, hour=13)]
    result = ask(funnel, events, START_US + 2 * DAY)
    assert [bucket.incomplete for bucket in result.buckets] == [False, True, True]
    assert (result.incomplete, result.may_still_convert) == (True, 1)
    assert not ask(funnel, events, START_US + 4 * DAY).incomplete


def test_chains_belong_to_the_local_day_they_began() -> None:
    """Days are those of the tenant; the day without a midnight is one of them."""
    scope = Scope(start=datetime(2018, 11, 3, 3, tzinfo=UTC), end=datetime(2018, 11, 6, 2, tzinfo=UTC))
    times = [datetime(2018, 11, 4, 2, 59), datetime(2018, 11, 4, 3), datetime(2018, 11, 5, 1, 59)]
    events = [
        Happened(actor, int(time.replace(tzinfo=UTC).timestamp()) * SECOND, "A") for actor, time in enumerate(times, 1)
    ]
    buckets = ask(Funnel(scope=scope, steps=select("AB"), unit=Unit.DAY), events).buckets
    assert [(bucket.label, bucket.actors[0]) for bucket in buckets] == [
        ("2018-11-03", 1),
        ("2018-11-04", 2),
        ("2018-11-05", 0),
    ]


def test_groups() -> None:
    """The largest stay apart, the others are one; an absent value is a value."""
    values = ["x", "x", "x", "", "", "y", "z"]
    events = [day(0, "A", actor=at, p=value) for at, value in enumerate(values, start=1)]
    result = ask(Funnel(scope=scope_of(), steps=select("AB"), breakdown=Breakdown(Property("p"), 2)), events)
    assert [(each.group, each.actors[0]) for each in result.groups] == [
        (Group("x"), 3),
        (Group(None), 2),
        (Group(None, others=True), 2),
    ]
    assert result.values == 4


KNOWN = Known(events={"A", "B", "C", "venda_criada"}, properties={"valor"})
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "unknown event": ({"steps": (*select("AB"), Selection("venda_criadas"))}, "steps[2].event"),
    "unknown property": ({"steps": (Selection("A", (Filter(Property("x"), Operator.PRESENT),)), *select("B"))},
                         "steps[0].filters[0].property"),
    "no steps": ({"steps": ()}, "steps"),
    "steps without names": ({"steps": (Selection(None), *select("B"))}, "steps[0].event"),
    "too many steps": ({"steps": select("AB" * 17)}, "steps"),
    "no window": ({"window": timedelta(0)}, "window"),
    "too long a window": ({"window": timedelta(days=367)}, "window"),
    "a period that ends before it begins": ({"scope": scope_of(timedelta(days=-1))}, "scope.end"),
    "a period of four years": ({"scope": scope_of(timedelta(days=1_461))}, "scope.end"),
    "no such time zone": ({"scope": scope_of(time_zone="America/Sao_Paolo")}, "scope.time_zone"),
    "a moment without time zone": ({"scope": scope_of(start=datetime(2026, 1, 1))}, "scope.start"),
    "a breakdown of a million values": ({"breakdown": Breakdown(Property("valor"), 1_000_000)}, "breakdown.limit"),
    "hours of a year": ({"unit": Unit.HOUR, "scope": scope_of(timedelta(days=365))}, "unit"),
    "a filter without a value": ({"scope": scope_of(filters=(Filter(Property("valor"), Operator.IS),))},
                                 "scope.filters[0].values"),
    "a text as a number": ({"scope": scope_of(filters=(Filter(Property("valor"), Operator.MORE, ("x",)),))},
                           "scope.filters[0].values"),
    "an exclusion that is a step": ({"exclusions": (Exclusion(Selection("A"), 1, 2),)}, "exclusions[0].event"),
    "an exclusion in the wrong order": ({"exclusions": (Exclusion(Selection("venda_criada"), 2, 2),)}, "exclusions[0]"),
    "strict order of a repeated step": ({"steps": select("ABA"), "strict_order": True}, "strict_order"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "field"), WRONG.values(), ids=list(WRONG))
def test_wrong_questions(changes: dict[str, Any], field: str) -> None:
    """Each mistake names its field, and nothing else is blamed."""
    check(Funnel(scope=scope_of(), steps=select("ABC")), KNOWN)
    with pytest.raises(InvalidRequest) as caught:
        check(replace(Funnel(scope=scope_of(), steps=select("ABC")), **changes), KNOWN)
    assert [violation.field for violation in caught.value.violations] == [field]


def test_a_mistyped_name_is_answered_with_the_right_one() -> None:
    """What was probably meant is said."""
    with pytest.raises(InvalidRequest, match="did you mean 'venda_criada'"):
        check(Funnel(scope=scope_of(), steps=(*select("AB"), Selection("venda_criadas"))), KNOWN)


def test_names_are_looked_for_a_few_times_only() -> None:
    """Among many names that takes long: somebody may mistype hundreds. What is endless is not repeated in full."""
    names = ["vendas_criadas", *["venda_criadas"] * 31]
    known = Known(events={"venda_criada"})
    wrong = Funnel(scope=scope_of(), steps=tuple(Selection(each) for each in [*names[:-1], "v" * 10_000]))
    with pytest.raises(InvalidRequest) as caught:
        check(wrong, known)
    told = [each.description for each in caught.value.violations]
    assert (len(told), sum("did you mean" in each for each in told)) == (32, 5)
    assert len(told[-1]) < 200
