"""Which hour of the week an hour is for a tenant, and the holidays of Brazil."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from services.metrics.alerts.detection.prior import DAY
from services.metrics.alerts.detection.settings import Settings

FIXED: Final = ((1, 1), (4, 21), (5, 1), (9, 7), (10, 12), (11, 2), (11, 15), (12, 25))
CONSCIENCIA_NEGRA: Final = (11, 20)
CONSCIENCIA_NEGRA_SINCE: Final = 2024
"""Law 14.759 of 2023."""


@dataclass(frozen=True, slots=True)
class Slot:
    """An hour of the week (0 is Monday 00 h), and whether it is one of a holiday."""

    index: int
    holiday: bool


def slot_of(hour: datetime, settings: Settings) -> Slot:
    """
    Return the slot of an instant in the tenant's zone: where clocks are changed an hour may be missing, or come
    twice.
    """
    local = hour.astimezone(settings.zone)
    day = local.date()
    holiday = day in settings.holidays or (settings.national_holidays and day in national_holidays(day.year))
    weekday = settings.closed_weekday if holiday else local.weekday()
    return Slot(weekday * DAY + local.hour, holiday)


@lru_cache(maxsize=16)
def national_holidays(year: int) -> frozenset[date]:
    """
    Return the national holidays of Brazil by law; those that are optional (Carnaval, Corpus Christi) are for the
    settings.
    """
    days = {date(year, *each) for each in FIXED}
    if year >= CONSCIENCIA_NEGRA_SINCE:
        days.add(date(year, *CONSCIENCIA_NEGRA))
    return frozenset(days | {easter(year) - timedelta(days=2)})


def easter(year: int) -> date:
    """Return Easter Sunday (the Gregorian computus)."""
    golden, century = year % 19, year // 100
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (year % 100 // 4) - epact - year % 100 % 4) % 7
    shift = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)
