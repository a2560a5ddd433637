"""What people did in a period, as arrays, and what is known of them at moments in it. Pure."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from services.metrics.analytics.reports.impact.churn_model import Facts
from services.metrics.analytics.reports.local_time import DAY

NOW, LATER, EARLIER = range(3)
"""The three moments: how many horizons before now."""

MOMENTS: Final = (NOW, LATER, EARLIER)
WORD: Final = 60
"""So many days are the bits of one number."""

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Span:
    """Now (microseconds), how many days of history there are before each moment, and how many days a horizon has."""

    now_us: int
    history: int
    horizon: int

    @property
    def days(self) -> int:
        """How many there are in all, counted back from now."""
        return self.history + EARLIER * self.horizon

    def moment(self, which: int) -> int:
        """Return when a moment is."""
        return self.now_us - which * self.horizon * DAY


@dataclass(frozen=True, slots=True)
class Histories:
    """
    What people did.

    Attributes:
        actors: their numbers, ascending.
        first: when the first event ever was, of each.
        last: the last activity in the history of each moment (a column); 0: none.
        breadth: how many different events there were in it.
        errors: how many errors.
        words: the days with activity as bits, counted back from now, `WORD` in each column.
        count: how many people there are, of whom these are.
    """

    actors: Integers
    first: Integers
    last: Integers
    breadth: Integers
    errors: Integers
    words: Integers
    count: int

    @property
    def is_sample(self) -> bool:
        """Whether there are more."""
        return self.count > len(self.actors)


def facts_at(which: int, histories: Histories, span: Span) -> Facts:
    """Return what is known at a moment of everybody who was active in the history before it."""
    active = histories.last[:, which] > 0
    words, moment, begin = histories.words[active], span.moment(which), which * span.horizon
    newer_days = span.history // 2
    days = _days(words, begin, begin + span.history)
    newer = _days(words, begin, begin + newer_days)
    values = np.column_stack(
        [
            (moment - histories.last[active, which]) / DAY,
            days,
            newer / newer_days - (days - newer) / (span.history - newer_days),
            (moment - histories.first[active]) / DAY,
            histories.breadth[active, which],
            histories.errors[active, which],
        ]
    )
    after = _days(words, begin - span.horizon, begin)
    return Facts(histories.actors[active], values.astype(np.float64), after == 0)


def _days(words: Integers, first: int, end: int) -> Integers:
    """Return on how many of some days there was activity; there is no day before 0."""
    count = np.zeros(len(words), np.int64)
    for number, word in enumerate(words.T):
        low, high = (min(max(day - number * WORD, 0), WORD) for day in (first, end))
        count += np.bitwise_count(word & ((1 << high) - (1 << low)))
    return count
