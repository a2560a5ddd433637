"""Who is likely to stay away: facts of both engines and a plain recount agree; the model is as good as it says."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from services.metrics.analytics.reports.asking import EVERY_EVENT, Filter, Known, Operator, Origin, Property, Selection
from services.metrics.analytics.reports.engines import clickhouse_engine, store_engine
from services.metrics.analytics.reports.impact.churn import Churn
from services.metrics.analytics.reports.impact.churn_facts import Looked, histories
from services.metrics.analytics.reports.impact.churn_histories import MOMENTS, Span, facts_at
from services.metrics.analytics.reports.impact.churn_model import FACTS
from services.metrics.analytics.reports.local_time import moment_of
from services.metrics.analytics.reports.running import Question, check
from services.metrics.analytics.store.engine import Limits
from services.runtime.errors import InvalidRequest
from tests.support.report_answers import DAY, SECOND, START, START_US, ask, ask_both, scope_of
from tests.support.report_events import ChdbEvents, Happened, snapshot_of
from tests.support.report_streams import streams

FIREFOX = Filter(Property("browser", Origin.CONTEXT), Operator.IS, ("Firefox",))
WEEK = timedelta(days=7)
ASKED = Churn(scope=scope_of(timedelta(days=28)), errors=Selection("X"), horizon=WEEK)
NOW = START_US + 28 * DAY
LOOKED = Looked(EVERY_EVENT, Selection("X"))
SPAN = Span(START_US + 9 * DAY + 7 * SECOND, history=5, horizon=2)


def recounted(
    looked: Looked, events: Sequence[Happened], cut: int, *, filtered: bool, tenant: str | None
) -> dict[int, list[float]]:
    """The facts by their definition, and whether somebody stayed away."""
    found = {}
    for actor in {each.actor for each in events if each.actor and tenant in (None, each.tenant)}:
        theirs = [each for each in events if each.actor == actor]
        seen = [each for each in theirs if not filtered or each.context.get("browser") == "Firefox"]
        active = [each for each in seen if looked.activity.event in (None, each.name)]
        before = [each for each in seen if cut - 5 * DAY <= each.time < cut]
        acts = [each for each in active if each in before]
        if not acts:
            continue
        days = {(cut - 1 - each.time) // DAY for each in acts}
        newer = {day for day in days if day < 2}
        found[actor] = [
            (cut - max(each.time for each in acts)) / DAY,
            len(days),
            len(newer) / 2 - len(days - newer) / 3,
            (cut - min(each.time for each in theirs)) / DAY,
            len({each.name for each in before}),
            sum(each.name == "X" for each in before) if looked.errors else 0,
            float(not any(cut <= each.time < min(cut + 2 * DAY, SPAN.now_us) for each in active)),
        ]
    return found


@pytest.mark.parametrize("filtered", [False, True])
@given(events=streams(span=14 * DAY, step=6 * 3_600 * SECOND))
@settings(max_examples=4)
def test_engines_and_a_recount_agree(filtered: bool, events: list[Happened], chdb_events: ChdbEvents) -> None:
    """All facts of everybody at all three moments."""
    tenant = "acme" if filtered else None
    scope = scope_of(timedelta(days=9), filters=(FIREFOX,) if filtered else (), tenant=tenant)
    looked = Looked(Selection("A"), None) if filtered else LOOKED
    # Some at the very moments, and right before them.
    events = [replace(event, time=event.time + at % 10 * SECOND) for at, event in enumerate(events)]
    with snapshot_of(events) as snapshot, store_engine(snapshot, tenant, Limits()) as engine:
        ours = histories(looked, SPAN, scope, engine)
    theirs = histories(looked, SPAN, scope, clickhouse_engine(chdb_events.holding(events)))
    assert not ours.is_sample
    for which in MOMENTS:
        expected = recounted(looked, events, SPAN.moment(which), filtered=filtered, tenant=tenant)
        for people in (ours, theirs):
            facts = facts_at(which, people, SPAN)
            assert facts.actors.tolist() == sorted(expected)
            rows = np.column_stack([facts.values, facts.stayed_away])
            for actor, row in zip(facts.actors.tolist(), rows.tolist(), strict=True):
                assert row == pytest.approx(expected[actor])


def test_long_histories(chdb_events: ChdbEvents) -> None:
    """Days are counted right however many there are, at the ends of the numbers that hold them as well."""
    span = Span(START_US + 400 * DAY, history=376, horizon=12)
    days = [0, 1, 11, 12, 58, 59, 60, 61, 62, 63, 64, 119, 120, 121, 179, 180, 240, 359, 360, 375, 376, 387, 388, 399]
    events = [Happened(1, span.now_us - 1 - day * DAY, "A") for day in days]
    with snapshot_of(events) as snapshot, store_engine(snapshot, None, Limits()) as engine:
        ours = histories(LOOKED, span, scope_of(timedelta(days=400)), engine)
    theirs = histories(LOOKED, span, scope_of(timedelta(days=400)), clickhouse_engine(chdb_events.holding(events)))
    for which in MOMENTS:
        frequency = len([day for day in days if which * 12 <= day < which * 12 + 376])
        for people in (ours, theirs):
            assert facts_at(which, people, span).values[0, FACTS.index("frequency")] == frequency


@cache
def crowd(people: int = 900, *, habits: bool = True, seed: int = 11) -> Sequence[Happened]:
    """
    People who come at any time, are active each day with a probability of their own, and at some point stay away for
    good: sooner when errors meet them. Without habits everybody is alike, and nobody knows who comes back.
    """
    chance = np.random.default_rng(seed)
    events = []
    for actor in range(1, people + 1):
        habit = float(chance.uniform(0.05, 0.9)) if habits else 0.15
        trouble = bool(chance.random() < 0.3)
        for day in range(int(chance.integers(-60, 28)), 28):
            if chance.random() >= habit:
                continue
            time = START_US + day * DAY + int(chance.integers(DAY))
            events.append(Happened(actor, time, str(chance.choice(list("ABCD"))), {}, {"user_id": f"u{actor}"}))
            if trouble and habits:
                events.append(Happened(actor, time, "X"))
            if habits and chance.random() < (0.2 if trouble else 0.03):
                break
    return events


def test_habits_are_learned(chdb_events: ChdbEvents) -> None:
    """The model ranks people of a later moment, better than recency alone, and its probabilities are what comes."""
    events = crowd()
    result = ask_both(ASKED, events, chdb_events)
    assert (result.now, result.history_days, result.silence) == (moment_of(NOW), 14, None)
    found = result.validation
    assert found.auc.low > 0.6
    assert found.auc.value - found.recency_auc.value == pytest.approx(found.gain)
    assert 0 < found.gain_low < found.gain < found.gain_high
    assert found.brier < found.base_brier
    assert sum(row.count for row in found.calibration) == result.validated_on
    assert sum(row.happened for row in found.calibration) == found.stayed_away
    assert sum(row.low <= row.predicted <= row.high for row in found.calibration) >= 8
    weights = {weight.fact: weight.coefficient for weight in result.model.weights}
    assert weights["recency"] > 0 > weights["frequency"]
    assert weights["errors"] > 0


def test_the_model_knows_nothing_of_what_it_is_tried_out_on() -> None:
    """What comes in the horizon after the later moment changes how well it did, and not what it is."""
    events = crowd()
    without = [each for each in events if each.time < NOW - 7 * DAY or each.actor % 3]
    before, after = ask(ASKED, events), ask(ASKED, without)
    assert before.model == after.model
    assert before.validation.stayed_away < after.validation.stayed_away


def test_scores() -> None:
    """Everybody who was active lately has one; the highest come first, with what makes them high."""
    result = ask(ASKED, crowd())
    everybody = ask(replace(ASKED, limit=1_000), crowd())
    assert len(everybody.people) == result.scored > len(result.people) == 100
    assert everybody.people[:100] == result.people
    chances = [each.score.probability for each in everybody.people]
    assert chances == sorted(chances, reverse=True)
    assert result.expected == pytest.approx(np.mean(chances))
    worst = result.people[0]
    assert (worst.user_id, worst.tenant) == (f"u{worst.actor}", "acme")
    last = max(each.time for each in crowd() if each.actor == worst.actor)
    values = {reason.fact: reason for reason in worst.score.reasons}
    assert values["recency"].value == pytest.approx((NOW - last) / DAY)
    assert values["recency"].value > values["recency"].typical
    for person in everybody.people:
        added = [reason.contribution for reason in person.score.reasons]
        assert added == sorted(added, reverse=True)
        assert all(each > 0 for each in added)
    assert {reason.fact for each in everybody.people for reason in each.score.reasons} <= set(FACTS)


def test_more_than_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those with the least numbers are, and it says so."""
    monkeypatch.setattr("services.metrics.analytics.reports.impact.churn_facts.MOST_PEOPLE_LOOKED_AT", 300)
    everybody = [each for each in crowd() if each.time >= START_US]
    result = ask(replace(ASKED, limit=1_000), crowd())
    assert result.sampled
    assert {each.actor for each in result.people} <= set(sorted({each.actor for each in everybody})[:300])
    assert not ask(ASKED, crowd(150)).sampled


def test_chance_is_not_sold_as_knowledge() -> None:
    """When nobody can tell who comes back, nobody is scored; what was tried is shown."""
    result = ask(ASKED, crowd(habits=False))
    assert result.silence == "its scores may rank people no better than chance"
    assert result.validation.auc.low <= 0.5
    assert (result.people, result.scored, result.expected) == ((), 0, None)


def test_silence() -> None:
    """It says what is missing."""
    assert ask(ASKED, []).silence == "there are 0 people to learn from; 100 are needed"
    assert "people to learn from; 100 are needed" in ask(ASKED, crowd(150)).silence
    faithful = [Happened(actor, START_US + day * DAY, "A") for actor in range(1, 151) for day in range(28)]
    assert ask(ASKED, faithful).silence == (
        "of 150 people to learn from, 0 stayed away and 150 came back; 20 of either are needed"
    )
    # Seen by the earlier moment only.
    gone = [Happened(1_000 + actor, START_US + DAY, "A") for actor in range(30)]
    assert ask(ASKED, faithful + gone).silence == (
        "of 150 people to try it out on, 0 stayed away and 150 came back; 20 of either are needed"
    )
    early = ask(ASKED, crowd(), complete_us=START_US + 20 * DAY)
    assert early.silence == "there are 6 days of history before two horizons; 14 are needed"
    assert early.now == moment_of(START_US + 20 * DAY)


WRONG: dict[str, tuple[Question, str]] = {
    "half a day": (replace(ASKED, horizon=timedelta(hours=36)), "horizon"),
    "a short period": (replace(ASKED, scope=scope_of(timedelta(days=27))), "scope.start"),
    "a period that ends before it begins": (replace(ASKED, scope=scope_of(end=START)), "scope.end"),
    "any error": (replace(ASKED, errors=Selection(None)), "errors.event"),
    "unknown activity": (replace(ASKED, activity=Selection("Z")), "activity.event"),
    "no people": (replace(ASKED, limit=0), "limit"),
}


@pytest.mark.parametrize(("asked", "field"), WRONG.values(), ids=list(WRONG))
def test_wrong_questions(asked: Any, field: str) -> None:
    """Each mistake names its field."""
    with pytest.raises(InvalidRequest) as caught:
        check(asked, Known(events={"A", "X"}))
    assert [violation.field for violation in caught.value.violations] == [field]
