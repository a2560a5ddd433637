"""
What each operator means for one attribute value.

`compile_operator` turns a condition into a test: value -> True, False, or None when the operator cannot compare a value
of that type. Tests get the time as their second argument. Bad values raise `ValueError` here, once, and never in an
evaluation.
"""

from collections.abc import Callable, Hashable, Sequence, Set
from typing import TypeAlias

import re2

from mirante.evaluation.instants import instant, relative_seconds
from mirante.evaluation.membership import compile_in, member_key, member_keys
from mirante.evaluation.model import AttributeValue, Condition, JsonValue, Operator
from mirante.evaluation.networks import address, network
from mirante.evaluation.versions import Precedence, caret_end, precedence, tilde_end

Test: TypeAlias = Callable[[AttributeValue, float], bool | None]

_LISTS = (list, tuple, Sequence, Set)
_NO_LISTS = (str, bytes)
_MAX_PATTERN = 1_000
_MAX_PATTERN_MEMORY = 1 << 20


def compile_operator(condition: Condition) -> Test:
    """
    Return the test of a condition on one attribute (EXISTS and IN_SEGMENT are none).

    Raises:
        ValueError: the values don't fit the operator; the message says how.
    """
    return _COMPILERS[condition.operator](condition)


def compile_pattern(pattern: str, *, ignore_case: bool) -> Callable[[str], bool]:
    """Return a search for an RE2 pattern, linear in time whatever the pattern; raise ValueError when it is none."""
    if len(pattern) > _MAX_PATTERN:
        raise ValueError(f"a pattern may have {_MAX_PATTERN} characters at most")
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = not ignore_case
    options.max_mem = _MAX_PATTERN_MEMORY
    try:
        search = re2.compile(pattern, options).search
    except re2.error as error:
        reason = error.args[0] if error.args else "not a pattern"
        raise ValueError(reason.decode() if isinstance(reason, bytes) else str(reason)) from None
    return lambda text: search(text) is not None


def _single(condition: Condition) -> JsonValue:
    if len(condition.values) != 1:
        raise ValueError(f"needs exactly one value, got {len(condition.values)}")
    return condition.values[0]


def _strings(condition: Condition) -> tuple[str, ...]:
    if not condition.values:
        raise ValueError("needs at least one value")
    texts = tuple([value for value in condition.values if isinstance(value, str)])
    if len(texts) != len(condition.values):
        raise ValueError("needs strings")
    return tuple([text.casefold() for text in texts]) if condition.ignore_case else texts


def _number(value: AttributeValue) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _numbers(condition: Condition, count: int) -> list[int | float]:
    numbers = [number for number in map(_number, condition.values) if number is not None]
    if len(condition.values) != count or len(numbers) != count:
        raise ValueError(f"needs {count} number{'s' if count > 1 else ''}")
    if any(number != number for number in numbers):  # noqa: PLR0124 - the test for NaN
        raise ValueError("NaN compares with nothing")
    return numbers


def _in(condition: Condition) -> Test:
    _scalars(condition)
    contains = compile_in(condition.values, ignore_case=condition.ignore_case)
    return lambda value, _now: contains(value)


def _scalars(condition: Condition) -> None:
    if not condition.values:
        raise ValueError("needs at least one value")
    if any(member_key(value, ignore_case=False) is None for value in condition.values):
        raise ValueError("needs strings, numbers or booleans")


def _text(matches: Callable[[str, tuple[str, ...]], bool]) -> Callable[[Condition], Test]:
    def compile_text(condition: Condition) -> Test:
        wanted = _strings(condition)
        if condition.ignore_case:
            return lambda value, _now: matches(value.casefold(), wanted) if isinstance(value, str) else None
        return lambda value, _now: matches(value, wanted) if isinstance(value, str) else None

    return compile_text


def _matches(condition: Condition) -> Test:
    patterns = condition.values
    if not patterns or not all(isinstance(pattern, str) for pattern in patterns):
        raise ValueError("needs patterns")
    searches = [compile_pattern(str(pattern), ignore_case=condition.ignore_case) for pattern in patterns]
    return lambda value, _now: any(search(value) for search in searches) if isinstance(value, str) else None


def _number_comparison(compare: Callable[[int | float, int | float], bool]) -> Callable[[Condition], Test]:
    def compile_number(condition: Condition) -> Test:
        (wanted,) = _numbers(condition, 1)

        def test(value: AttributeValue, _now: float) -> bool | None:
            number = _number(value)
            if number is None:
                return None
            # NaN compares with nothing, so a negated comparison must not hold either.
            return compare(number, wanted) or (False if number == number else None)  # noqa: PLR0124

        return test

    return compile_number


def _between(condition: Condition) -> Test:
    low, high = _numbers(condition, 2)
    if low > high:
        raise ValueError("the first number must not be above the second")

    def test(value: AttributeValue, _now: float) -> bool | None:
        number = _number(value)
        if number is None:
            return None
        return low <= number <= high or (False if number == number else None)  # noqa: PLR0124 - the test for NaN

    return test


def _version_comparison(compare: Callable[[Precedence, Precedence], bool]) -> Callable[[Condition], Test]:
    def compile_version(condition: Condition) -> Test:
        single = _single(condition)
        wanted = precedence(single) if isinstance(single, str) else None
        if wanted is None:
            raise ValueError("needs a semantic version such as 1.4.2")

        def test(value: AttributeValue, _now: float) -> bool | None:
            version = precedence(value) if isinstance(value, str) else None
            return None if version is None else compare(version, wanted)

        return test

    return compile_version


def _instant_comparison(compare: Callable[[float, float], bool]) -> Callable[[Condition], Test]:
    def compile_instant(condition: Condition) -> Test:
        single = _single(condition)
        offset = relative_seconds(single) if isinstance(single, str) else None
        fixed = None if offset is not None else instant(single)
        if offset is None and fixed is None:
            raise ValueError('needs a date such as 2026-03-01T12:00:00Z, or an offset from now such as "-7d"')

        def test(value: AttributeValue, now: float) -> bool | None:
            moment = instant(value)
            if moment is None:
                return None
            return compare(moment, fixed if fixed is not None else now + (offset or 0))

        return test

    return compile_instant


def _in_cidr(condition: Condition) -> Test:
    networks = [network(text) for text in _strings(condition)]
    known = [parsed for parsed in networks if parsed is not None]
    if len(known) != len(networks):
        raise ValueError("needs networks such as 10.0.0.0/8 or 2001:db8::/32")

    def test(value: AttributeValue, _now: float) -> bool | None:
        parsed = address(value) if isinstance(value, str) else None
        return None if parsed is None else any(parsed in candidate for candidate in known)

    return test


def _array(matches: Callable[[frozenset[Hashable], frozenset[Hashable]], bool]) -> Callable[[Condition], Test]:
    def compile_array(condition: Condition) -> Test:
        _scalars(condition)
        ignore_case = condition.ignore_case
        wanted = member_keys(condition.values, ignore_case=ignore_case)

        def test(value: AttributeValue, _now: float) -> bool | None:
            if not isinstance(value, _LISTS) or isinstance(value, _NO_LISTS):
                return None
            return matches(wanted, member_keys(value, ignore_case=ignore_case))

        return test

    return compile_array


_COMPILERS: dict[Operator, Callable[[Condition], Test]] = {
    Operator.IN: _in,
    Operator.STARTS_WITH: _text(lambda text, wanted: text.startswith(wanted)),
    Operator.ENDS_WITH: _text(lambda text, wanted: text.endswith(wanted)),
    Operator.CONTAINS: _text(lambda text, wanted: any(part in text for part in wanted)),
    Operator.MATCHES: _matches,
    Operator.LESS: _number_comparison(lambda number, wanted: number < wanted),
    Operator.LESS_OR_EQUAL: _number_comparison(lambda number, wanted: number <= wanted),
    Operator.GREATER: _number_comparison(lambda number, wanted: number > wanted),
    Operator.GREATER_OR_EQUAL: _number_comparison(lambda number, wanted: number >= wanted),
    Operator.BETWEEN: _between,
    Operator.SEMVER_EQUAL: _version_comparison(lambda version, wanted: version == wanted),
    Operator.SEMVER_LESS: _version_comparison(lambda version, wanted: version < wanted),
    Operator.SEMVER_LESS_OR_EQUAL: _version_comparison(lambda version, wanted: version <= wanted),
    Operator.SEMVER_GREATER: _version_comparison(lambda version, wanted: version > wanted),
    Operator.SEMVER_GREATER_OR_EQUAL: _version_comparison(lambda version, wanted: version >= wanted),
    Operator.SEMVER_TILDE: _version_comparison(lambda version, wanted: wanted <= version < tilde_end(wanted)),
    Operator.SEMVER_CARET: _version_comparison(lambda version, wanted: wanted <= version < caret_end(wanted)),
    Operator.BEFORE: _instant_comparison(lambda moment, wanted: moment < wanted),
    Operator.AFTER: _instant_comparison(lambda moment, wanted: moment > wanted),
    Operator.IN_CIDR: _in_cidr,
    Operator.ARRAY_ANY: _array(lambda wanted, elements: not wanted.isdisjoint(elements)),
    Operator.ARRAY_ALL: _array(lambda wanted, elements: wanted <= elements),
    Operator.ARRAY_NONE: _array(lambda wanted, elements: wanted.isdisjoint(elements)),
}
