import pytest
from mirante.evaluation import Context, Reason

from tests.unit.evaluation.definitions import answer, colour_flag, target


@pytest.mark.parametrize(
    ("context", "variant"),
    [
        ({"targeting_key": "ana"}, "red"),
        ({"targeting_key": "bia"}, "green"),
        ({"targeting_key": "caio", "tenant_id": "acme"}, "blue"),
        ({"targeting_key": "bia", "tenant_id": "acme"}, "green"),
        ({"targeting_key": "dora", "tenant_id": "acme"}, "blue"),
        ({"tenant_id": "acme"}, "blue"),
        ({"tenant_id": 42}, "blue"),
        ({"tenant_id": 42.0}, "blue"),
        ({"tenant_id": "42"}, "blue"),
        ({"tenant_id": 42.5}, "none"),
        ({"tenant_id": True}, "none"),
        ({"tenant_id": ["acme"]}, "none"),
        ({"tenant_id": None}, "none"),
        ({"targeting_key": "ANA"}, "none"),
        ({"targeting_key": ""}, "none"),
        ({}, "none"),
    ],
    ids=str,
)
def test_first_target_that_names_the_value_wins(context: Context, variant: str) -> None:
    """Targets are asked in their order, by different attributes too."""
    tested = colour_flag(
        targets=(
            target("red", "ana"),
            target("green", "bia", "x"),
            target("blue", "acme", "42", "True", attribute="tenant_id"),
            target("red", "dora", "bia"),
        )
    )
    evaluated = answer(tested, context=context)
    reason = Reason.FALLTHROUGH if variant == "none" else Reason.TARGET
    assert (evaluated.variant, evaluated.reason) == (variant, reason)


def test_attributes_in_turn_keep_their_order() -> None:
    """A later target of an attribute does not jump over an earlier one of another attribute."""
    tested = colour_flag(
        targets=(
            target("red", "u1"),
            target("green", "t1", attribute="tenant_id"),
            target("blue", "u2"),
        )
    )
    context = {"targeting_key": "u2", "tenant_id": "t1"}
    assert answer(tested, context=context).variant == "green"
    assert answer(tested, context=context | {"tenant_id": "t2"}).variant == "blue"


def test_value_named_twice_goes_to_the_first() -> None:
    """Unchecked definitions may name a value twice."""
    tested = colour_flag(targets=(target("red", "ana"), target("green", "ana")))
    assert answer(tested, context={"targeting_key": "ana"}).variant == "red"


def test_ten_thousand_targets_are_one_look_up() -> None:
    """The last of many targets is found like the first."""
    tested = colour_flag(targets=tuple([target("red", f"user-{number}") for number in range(10_000)]))
    for key, variant in (("user-0", "red"), ("user-9999", "red"), ("user-10000", "none")):
        assert answer(tested, context={"targeting_key": key}).variant == variant
