"""The net promoter score over time. Blocking."""

import math
from dataclasses import dataclass
from typing import Any, Final

from services.metrics.analytics.reports.answers import Group, timeline
from services.metrics.analytics.reports.asking import Breakdown, Known, Property, Scope, Selection, Unit
from services.metrics.analytics.reports.checking import Checks
from services.metrics.analytics.reports.dialects import scope_condition
from services.metrics.analytics.reports.engines import Engine
from services.metrics.analytics.reports.grouping import grouping_of
from services.metrics.analytics.reports.intervals import Z
from services.metrics.analytics.reports.local_time import Clock, instant

_ANSWER: Final = Selection("nps_respondido")
_SCORE: Final = Property("nota")


@dataclass(frozen=True, slots=True, kw_only=True)
class Nps:
    """
    The net promoter score: 100 times the promoters (9 and 10) less the detractors (0 to 6), by all answers.

    Answers are whole numbers from 0 to 10; others are rejected. One answer for each actor and survey counts: the latest
    of the bucket, and of the period on the whole. Answers of nobody count each.

    Attributes:
        scope: see there.
        answer: the event.
        score: its property.
        survey: the property that tells surveys apart; None when there is one.
        unit: of buckets.
        breakdown: by a property of answers. Each group is answered as if there were no answers but its own.
    """

    scope: Scope
    answer: Selection = _ANSWER
    score: Property = _SCORE
    survey: Property | None = None
    unit: Unit = Unit.WEEK
    breakdown: Breakdown | None = None


@dataclass(frozen=True, slots=True)
class NpsScore:
    """
    Answers by kind, and the score; None without answers.

    Attributes:
        promoters: 9 and 10.
        passives: 7 and 8.
        detractors: 0 to 6.
        score: see `Nps`.
        low, high: its 95 % interval, as far as those who answered were drawn by lot from those who might have.
    """

    promoters: int
    passives: int
    detractors: int
    score: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class NpsBucket:
    """The score of a bucket."""

    label: str
    answers: NpsScore
    incomplete: bool


@dataclass(frozen=True, slots=True)
class NpsGroup:
    """The score of a group."""

    group: Group
    answers: NpsScore


@dataclass(frozen=True, slots=True)
class NpsResult:
    """
    Scores.

    Attributes:
        whole: of the period.
        buckets: of the period's buckets.
        rejected: how many answers were.
        groups: of the breakdown, those with most answers first, the others last; without those rejected altogether.
        values: how many different values the breakdown has; None without a breakdown.
    """

    whole: NpsScore
    buckets: tuple[NpsBucket, ...]
    rejected: int
    groups: tuple[NpsGroup, ...] = ()
    values: int | None = None


def check_nps(asked: Nps, known: Known) -> None:
    """Raise InvalidRequest, naming every field that is wrong."""
    checks = Checks(known)
    checks.scope(asked.scope)
    checks.selection("answer", asked.answer)
    checks.property("score", asked.score)
    if asked.survey is not None:
        checks.property("survey", asked.survey)
    checks.buckets(asked.scope, asked.unit)
    checks.breakdown(asked.breakdown)
    checks.finish()


def nps(asked: Nps, scope: Scope, engine: Engine, complete_us: int) -> NpsResult:
    """Answer the question."""
    dialect = engine.dialect
    clock = Clock(scope.time_zone, instant(scope.start), instant(scope.end))
    survey = "''" if asked.survey is None else f"coalesce({dialect.text(asked.survey)}, '')"
    valid = "score IS NOT NULL AND score >= 0 AND score <= 10 AND score = floor(score)"
    grouping = grouping_of(asked.breakdown, scope, asked.answer, engine)
    answers = (
        f"SELECT actor, {survey} AS survey, {dialect.number(asked.score)} AS score, time, position, "  # noqa: S608 - values are quoted by the dialect
        f"CASE WHEN {engine.somebody} THEN 0 ELSE position END AS alone, "
        f"{dialect.bucket(dialect.time, asked.unit, clock)} AS bucket, "
        f"{grouping.number} AS number FROM {engine.events} "
        f"WHERE {scope_condition(scope, dialect, asked.answer)}"
    )

    def kinds(buckets: str) -> dict[int, NpsScore]:
        last = dialect.latest("coalesce(score, 0)", "(time, position)")
        rows = engine.query(
            f"SELECT bucket, {dialect.true('last >= 9')}, {dialect.true('last >= 7 AND last < 9')}, "  # noqa: S608 - as above
            f"{dialect.true('last < 7')} FROM (SELECT {buckets} AS bucket, {last} AS last FROM "
            f"(SELECT actor, survey, score, time, position, alone, bucket AS own, number FROM ({answers}) AS given "
            f"WHERE {valid}) AS answers GROUP BY {buckets}, actor, survey, alone) AS latest GROUP BY bucket"
        )
        return {int(each): _score(*counts) for each, *counts in rows}

    found = kinds("own")
    whole = kinds("own * 0")
    groups = kinds("number") if grouping.groups else {}
    [[rejected]] = engine.query(f"SELECT {dialect.true(f'NOT coalesce({valid}, false)')} FROM ({answers}) AS given")  # noqa: S608 - as above
    nothing = _score(0, 0, 0)
    return NpsResult(
        whole.get(0, nothing),
        tuple(
            NpsBucket(bucket.label, found.get(bucket.number, nothing), bucket.incomplete)
            for bucket in timeline(scope, asked.unit, complete_us)
        ),
        int(rejected),
        tuple(NpsGroup(grouping.groups[number], score) for number, score in sorted(groups.items())),
        grouping.values,
    )


def score_interval(promoters: int, passives: int, detractors: int) -> tuple[float, float]:
    """
    Return the 95 % interval of a score: the normal one of the mean, with one answer of each kind added.

    Without those, a few answers that are all alike would seem certain; with them, intervals hold the truth about as
    often as they say from some ten answers on.
    """
    count = promoters + passives + detractors + 3
    mean = (promoters - detractors) / count
    half = Z * math.sqrt(((promoters + detractors + 2) / count - mean * mean) / count)
    return 100 * max(mean - half, -1.0), 100 * min(mean + half, 1.0)


def _score(promoters: Any, passives: Any, detractors: Any) -> NpsScore:
    counts = int(promoters), int(passives), int(detractors)
    answers = sum(counts)
    if not answers:
        return NpsScore(*counts, None)
    return NpsScore(*counts, 100 * (counts[0] - counts[2]) / answers, *score_interval(*counts))
