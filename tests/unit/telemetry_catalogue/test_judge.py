"""What the catalogue says about an event: every kind of violation, under both policies."""

import datetime
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.common.v1.value_pb2 import Value
from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2
from mirante.wire import value_from_proto, value_to_proto

from services.telemetry.catalogue.judge import CatalogueJudge
from services.telemetry.catalogue.value_checks import check_of
from tests.support.flag_strategies import SETTINGS
from tests.support.telemetry_catalogue import SALES, SECRET, definitions, event, found, judged, properties, sale

OPEN_SALES = SALES.replace("strict", "open")


def test_sound_event_has_its_definition() -> None:
    """The version travels with the event, and nothing is wrong with it."""
    judgement = judged(SALES.replace("    policy: strict", "    policy: strict\n    version: 7"), sale())
    assert (judgement.definition_version, judgement.declared) == (7, True)
    assert (judgement.violation, judgement.refused, judgement.masked) == (None, False, False)


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        ({"venda_id": None}, "properties.venda_id: is required"),
        ({"venda_id": 7}, "properties.venda_id: must be a string, got an integer"),
        ({"venda_id": ["v"]}, "properties.venda_id: must be a string, got a list"),
        ({"valor": 99.9}, 'properties.valor: must be a decimal string such as "1234.50", got a number with a fraction'),
        ({"valor": "99,90"}, 'properties.valor: must be a decimal string such as "1234.50"'),
        ({"valor": ""}, 'properties.valor: must be a decimal string such as "1234.50"'),
        ({"valor": "1" * 41}, 'properties.valor: must be a decimal string such as "1234.50"'),
        ({"moeda": "EUR"}, "properties.moeda: must be one of BRL, USD"),
        ({"moeda": 1}, "properties.moeda: must be a string, got an integer"),
        ({"itens_count": 1.5}, "properties.itens_count: must be an integer, got a number with a fraction"),
        ({"itens_count": True}, "properties.itens_count: must be an integer, got a boolean"),
        ({"metodo_pagamento": {"a": 1}}, "properties.metodo_pagamento: must be a string, got a map"),
        ({"desconto": "1"}, "properties.desconto: is not declared"),
    ],
)
def test_violation_names_field_and_reason(edit: dict[str, Any], says: str) -> None:
    """And is refused, because the event is strict."""
    judgement = judged(SALES, sale(**edit))
    assert found(judgement) == says
    assert judgement.refused
    assert judgement.reason == reasons.ERROR_REASON_CATALOGUE_VIOLATION
    assert judgement.declared


def test_open_event_is_not_refused() -> None:
    """Its violation is told all the same; what is not declared is none."""
    judgement = judged(OPEN_SALES, sale(valor=1))
    assert found(judgement).startswith("properties.valor: must be a decimal")
    assert not judgement.refused
    assert found(judged(OPEN_SALES, sale(desconto="1"))) == ""


def test_null_counts_as_absent() -> None:
    """Of a required property it is a violation, of an optional one nothing."""
    wrong, right = sale(), sale()
    wrong.properties["venda_id"].CopyFrom(Value())
    right.properties["itens_count"].CopyFrom(Value())
    assert found(judged(SALES, wrong)) == "properties.venda_id: is required"
    assert found(judged(SALES, right)) == ""


def test_first_wrong_property_is_named() -> None:
    """In the order of the definition, whatever the order of the event."""
    assert found(judged(SALES, sale(itens_count="x", valor=None))) == "properties.valor: is required"


def test_judging_leaves_the_event_as_it_was() -> None:
    """Asking for a property that is not there must not add it."""
    incomplete = sale(venda_id=None, itens_count=None)
    before = incomplete.SerializeToString(deterministic=True)
    judged(SALES, incomplete)
    assert incomplete.SerializeToString(deterministic=True) == before


@pytest.mark.parametrize("policy", ["open", "strict"])
def test_undeclared_event(policy: str) -> None:
    """Refused by a strict catalogue, else stored and known as undeclared."""
    judgement = judged(f"policy: {policy}\nevents: {{}}", event("inventado"))
    assert (judgement.declared, judgement.definition_version, judgement.masked) == (False, 0, False)
    assert judgement.refused == (policy == "strict")
    if judgement.refused:
        assert judgement.reason == reasons.ERROR_REASON_UNDECLARED_EVENT
        assert found(judgement) == "name: is not declared in the catalogue"


def test_own_policy_of_an_event_wins() -> None:
    """An open event in a strict catalogue."""
    yaml = "policy: strict\nevents: {a: {policy: open, properties: {x: integer}}, b: {properties: {x: integer}}}"
    assert not judged(yaml, event("a", x="1")).refused
    assert judged(yaml, event("b", x="1")).refused


@pytest.mark.parametrize("name", ["ana@acme.example", "Ana Souza", "x" * 65, "12345678901", "é"])
def test_odd_undeclared_names_are_not_repeated(name: str) -> None:
    """They may be personal data, and there is no end of them."""
    odd = sale()
    odd.properties[name].string_value = "x"
    assert found(judged(SALES, odd)) == "properties: holds a name that is not declared"


def test_trait_is_stamped() -> None:
    """By valid events, and by stored ones that violate."""
    yaml = "events: {login_sucesso: {stamps_trait: last_login_at, properties: {x: integer}}}"
    assert judged(yaml, event("login_sucesso")).stamps_trait == "last_login_at"
    assert judged(yaml, event("login_sucesso", x="1")).stamps_trait == "last_login_at"


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("2026-11-23T12:00:00Z", True),
        ("2026-11-23t12:00:00.123456789z", True),
        ("2026-11-23 12:00:00-03:00", True),
        ("2024-02-29T00:00:00+00:00", True),
        ("2026-02-29T00:00:00Z", False),
        ("2026-11-23T24:00:00Z", False),
        ("2026-11-23T12:00:00", False),
        ("2026-11-23", False),
        ("20261123T120000Z", False),
        ("2026-11-23T12:00:00Z\n", False),
        ("٢٠٢٦-11-23T12:00:00Z", False),
        ("", False),
    ],
)
def test_timestamps(text: str, valid: bool) -> None:
    """RFC 3339, whole, and a day that there is."""
    assert (found(judged("events: {a: {properties: {x: timestamp}}}", event("a", x=text))) == "") == valid


@pytest.mark.parametrize(
    ("text", "valid"),
    [("0", True), ("-1.5", True), ("+007.10", True), ("1.", False), (".5", False), ("1e3", False), ("1 000", False)],
)
def test_decimals(text: str, valid: bool) -> None:
    """Digits with an optional sign and fraction; no exponent, no grouping."""
    assert (found(judged("events: {a: {properties: {x: decimal}}}", event("a", x=text))) == "") == valid


def reference(definition: pb2.PropertyDefinition, value: Value) -> bool:
    """Say whether a value fits, in the simplest possible way."""
    plain = value_from_proto(value)
    if plain is None:
        return not definition.required
    if definition.personal_data == pb2.PERSONAL_DATA_HASH and re.fullmatch(r"h1:[0-9a-f]{32}", str(plain)):
        return True
    kinds: dict[int, tuple[type, ...]] = {
        pb2.PROPERTY_TYPE_INTEGER: (int,),
        pb2.PROPERTY_TYPE_NUMBER: (int, float),
        pb2.PROPERTY_TYPE_BOOL: (bool,),
        pb2.PROPERTY_TYPE_LIST: (list,),
        pb2.PROPERTY_TYPE_MAP: (dict,),
    }
    if type(plain) not in kinds.get(definition.type, (str,)):
        return False
    if definition.allowed:
        return plain in [value_from_proto(allowed) for allowed in definition.allowed]
    if definition.type == pb2.PROPERTY_TYPE_DECIMAL:
        return re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", str(plain)) is not None and len(str(plain)) <= 40
    if definition.type == pb2.PROPERTY_TYPE_TIMESTAMP:
        try:
            return datetime.datetime.fromisoformat(str(plain)).tzinfo is not None
        except ValueError:
            return False
    return True


VALUES = (
    st.sampled_from(["", "0", "99.90", "h1:" + "0" * 32, 0, 1, 0.0, 1.0, True, False, None, [], {}, ["x"], {"x": 1}])
    | st.integers(-5, 5)
    | st.text(st.characters(codec="utf-8"), max_size=5)
    | st.datetimes().map(lambda moment: moment.isoformat(timespec="seconds") + "Z")
)


@SETTINGS
@given(st.data(), properties("x"), VALUES)
def test_checks_agree_with_the_simplest_ones(
    data: st.DataObject, definition: pb2.PropertyDefinition, value: Any
) -> None:
    """For any definition and any value; allowed values among them."""
    tried = data.draw(st.sampled_from([value_to_proto(value), *definition.allowed]))
    assert (check_of(definition)(tried) is None) == reference(definition, tried)


@SETTINGS
@given(definitions("a"), st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1, max_size=5), VALUES))
def test_violations_never_hold_a_value(definition: pb2.EventDefinition, values: dict[str, Any]) -> None:
    """The same violation is told for an event with other values of the same kinds."""
    secret = "segredo-7f3a"
    texts = {name: secret if isinstance(value, str) else value for name, value in values.items()}
    texts |= {each.name: secret for each in definition.properties}
    judge = CatalogueJudge(pb2.Catalogue(policy=pb2.POLICY_STRICT, events=[definition]), SECRET, "production")
    assert secret not in found(judge.judge(event("a", **texts)))
