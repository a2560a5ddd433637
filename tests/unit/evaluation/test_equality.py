"""IN and EXISTS: typed equality, and what is there."""

import datetime

import pytest
from mirante.evaluation.model import AttributeValue, JsonValue, Operator

from tests.unit.evaluation.definitions import answer, condition, flag, matches, rule

NEW_YEAR = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("wanted", "value", "expected"),
    [
        ([1], 1, True),
        ([1], 1.0, True),
        ([1.0], 1, True),
        ([0], -0.0, True),
        ([1], True, False),
        ([0], False, False),
        ([True], 1, False),
        ([True], True, True),
        ([False], False, True),
        ([False], True, False),
        ([True], "true", False),
        (["1"], 1, False),
        ([1], "1", False),
        ([1, "a", True], "a", True),
        ([1, "a", True], True, True),
        ([2**63 - 1], 2**63 - 1, True),
        ([2.0**53], 2**53 + 1, False),
        (["a"], "b", False),
        (["a"], 7, False),
        (["a"], float("inf"), False),
    ],
    ids=str,
)
def test_typed_equality(wanted: list[JsonValue], value: AttributeValue, expected: bool) -> None:
    """A boolean never equals a number, 1 equals 1.0, text equals text; negation turns the answer around."""
    plain, negated = condition("a", Operator.IN, *wanted), condition("a", Operator.IN, *wanted, negate=True)
    assert (matches(plain, {"a": value}), matches(negated, {"a": value})) == (expected, not expected)


@pytest.mark.parametrize("value", [None, [], ["a"], ("a",), {}, {"a": "a"}, b"a", float("nan")], ids=str)
@pytest.mark.parametrize("wanted", [["a"], ["a", 1], [True]], ids=str)
@pytest.mark.parametrize("negate", [False, True])
def test_what_equals_nothing(value: AttributeValue, wanted: list[JsonValue], negate: bool) -> None:
    """Null, NaN, lists and maps are equal to nothing and different from nothing."""
    assert matches(condition("a", Operator.IN, *wanted, negate=negate), {"a": value}) is False


@pytest.mark.parametrize("operator", [operator for operator in Operator if operator is not Operator.IN_SEGMENT])
@pytest.mark.parametrize("negate", [False, True])
def test_absent_attribute(operator: Operator, negate: bool) -> None:
    """What is absent or null matches no condition, negated or not; only a negated EXISTS asks for absence."""
    values: dict[Operator, tuple[JsonValue, ...]] = {
        Operator.EXISTS: (),
        Operator.BETWEEN: (1, 2),
        Operator.IN_CIDR: ("0.0.0.0/0",),
        Operator.BEFORE: ("+1d",),
        Operator.AFTER: ("-1d",),
        Operator.LESS: (1,),
        Operator.LESS_OR_EQUAL: (1,),
        Operator.GREATER: (1,),
        Operator.GREATER_OR_EQUAL: (1,),
    }
    tested = condition("a", operator, *values.get(operator, ("1.0.0",)), negate=negate)
    expected = operator is Operator.EXISTS and negate
    assert (matches(tested, {"b": 1}), matches(tested, {"a": None})) == (expected, expected)


@pytest.mark.parametrize("value", ["", 0, False, [], {}, float("nan")], ids=str)
def test_exists(value: AttributeValue) -> None:
    """Whatever is not null exists, empty things too."""
    assert matches(condition("a", Operator.EXISTS), {"a": value}) is True
    assert matches(condition("a", Operator.EXISTS, negate=True), {"a": value}) is False


def test_datetime_counts_as_the_string_that_messages_carry() -> None:
    """A datetime is compared as text wherever text is compared, so that every door answers the same."""
    text = "2026-01-01T00:00:00+00:00"
    assert matches(condition("a", Operator.IN, text), {"a": NEW_YEAR}) is True
    assert matches(condition("a", Operator.IN, text, "x"), {"a": NEW_YEAR}) is True
    assert matches(condition("a", Operator.IN, "2026-01-02", negate=True), {"a": NEW_YEAR}) is True
    assert matches(condition("a", Operator.STARTS_WITH, "2026-01"), {"a": NEW_YEAR}) is True
    assert matches(condition("a", Operator.STARTS_WITH, "2027", negate=True), {"a": NEW_YEAR}) is True
    assert matches(condition("a", Operator.MATCHES, "T00:00"), {"a": NEW_YEAR}) is True
    assert matches(condition("a", Operator.ARRAY_ANY, text), {"a": [NEW_YEAR]}) is True


def test_several_conditions_must_all_hold() -> None:
    """A rule's conditions are joined by AND, plain string sets and others mixed."""
    tested = flag(
        fallthrough="off",
        rules=(
            rule(
                "on",
                condition("plano", Operator.IN, "premium"),
                condition("regiao", Operator.IN, "sul", "norte"),
                condition("idade", Operator.GREATER, 17),
            ),
        ),
    )
    whole: dict[str, AttributeValue] = {"plano": "premium", "regiao": "sul", "idade": 18}
    assert answer(tested, context=whole).value is True
    spoiled: list[dict[str, AttributeValue]] = [
        {"plano": "free"},
        {"regiao": "leste"},
        {"idade": 17},
        {"plano": None},
        {"regiao": ["sul"]},
    ]
    for change in spoiled:
        assert answer(tested, context=whole | change).value is False
