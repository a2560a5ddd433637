"""Points in time, as conditions and attributes write them: seconds since 1970, UTC."""

import datetime
import functools
import math
import re

from mirante.evaluation.model import AttributeValue

# RFC 3339, which also allows lower case and a space; the time or the offset may be left out.
_RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-]\d\d:\d\d))?)?", re.ASCII)
_LONGEST = 64
_RELATIVE = re.compile(r"([+-])(\d{1,6})([smhdw])", re.ASCII)
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def relative_seconds(text: str) -> int | None:
    """Return the offset that "-7d" or "+12h" means, in seconds; None when `text` is not of that form."""
    match = _RELATIVE.fullmatch(text)
    if match is None:
        return None
    sign, number, unit = match.groups()
    seconds = int(number) * _UNIT_SECONDS[unit]
    return -seconds if sign == "-" else seconds


def instant(value: AttributeValue) -> float | None:
    """
    Return the point in time that an attribute means; None when it means none.

    An RFC 3339 string or a date, a number of milliseconds since 1970, or a datetime. Without an offset it is UTC.
    """
    if isinstance(value, str):
        return _parsed(value) if len(value) <= _LONGEST else None
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _from_milliseconds(value)
    if isinstance(value, datetime.datetime):
        return _seconds(value)
    return None


@functools.lru_cache(maxsize=4096)
def _parsed(text: str) -> float | None:
    match = _RFC_3339.fullmatch(text)
    if match is None:
        return None
    day, time, fraction, offset = match.groups()
    # Microseconds are what a datetime has; further digits are cut off.
    whole = f"{day}T{time or '00:00:00'}.{(fraction or '0')[:6]:0<6}{offset or '+00:00'}"
    try:
        return _seconds(datetime.datetime.fromisoformat(whole))
    except ValueError:
        return None


def _from_milliseconds(value: float) -> float | None:
    try:
        seconds = value / 1000
    except OverflowError:
        return None
    return None if math.isnan(seconds) else seconds


def _seconds(moment: datetime.datetime) -> float:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return moment.timestamp()
