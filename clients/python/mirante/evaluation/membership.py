"""Typed equality against a fixed set: a boolean never equals a number, 1 equals 1.0."""

import datetime
from collections.abc import Callable, Hashable, Iterable
from typing import TypeAlias

from mirante.evaluation.model import AttributeValue, JsonValue

Contains: TypeAlias = Callable[[AttributeValue], bool | None]
"""True or False; None when a value of that type can be equal to nothing in a set."""

_BOOLEANS = {True: "true", False: "false"}


def member_key(value: AttributeValue, *, ignore_case: bool) -> Hashable | None:
    """
    Return what stands for a scalar in a set; None for what equals nothing (null, NaN, lists, maps).

    A datetime counts as the string that stands for it in messages.
    """
    if isinstance(value, str):
        return value.casefold() if ignore_case else value
    if isinstance(value, bool):
        return (_BOOLEANS[value],)
    if isinstance(value, int | float):
        return value if value == value else None  # noqa: PLR0124 - the test for NaN
    if isinstance(value, datetime.datetime):
        return member_key(value.isoformat(), ignore_case=ignore_case)
    return None


def member_keys(values: Iterable[AttributeValue], *, ignore_case: bool) -> frozenset[Hashable]:
    """Return the keys of all values that have one."""
    keys = (member_key(value, ignore_case=ignore_case) for value in values)
    return frozenset(key for key in keys if key is not None)


def compile_in(values: Iterable[JsonValue], *, ignore_case: bool) -> Contains:
    """Return the test of one attribute value against the set."""
    keys = member_keys(values, ignore_case=ignore_case)

    def contains(value: AttributeValue) -> bool | None:
        key = member_key(value, ignore_case=ignore_case)
        return None if key is None else key in keys

    return contains
