"""Each operator, table by table: what matches, what does not, and what it cannot compare."""

import datetime

import pytest
from mirante.evaluation.model import AttributeValue, JsonValue, Operator

from tests.unit.evaluation.definitions import condition, matches

NEVER: list[AttributeValue] = [None, True, [], ["1.2.3"], {}, {"a": 1}]
"""What operators on strings, versions, addresses and numbers cannot compare."""

TextTable = list[tuple[Operator, list[JsonValue], str, bool]]

TEXTS: TextTable = [
    (Operator.IN, ["sul", "norte"], "sul", True),
    (Operator.IN, ["sul", "norte"], "Sul", False),
    (Operator.IN, ["sul"], "sul ", False),
    (Operator.IN, [""], "", True),
    (Operator.STARTS_WITH, ["loja-", "filial-"], "filial-7", True),
    (Operator.STARTS_WITH, ["loja-"], "a loja-", False),
    (Operator.STARTS_WITH, ["loja-"], "LOJA-1", False),
    (Operator.STARTS_WITH, [""], "", True),
    (Operator.ENDS_WITH, ["@vendas.com", ".br"], "ana@loja.br", True),
    (Operator.ENDS_WITH, [".br"], "ana@loja.br.com", False),
    (Operator.CONTAINS, ["beta", "alfa"], "x-alfa-y", True),
    (Operator.CONTAINS, ["beta"], "bet", False),
    (Operator.MATCHES, ["^loja-[0-9]+$"], "loja-77", True),
    (Operator.MATCHES, ["^loja-[0-9]+$"], "loja-77a", False),
    (Operator.MATCHES, ["[0-9]{3}"], "ab123cd", True),
    (Operator.MATCHES, ["^a$", "^b$"], "b", True),
    (Operator.MATCHES, [r"^\pL+$"], "ação", True),
    (Operator.MATCHES, ["a.c"], "a\nc", False),
]


@pytest.mark.parametrize(("operator", "values", "text", "expected"), TEXTS)
def test_texts(operator: Operator, values: list[JsonValue], text: str, expected: bool) -> None:
    """Strings compare by code points; negation turns the answer around."""
    plain, negated = condition("a", operator, *values), condition("a", operator, *values, negate=True)
    assert (matches(plain, {"a": text}), matches(negated, {"a": text})) == (expected, not expected)


@pytest.mark.parametrize(
    ("operator", "wanted", "text", "expected"),
    [
        (Operator.IN, "SUL", "sul", True),
        (Operator.IN, "são", "SÃO", True),
        (Operator.IN, "straße", "STRASSE", True),
        (Operator.IN, "sul", "norte", False),
        (Operator.STARTS_WITH, "Loja-", "LOJA-7", True),
        (Operator.ENDS_WITH, ".BR", "ana@loja.br", True),
        (Operator.CONTAINS, "BETA", "x-beta-y", True),
        (Operator.MATCHES, "^LOJA", "loja-7", True),
    ],
)
def test_ignoring_case(operator: Operator, wanted: str, text: str, expected: bool) -> None:
    """Case is folded on both sides, beyond ASCII too."""
    assert matches(condition("a", operator, wanted, ignore_case=True), {"a": text}) is expected


@pytest.mark.parametrize(
    "operator", [Operator.STARTS_WITH, Operator.ENDS_WITH, Operator.CONTAINS, Operator.MATCHES, Operator.IN_CIDR]
)
@pytest.mark.parametrize("value", [*NEVER, 1, 1.5], ids=str)
@pytest.mark.parametrize("negate", [False, True])
def test_text_operators_compare_strings_only(operator: Operator, value: AttributeValue, negate: bool) -> None:
    """Anything but a string does not match, negated or not."""
    wanted = "10.0.0.0/8" if operator is Operator.IN_CIDR else ""
    assert matches(condition("a", operator, wanted, negate=negate), {"a": value}) is False


NUMBERS: list[tuple[Operator, list[JsonValue], int | float, bool]] = [
    (Operator.LESS, [10], 9, True),
    (Operator.LESS, [10], 10, False),
    (Operator.LESS, [10], 9.999, True),
    (Operator.LESS_OR_EQUAL, [10], 10.0, True),
    (Operator.LESS_OR_EQUAL, [10], 10.001, False),
    (Operator.GREATER, [10], 11, True),
    (Operator.GREATER, [10], 10, False),
    (Operator.GREATER, [0], -0.0, False),
    (Operator.GREATER, [2.0**53], 2**53 + 1, True),
    (Operator.GREATER_OR_EQUAL, [10.5], 10.5, True),
    (Operator.GREATER_OR_EQUAL, [10.5], 10, False),
    (Operator.GREATER, [1], float("inf"), True),
    (Operator.LESS, [1], float("-inf"), True),
    (Operator.GREATER, [1], 10**400, True),
    (Operator.BETWEEN, [1, 5], 1, True),
    (Operator.BETWEEN, [1, 5], 5, True),
    (Operator.BETWEEN, [1, 5], 0.99, False),
    (Operator.BETWEEN, [1, 5], 5.01, False),
    (Operator.BETWEEN, [3, 3], 3.0, True),
]


@pytest.mark.parametrize(("operator", "values", "number", "expected"), NUMBERS, ids=lambda value: str(value)[:30])
def test_numbers(operator: Operator, values: list[JsonValue], number: float, expected: bool) -> None:
    """Integers and doubles compare exactly with each other; negation turns the answer around."""
    plain, negated = condition("a", operator, *values), condition("a", operator, *values, negate=True)
    assert (matches(plain, {"a": number}), matches(negated, {"a": number})) == (expected, not expected)


@pytest.mark.parametrize("operator", [Operator.LESS, Operator.GREATER_OR_EQUAL, Operator.BETWEEN])
@pytest.mark.parametrize("value", [*NEVER, "5", float("nan"), datetime.datetime(2026, 1, 1)], ids=str)
@pytest.mark.parametrize("negate", [False, True])
def test_number_operators_compare_numbers_only(operator: Operator, value: AttributeValue, negate: bool) -> None:
    """A boolean is no number, NaN compares with nothing, and text is not parsed."""
    values = (0, 10) if operator is Operator.BETWEEN else (5,)
    assert matches(condition("a", operator, *values, negate=negate), {"a": value}) is False


VERSIONS: list[tuple[Operator, str, str, bool]] = [
    (Operator.SEMVER_EQUAL, "1.2.0", "v1.2", True),
    (Operator.SEMVER_EQUAL, "1.2.0", "1.2.0+build", True),
    (Operator.SEMVER_EQUAL, "1.2.0", "1.2.0-rc.1", False),
    (Operator.SEMVER_LESS, "1.10.0", "1.9.0", True),
    (Operator.SEMVER_LESS, "1.10.0", "1.10.0-rc.1", True),
    (Operator.SEMVER_LESS, "1.10.0", "1.10.0", False),
    (Operator.SEMVER_LESS_OR_EQUAL, "1.10.0", "1.10.0", True),
    (Operator.SEMVER_LESS_OR_EQUAL, "1.10.0", "1.10.1", False),
    (Operator.SEMVER_GREATER, "1.9.0", "1.10.0", True),
    (Operator.SEMVER_GREATER, "1.9.0", "1.9.0", False),
    (Operator.SEMVER_GREATER_OR_EQUAL, "1.9.0", "1.9.0", True),
    (Operator.SEMVER_GREATER_OR_EQUAL, "1.9.0", "1.9.0-beta", False),
    (Operator.SEMVER_TILDE, "1.2.3", "1.2.9", True),
    (Operator.SEMVER_TILDE, "1.2.3", "1.3.0", False),
    (Operator.SEMVER_CARET, "1.2.3", "1.9.0", True),
    (Operator.SEMVER_CARET, "0.2.3", "0.3.0", False),
]


@pytest.mark.parametrize(("operator", "wanted", "version", "expected"), VERSIONS)
def test_version_operators(operator: Operator, wanted: str, version: str, expected: bool) -> None:
    """Versions compare by precedence; negation turns the answer around."""
    plain, negated = condition("a", operator, wanted), condition("a", operator, wanted, negate=True)
    assert (matches(plain, {"a": version}), matches(negated, {"a": version})) == (expected, not expected)


@pytest.mark.parametrize("value", [*NEVER, 1, 1.2, "latest", ""], ids=str)
@pytest.mark.parametrize("negate", [False, True])
def test_what_is_no_version_matches_nothing(value: AttributeValue, negate: bool) -> None:
    """A string that is no version cannot be compared, and neither can a number."""
    assert matches(condition("a", Operator.SEMVER_LESS, "2.0.0", negate=negate), {"a": value}) is False


@pytest.mark.parametrize(
    ("address", "expected"), [("10.1.2.3", True), ("192.168.0.9", True), ("192.169.0.1", False), ("2001:db8::5", True)]
)
def test_networks(address: str, expected: bool) -> None:
    """An address lies in one of the networks; negation turns the answer around."""
    nets = ("10.0.0.0/8", "192.168.0.0/16", "2001:db8::/32")
    plain, negated = condition("a", Operator.IN_CIDR, *nets), condition("a", Operator.IN_CIDR, *nets, negate=True)
    assert (matches(plain, {"a": address}), matches(negated, {"a": address})) == (expected, not expected)


@pytest.mark.parametrize("negate", [False, True])
def test_what_is_no_address_matches_nothing(negate: bool) -> None:
    """A host name cannot be compared with a network."""
    assert matches(condition("a", Operator.IN_CIDR, "0.0.0.0/0", negate=negate), {"a": "localhost"}) is False


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        (Operator.ARRAY_ANY, ["a", "z"], True),
        (Operator.ARRAY_ANY, ["z"], False),
        (Operator.ARRAY_ANY, [], False),
        (Operator.ARRAY_ALL, ["c", "b", "a"], True),
        (Operator.ARRAY_ALL, ["a"], False),
        (Operator.ARRAY_ALL, [], False),
        (Operator.ARRAY_NONE, ["z", 1, None], True),
        (Operator.ARRAY_NONE, ["z", "b"], False),
        (Operator.ARRAY_NONE, [], True),
        (Operator.ARRAY_ANY, ("a",), True),
        (Operator.ARRAY_ANY, {"a"}, True),
        (Operator.ARRAY_ANY, [["a"], {"a": "a"}, None, float("nan")], False),
    ],
    ids=str,
)
def test_lists(operator: Operator, value: AttributeValue, expected: bool) -> None:
    """Lists against the values a and b; negation turns the answer around."""
    plain, negated = condition("l", operator, "a", "b"), condition("l", operator, "a", "b", negate=True)
    assert (matches(plain, {"l": value}), matches(negated, {"l": value})) == (expected, not expected)


def test_lists_compare_typed_and_may_ignore_case() -> None:
    """In a list a boolean is no number either, 1 equals 1.0, and case counts unless told otherwise."""
    assert matches(condition("l", Operator.ARRAY_ANY, 1), {"l": [True]}) is False
    assert matches(condition("l", Operator.ARRAY_ANY, 1), {"l": [1.0]}) is True
    assert matches(condition("l", Operator.ARRAY_ANY, True), {"l": [1, True]}) is True
    assert matches(condition("l", Operator.ARRAY_ANY, "ADMIN"), {"l": ["admin"]}) is False
    assert matches(condition("l", Operator.ARRAY_ALL, "ADMIN", "Caixa", ignore_case=True), {"l": ["admin", "CAIXA"]})


@pytest.mark.parametrize("operator", [Operator.ARRAY_ANY, Operator.ARRAY_ALL, Operator.ARRAY_NONE])
@pytest.mark.parametrize("value", [None, True, 1, 1.5, "a", b"a", {"a": 1}], ids=str)
@pytest.mark.parametrize("negate", [False, True])
def test_list_operators_compare_lists_only(operator: Operator, value: AttributeValue, negate: bool) -> None:
    """A string is no list of its letters."""
    assert matches(condition("a", operator, "a", negate=negate), {"a": value}) is False
