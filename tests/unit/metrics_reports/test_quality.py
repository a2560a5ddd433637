"""What is slow, broken or clicked at in rage, and what people answer: both engines and plain recounts agree."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from services.metrics.analytics.reports.asking import Filter, Known, Operator, Origin, Property, Selection, Unit
from services.metrics.analytics.reports.intervals import newcombe
from services.metrics.analytics.reports.local_time import moment_of
from services.metrics.analytics.reports.quality.problems import Problems
from services.metrics.analytics.reports.quality.values import TopValues, ValueRow
from services.metrics.analytics.reports.quality.vitals import Rating, WebVitals, rating_of
from services.metrics.analytics.reports.running import Question, check
from services.metrics.analytics.reports.surveys.nps import Nps, NpsScore, score_interval
from services.runtime.errors import InvalidRequest
from tests.support.report_answers import DAY, SECOND, START_US, ask, ask_both, scope_of
from tests.support.report_events import ChdbEvents, Happened, Value
from tests.support.report_streams import streams

WHERE = Property("browser", Origin.CONTEXT)
FIREFOX = Filter(WHERE, Operator.IS, ("Firefox",))
PERIOD = scope_of(timedelta(days=5))
ERRORS = TopValues(scope=PERIOD, selection=Selection("A"), properties=(Property("Tipo"), Property("valor")), limit=7)
TROUBLE = Problems(scope=PERIOD, problem=Selection("X"))
SPEED = WebVitals(scope=PERIOD, event=Selection(None), page=Property("Tipo"), device=WHERE)
SCORE = Nps(scope=PERIOD, answer=Selection("A"), score=Property("valor"), unit=Unit.DAY)
VARIANTS: dict[str, Question] = {
    "values": ERRORS,
    "values of a tenant, compared": replace(
        ERRORS, scope=replace(PERIOD, tenant="acme", compare=True), properties=(WHERE,), limit=2
    ),
    "problems": TROUBLE,
    "problems by value, of who did something": replace(
        TROUBLE, by=Property("Tipo"), exposed=Selection("A"), scope=replace(PERIOD, filters=(FIREFOX,)), limit=3
    ),
    "vitals": SPEED,
    "score": SCORE,
    "score of surveys, filtered": replace(
        SCORE, survey=Property("Tipo"), unit=Unit.WEEK, scope=replace(PERIOD, filters=(FIREFOX,))
    ),
}
MEASURED: Sequence[Value] = (0, 2, 7, 9, 10, "10", "6", 6.5, 11, -1, "x", 2_500, 4_001.5, 1e9, True)


def measured(events: Sequence[Happened]) -> list[Happened]:
    """Events with values that are answers, measurements, or neither."""
    vitals = ("LCP", "INP", "CLS", "FID")
    return [
        replace(
            event,
            properties={**event.properties, "valor": MEASURED[at % len(MEASURED)], "nome": vitals[at % len(vitals)]},
        )
        for at, event in enumerate(events)
    ]


@pytest.mark.parametrize("asked", VARIANTS.values(), ids=list(VARIANTS))
@given(events=streams(span=8 * DAY, step=5 * 3_600 * SECOND))
@settings(max_examples=3)
def test_both_engines_agree(asked: Question, events: list[Happened], chdb_events: ChdbEvents) -> None:
    """Every row, count, percentile and interval is the same."""
    ask_both(asked, measured(events), chdb_events, START_US + 3 * DAY)


@given(events=streams(span=8 * DAY, step=5 * 3_600 * SECOND))
@settings(max_examples=8)
def test_definition_of_scores(events: list[Happened]) -> None:
    """A plain recount of each actor's latest answer; of one time, the one that came in last."""
    latest: dict[object, float] = {}
    order = sorted(enumerate(measured(events)), key=lambda each: (each[1].time, each[0]))
    for at, event in order:
        value = event.properties["valor"]
        inside = event.name == "A" and START_US <= event.time < START_US + 5 * DAY
        try:
            score = -1.0 if isinstance(value, bool) else float(value)
        except ValueError:
            continue
        if inside and 0 <= score <= 10 and score == int(score):
            latest[event.actor or f"nobody {at}"] = score
    kinds = Counter("detractors" if each < 7 else "passives" if each < 9 else "promoters" for each in latest.values())
    whole = ask(SCORE, measured(events)).whole
    counts = kinds["promoters"], kinds["passives"], kinds["detractors"]
    expected = NpsScore(*counts, None)
    if latest:
        expected = NpsScore(*counts, 100 * (counts[0] - counts[2]) / len(latest), *score_interval(*counts))
    assert whole == expected


def test_scores() -> None:
    """Zero is a detractor; answers outside of the scale are rejected; a changed mind counts as it is now."""
    values: list[Value] = [0, 6, 7, 8, 9, 10, 11, -1, 6.5, "x"]
    events = [Happened(actor, START_US, "A", {"valor": value}) for actor, value in enumerate(values, start=1)]
    events.append(Happened(1, START_US + DAY, "A", {"valor": 10}))
    result = ask(SCORE, events)
    assert (result.whole, result.rejected) == (NpsScore(3, 2, 1, 100 * 2 / 6, *score_interval(3, 2, 1)), 4)
    assert [bucket.answers.score for bucket in result.buckets] == [0.0, 100.0, None, None, None]
    twice = [Happened(1, START_US, "A", {"valor": value, "Tipo": str(value)}) for value in (0, 10)]
    assert (ask(SCORE, twice).whole.detractors, ask(SCORE, twice).whole.promoters) == (0, 1)
    by_survey = ask(replace(SCORE, survey=Property("Tipo")), twice).whole
    assert (by_survey.detractors, by_survey.promoters) == (1, 1)


@pytest.mark.parametrize("chances", [(0.5, 0.3, 0.2), (0.7, 0.2, 0.1), (0.9, 0.07, 0.03), (0.1, 0.2, 0.7)])
@pytest.mark.parametrize("answers", [10, 40])
def test_intervals_of_scores_hold_the_truth(answers: int, chances: tuple[float, float, float]) -> None:
    """Over all that so many people may answer, by its probability; the score itself is always within."""
    truth, held = 100 * (chances[0] - chances[2]), 0.0
    for promoters in range(answers + 1):
        for detractors in range(answers + 1 - promoters):
            counts = promoters, answers - promoters - detractors, detractors
            low, high = score_interval(*counts)
            assert low <= 100 * (promoters - detractors) / answers <= high
            ways = math.comb(answers, promoters) * math.comb(answers - promoters, detractors)
            weight = ways * math.prod(chance**count for chance, count in zip(chances, counts, strict=True))
            held += weight * (low <= truth <= high)
    assert 0.94 <= held <= 0.98


def test_values() -> None:
    """First seen is of all history, counts are of the period, what is gone is not there."""
    events = [
        Happened(1, START_US - 3 * DAY, "A", {"Tipo": "old"}),
        Happened(1, START_US - 2 * DAY, "A", {"Tipo": "x"}),
        Happened(1, START_US + SECOND, "A", {"Tipo": "x"}),
        Happened(0, START_US + 2 * SECOND, "A", {"Tipo": "x"}),
        Happened(2, START_US, "A"),
        Happened(2, START_US + 9 * DAY, "A", {"Tipo": "later"}),
    ]
    result = ask(replace(ERRORS, properties=(Property("Tipo"),)), events)
    assert result.rows == (
        ValueRow(("x",), 2, 1, moment_of(START_US - 2 * DAY), moment_of(START_US + 2 * SECOND)),
        ValueRow((None,), 1, 1, moment_of(START_US), moment_of(START_US)),
    )
    assert (result.count, result.events) == (2, 3)


def test_problems() -> None:
    """The rate of one browser against all others, with an interval that is known from elsewhere."""
    events = []
    for browser, users, affected, first in (("Safari", 70, 56, 1_000), ("Chrome", 80, 48, 2_000)):
        for number in range(users):
            actor = first + number
            name = "X" if number < affected else "A"
            events.append(Happened(actor, START_US, name, {}, {"browser": browser}))
    chrome, safari = ask(TROUBLE, events).rows
    assert (safari.users, safari.affected, safari.rate, safari.rest_rate) == (70, 56, 0.8, 0.6)
    # Newcombe 1998, table II, (a), method 10.
    assert (safari.low, safari.high) == (pytest.approx(0.0524, abs=5e-5), pytest.approx(0.3339, abs=5e-5))
    assert (safari.is_worse, chrome.is_worse) == (True, False)
    assert list(newcombe((0, 10), (0, 20))) == pytest.approx([-0.1611, 0.2775], abs=5e-5)


def test_vitals() -> None:
    """Percentiles interpolate, and the 75th is rated; what takes hours or less than nothing is left out."""
    values = [1_000.0, 2_000.0, 3_000.0, 9_000_000.0, -1.0, 2_600.0]
    events = [Happened(1, START_US, "A", {"valor": value, "nome": "LCP", "Tipo": "/"}) for value in values]
    result = ask(SPEED, events)
    [row] = result.rows
    expected = np.percentile([1_000, 2_000, 3_000, 2_600], [50, 75, 95])
    assert [row.p50, row.p75, row.p95] == pytest.approx(expected)
    assert (row.count, row.device, row.rating, result.implausible) == (4, None, Rating.NEEDS_IMPROVEMENT, 2)


@pytest.mark.parametrize(
    ("vital", "good", "poor"),
    [("LCP", 2500, 4000), ("INP", 200, 500), ("CLS", 0.1, 0.25), ("FCP", 1800, 3000), ("TTFB", 800, 1800)],
)
def test_ratings(vital: str, good: float, poor: float) -> None:
    """Limits belong to the better side."""
    ratings = [rating_of(vital, value) for value in (good, good * 1.001, poor, poor * 1.001)]
    assert ratings == [Rating.GOOD, Rating.NEEDS_IMPROVEMENT, Rating.NEEDS_IMPROVEMENT, Rating.POOR]


WRONG: dict[str, tuple[Question, str]] = {
    "no properties": (replace(ERRORS, properties=()), "properties"),
    "no such property": (replace(ERRORS, properties=(Property("Typo"),)), "properties[0]"),
    "any problem": (replace(TROUBLE, problem=Selection(None)), "problem.event"),
    "no rows": (replace(SPEED, limit=0), "limit"),
    "unknown score": (replace(SCORE, score=Property("nota")), "score"),
}


@pytest.mark.parametrize(("asked", "field"), WRONG.values(), ids=list(WRONG))
def test_wrong_questions(asked: Any, field: str) -> None:
    """Each mistake names its field."""
    with pytest.raises(InvalidRequest) as caught:
        check(asked, Known(properties={"Tipo", "valor", "nome"}))
    assert [violation.field for violation in caught.value.violations] == [field]
