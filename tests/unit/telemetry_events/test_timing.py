"""When an event happened, by three clocks."""

import datetime

from hypothesis import given
from hypothesis import strategies as st

from services.telemetry.events.timing import (
    CLAMPED,
    CORRECTED,
    FUTURE,
    IN_FUTURE,
    IS_LATE,
    LATE,
    STEP,
    Skews,
    Timing,
    timing_of,
)

NOW = 1_795_000_000_000_000
SECOND = 1_000_000


def test_a_right_clock_is_left_alone() -> None:
    """Also when the batch was under way for minutes."""
    skews = Skews()
    assert skews.skew("a", NOW - 100 * SECOND, NOW) == 0
    assert timing_of(NOW - SECOND, NOW, 0) == Timing(NOW - SECOND)


def test_a_wrong_clock_is_corrected_in_steps() -> None:
    """An hour and 20 seconds slow: an hour is added, and the correction is on record."""
    skew = Skews().skew("a", NOW - 3620 * SECOND, NOW)
    assert skew == 3600 * SECOND
    assert timing_of(NOW - 3700 * SECOND, NOW, skew) == Timing(NOW - 100 * SECOND, (CORRECTED,))


def test_a_step_is_held_near_its_edge() -> None:
    """A clock that is about two and a half minutes wrong must not flip between two corrections."""
    skews = Skews()
    assert skews.skew("a", NOW - 149 * SECOND, NOW) == 0
    assert skews.skew("a", NOW - 151 * SECOND, NOW) == 0
    assert skews.skew("a", NOW - 310 * SECOND, NOW) == STEP
    assert skews.skew("a", NOW - 149 * SECOND, NOW) == STEP
    assert skews.skew("b", NOW - 149 * SECOND, NOW) == 0, "another client has its own clock"


@given(
    wrong=st.integers(-10 * STEP, 10 * STEP),
    transits=st.lists(st.integers(0, STEP - 1), min_size=2, max_size=20),
)
def test_transit_never_reorders_a_device(wrong: int, transits: list[int]) -> None:
    """Events of one clock keep their order, whatever delay below a step each batch has."""
    skews, times = Skews(), []
    first = skews.skew("device", NOW + wrong, NOW + transits[0])
    for number, transit in enumerate(transits):
        real = NOW + number * 2 * SECOND
        received = real + transit
        skew = skews.skew("device", real + wrong, received)
        if abs((received - real - wrong) - first) >= STEP:
            return  # the clock itself is a whole step away from what was held
        times.append(timing_of(real + wrong, received + 10 * STEP, skew).occurred_us)
    assert times == sorted(times)


def test_the_far_future_becomes_now() -> None:
    """Up to an hour ahead is kept and marked; what lies beyond is when it was received."""
    assert timing_of(NOW + FUTURE, NOW, 0) == Timing(NOW + FUTURE, (IN_FUTURE,))
    assert timing_of(NOW + FUTURE + 1, NOW, 0) == Timing(NOW, (CLAMPED,))


def test_the_past_is_kept() -> None:
    """However long ago it was; more than five days are marked."""
    assert timing_of(NOW - LATE, NOW, 0) == Timing(NOW - LATE)
    assert timing_of(NOW - LATE - 1, NOW, 0) == Timing(NOW - LATE - 1, (IS_LATE,))


def test_impossible_years_become_now() -> None:
    """Before 1971 and from the year 10,000 on."""
    assert timing_of(0, NOW, 0) == Timing(NOW, (CLAMPED,))
    assert timing_of(-62_135_596_800 * SECOND, NOW, 0) == Timing(NOW, (CLAMPED,))
    assert timing_of(253_402_300_800 * SECOND, NOW, 0) == Timing(NOW, (CLAMPED,))


def test_a_clock_that_is_wrong_by_centuries_corrects_nothing() -> None:
    """What it would correct to is no time either."""
    for year in (1, 9_999):
        sent = int(datetime.datetime(year, 6, 1, tzinfo=datetime.UTC).timestamp()) * SECOND
        skew = Skews().skew("", sent, NOW)
        assert timing_of(NOW, NOW, skew) == Timing(NOW, (CLAMPED,))


def test_clients_are_forgotten_in_time() -> None:
    """Memory is bounded however many clients there are."""
    skews = Skews()
    for number in range(60_000):
        skews.skew(str(number), NOW, NOW)
    assert len(skews._held) == 50_000
