"""Points in time, as conditions and attributes write them: seconds since 1970, UTC."""

import datetime
import functools
import re

from mirante.evaluation.model import AttributeValue

_RELATIVE = re.compile(r"([+-])(\d{1,6})([smhdw])", re.ASCII)
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_SHORTEST = len("2026-01-01")


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
        return _parsed(value)
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value / 1000
    if isinstance(value, datetime.datetime):
        return _seconds(value)
    return None


@functools.lru_cache(maxsize=4096)
def _parsed(text: str) -> float | None:
    if len(text) < _SHORTEST or text[4] != "-":
        return None
    try:
        return _seconds(datetime.datetime.fromisoformat(text))
    except ValueError:
        return None


def _seconds(moment: datetime.datetime) -> float:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return moment.timestamp()
