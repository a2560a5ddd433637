"""What an outbox refuses: what the service would refuse whatever its catalogue says, and nothing else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mirante.outbox.checks import refuse_invalid
from mirante.telemetry.event import build_event

from services.telemetry.events.checks import violation_of

VALID: dict[str, Any] = {"name": "venda_criada", "properties": {"valor": "1.00"}, "tenant": "acme", "user_id": "ana"}


def nested(levels: int) -> Any:
    """Return a property of so many levels, the properties themselves included."""
    return "x" if levels == 1 else [nested(levels - 1)]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "Venda"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "v" * 101}, "name"),
        ({"tenant": "ç" * 51}, "tenant"),
        ({"tenant": "ac\x00me"}, "tenant"),
        ({"user_id": "u" * 201}, "user_id"),
        ({"anonymous_id": "u" * 201}, "anonymous_id"),
        ({"session_id": "s" * 101}, "session_id"),
        ({"event_id": "b3e0ab2c-6a6e-4a86-a6c5-9f1fe80a2a6e"}, "event_id"),
        ({"properties": {f"p{number}": 1 for number in range(256)}}, "properties"),
        ({"properties": {"": 1}}, "properties"),
        ({"properties": {"p" * 101: 1}}, "properties"),
        ({"properties": {"p\x00": 1}}, "properties"),
        ({"properties": {"valor": "1\x00"}}, "properties.valor"),
        ({"properties": {"itens": [{"produto": "a\x00"}]}}, "properties.itens"),
        ({"properties": {"itens": {"a\x00": 1}}}, "properties.itens"),
        ({"properties": {"itens": nested(6)}}, "properties.itens"),
        ({"properties": {"texto": "x" * 65_530}}, "properties"),
    ],
)
def test_the_error_names_the_field_and_holds_no_content(wrong: dict[str, Any], field: str) -> None:
    """So that it may be logged."""
    event = build_event(**VALID | wrong)
    with pytest.raises(ValueError, match=rf"^{field}: ") as raised:
        refuse_invalid(event)
    assert not any(str(text) in str(raised.value) for text in wrong.values() if text)


def test_what_is_just_small_enough_is_taken() -> None:
    """The bounds themselves are allowed."""
    properties = {f"p{number}": 1 for number in range(253)} | {"p" * 100: nested(5), "texto": "x" * 50_000}
    refuse_invalid(
        build_event(
            "v" * 100, properties, tenant="ç" * 50, user_id="u" * 200, anonymous_id="a" * 200, session_id="s" * 100
        )
    )


TEXTS = st.text(st.sampled_from("a_9Zç\x00"), max_size=205) | st.sampled_from(["acme", "u" * 200, "ç" * 50, "ç" * 51])
VALUES = st.recursive(
    TEXTS | st.integers(-5, 5) | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.none(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=8,
)


@given(st.one_of(st.just("venda_criada"), TEXTS), TEXTS, TEXTS, st.dictionaries(TEXTS, VALUES, max_size=3))
def test_it_agrees_with_the_service(name: str, tenant: str, user_id: str, properties: dict[str, Any]) -> None:
    """Whatever the service refuses here as well, and only that."""
    event = build_event(name, properties, tenant=tenant, user_id=user_id)
    try:
        refuse_invalid(event)
    except ValueError:
        refused = True
    else:
        refused = False
    assert refused == (violation_of(event, has_nul=True) is not None)
