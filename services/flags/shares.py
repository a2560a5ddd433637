"""Shares of 100,000 buckets as people write them: "12.5%"."""

import re

_PERCENT = re.compile(r"(\d{1,3})(?:\.(\d{1,3}))?%", re.ASCII)


def percent(weight: int) -> str:
    """Return the exact percentage: 12500 -> "12.5%"."""
    whole, thousandths = divmod(weight, 1000)
    fraction = f"{thousandths:03}".rstrip("0")
    return f"{whole}.{fraction}%" if fraction else f"{whole}%"


def weight(text: str) -> int | None:
    """Return the number of buckets that "12.5%" means; None when `text` is no percentage."""
    match = _PERCENT.fullmatch(text)
    if match is None:
        return None
    whole, fraction = match.groups(default="")
    return int(whole) * 1000 + int(fraction.ljust(3, "0"))
