"""Reading in stretches of days leaves nothing out."""

import datetime
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from services.telemetry.log import BEGINNING, END, Position
from services.telemetry.log.stretches import Day, Stretch, next_stretch, unread

FIRST = datetime.date(2026, 1, 1)
HORIZON = 1_000


def day(number: int, lowest: int | None, highest: int | None, *, is_sealed: bool = True) -> Day:
    """Return what is known of a day."""
    return Day(FIRST + datetime.timedelta(days=number), is_sealed, lowest, highest)


@dataclass(frozen=True)
class Log:
    """The transactions of each day; the last days are open."""

    transactions: list[list[int]]
    open_days: int

    def days(self) -> list[Day]:
        """Return what is known of the days."""
        sealed = len(self.transactions) - self.open_days
        return [
            day(number, min(xids, default=None), max(xids, default=None))
            if number < sealed
            else day(number, min([xid for xid in xids if xid < HORIZON], default=None), None, is_sealed=False)
            for number, xids in enumerate(self.transactions)
        ]

    def rows(self, stretch: Stretch, after: Position) -> list[int]:
        """Return the transactions of a stretch after a position."""
        last = stretch.last or datetime.date.max
        done = after.xid if after.order == END else after.xid - 1
        return sorted(
            xid
            for number, xids in enumerate(self.transactions)
            if stretch.first <= FIRST + datetime.timedelta(days=number) <= last
            for xid in xids
            if done < xid < stretch.ceiling
        )


@given(
    st.lists(st.sets(st.integers(1, 1_200), max_size=6), min_size=1, max_size=40),
    st.integers(1, 9),
    st.integers(1, 5),
)
def test_every_transaction_below_the_horizon_is_read_once_and_in_order(
    days: list[set[int]], open_days: int, limit: int
) -> None:
    """Whatever days they are in: clocks jump."""
    log = Log([sorted(xids) for xids in _without_repeats(days)], min(open_days, len(days)))
    expected = sorted(xid for xids in log.transactions for xid in xids if xid < HORIZON)
    position, found = BEGINNING, []
    for _ in range(2_000):
        stretch = next_stretch(unread(log.days(), position), position, HORIZON)
        if stretch is None:
            break
        rows = log.rows(stretch, position)
        found += rows[:limit]
        if len(rows) > limit:
            position = Position(rows[limit - 1], END)
        elif stretch.ceiling < HORIZON:
            position = Position(stretch.ceiling - 1, END)
        else:
            break
    assert found == expected


def _without_repeats(days: list[set[int]]) -> list[set[int]]:
    seen: set[int] = set()
    fresh = []
    for xids in days:
        fresh.append(xids - seen)
        seen |= xids
    return fresh


def test_at_the_end_only_open_days_are_looked_at() -> None:
    """Sealed days before the position are left out; so a poll does not grow with the log."""
    days = [day(number, 10 * number + 1, 10 * number + 9) for number in range(400)]
    days.append(day(400, None, None, is_sealed=False))
    stretch = next_stretch(unread(days, Position(3_999, END)), Position(3_999, END), 5_000)
    assert stretch == Stretch(FIRST + datetime.timedelta(days=400), None, 5_000)


def test_far_behind_two_days_are_looked_at() -> None:
    """Up to where the third begins."""
    days = [day(number, 10 * number + 1, 10 * number + 9) for number in range(400)]
    stretch = next_stretch(unread(days, Position(15, 3)), Position(15, 3), 5_000)
    assert stretch == Stretch(FIRST + datetime.timedelta(days=1), FIRST + datetime.timedelta(days=2), 31)


def test_an_unfinished_transaction_keeps_its_day() -> None:
    """Its last row may be the day's last transaction."""
    days = [day(0, 1, 9), day(1, 11, 19)]
    assert unread(days, Position(9, 4)) == days
    assert unread(days, Position(9, END)) == days[1:]
