"""Hours of the week in the tenant's zone, and the holidays of Brazil."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from services.metrics.alerts.detection import Settings
from services.metrics.alerts.detection.calendars import Slot, easter, national_holidays, slot_of

SUNDAY_FROM = 144


@pytest.mark.parametrize(
    ("instant", "slot"),
    [
        (datetime(2026, 3, 2, 2, tzinfo=UTC), 144 + 23),  # still Sunday in São Paulo
        (datetime(2026, 3, 2, 3, tzinfo=UTC), 0),
        (datetime(2018, 11, 4, 3, tzinfo=UTC), 144 + 1),  # midnight was left out
        (datetime(2018, 2, 18, 1, tzinfo=UTC), 120 + 23),  # this hour ...
        (datetime(2018, 2, 18, 2, tzinfo=UTC), 120 + 23),  # ... came twice
    ],
)
def test_an_hour_of_the_week_is_one_of_the_zone(instant: datetime, slot: int) -> None:
    """The local hour counts, also on the days on which clocks were changed."""
    assert slot_of(instant, Settings()) == Slot(slot, holiday=False)


def test_a_holiday_is_read_as_the_closed_day() -> None:
    """National holidays by law, and those that are set, are Sundays; for another country they can be left out."""
    good_friday = datetime(2026, 4, 3, 15, tzinfo=UTC)
    own = datetime(2026, 1, 26, 15, tzinfo=UTC)
    assert slot_of(good_friday, Settings()) == Slot(SUNDAY_FROM + 12, holiday=True)
    assert slot_of(good_friday, Settings(national_holidays=False)) == Slot(4 * 24 + 12, holiday=False)
    assert slot_of(own, Settings()) == Slot(12, holiday=False)
    assert slot_of(own, Settings(holidays=frozenset({date(2026, 1, 26)}))).holiday
    assert slot_of(own, Settings(zone=ZoneInfo("Asia/Tokyo"))).index == 24


def test_easter_and_the_days_that_the_law_names() -> None:
    """Easter moves from 22 March to 25 April; 20 November is a national holiday since 2024."""
    assert [easter(year) for year in (1818, 2024, 2026, 2038)] == [
        date(1818, 3, 22), date(2024, 3, 31), date(2026, 4, 5), date(2038, 4, 25),
    ]  # fmt: skip
    assert len(national_holidays(2023)) == 9
    assert national_holidays(2024) - {date(2024, 3, 29)} == {
        date(2024, 1, 1), date(2024, 4, 21), date(2024, 5, 1), date(2024, 9, 7), date(2024, 10, 12),
        date(2024, 11, 2), date(2024, 11, 15), date(2024, 11, 20), date(2024, 12, 25),
    }  # fmt: skip
