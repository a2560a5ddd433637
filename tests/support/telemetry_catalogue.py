"""Catalogues for tests: from YAML, or drawn."""

from typing import Any

from hypothesis import strategies as st
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2
from mirante.api.telemetry.v1 import event_pb2
from mirante.wire import value_to_proto

from services.runtime.errors import ServiceError
from services.telemetry.catalogue.catalogue_yaml import read_catalogue
from services.telemetry.catalogue.judge import CatalogueJudge
from services.telemetry.events.judging import Judgement
from tests.support.telemetry_events import event_id

SECRET = b"s" * 32
SALES = """
policy: open
events:
  venda_criada:
    policy: strict
    properties:
      venda_id: {type: string, required: true}
      valor: {type: decimal, required: true}
      moeda: {type: string, required: true, allowed: [BRL, USD]}
      itens_count: integer
      metodo_pagamento: string
"""

LINES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=30)
_ALLOWED: dict[Any, st.SearchStrategy[Any]] = {
    pb2.PROPERTY_TYPE_STRING: st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20),
    pb2.PROPERTY_TYPE_INTEGER: st.integers(-(2**63), 2**63 - 1),
    pb2.PROPERTY_TYPE_NUMBER: st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**63 - 1),
    pb2.PROPERTY_TYPE_BOOL: st.booleans(),
    pb2.PROPERTY_TYPE_DECIMAL: st.from_regex(r"[+-]?[0-9]{1,9}(\.[0-9]{1,4})?", fullmatch=True),
    pb2.PROPERTY_TYPE_TIMESTAMP: st.datetimes().map(lambda moment: moment.isoformat(timespec="seconds") + "Z"),
}
_PLAIN = (pb2.PROPERTY_TYPE_LIST, pb2.PROPERTY_TYPE_MAP)
_MARKS = [pb2.PERSONAL_DATA_UNSPECIFIED, pb2.PERSONAL_DATA_KEEP]


@st.composite
def properties(draw: st.DrawFn, name: str) -> pb2.PropertyDefinition:
    """Properties of every type, with everything that goes together."""
    kind = draw(st.sampled_from([*_ALLOWED, *_PLAIN]))
    required = draw(st.booleans())
    allowed = draw(st.lists(_ALLOWED[kind], max_size=3)) if kind in _ALLOWED else []
    values = {each.SerializeToString(): each for each in map(value_to_proto, allowed)}
    marks = list(_MARKS) + ([] if required else [pb2.PERSONAL_DATA_DROP])
    if not values and kind in _ALLOWED and kind != pb2.PROPERTY_TYPE_BOOL:
        marks.append(pb2.PERSONAL_DATA_HASH)
    if not values and kind == pb2.PROPERTY_TYPE_STRING:
        marks.append(pb2.PERSONAL_DATA_MASK)
    return pb2.PropertyDefinition(
        name=name,
        type=kind,
        required=required,
        allowed=values.values(),
        description=draw(LINES),
        personal_data=draw(st.sampled_from(marks)),
    )


@st.composite
def definitions(draw: st.DrawFn, name: str) -> pb2.EventDefinition:
    """Definitions of events that hold together."""
    names = draw(st.lists(LINES.filter(bool), unique=True, max_size=4))
    return pb2.EventDefinition(
        name=name,
        version=draw(st.integers(1, 2**31 - 1)),
        description=draw(LINES),
        owner=draw(LINES),
        policy=draw(st.sampled_from(pb2.Policy.values())),
        properties=[draw(properties(each)) for each in names],
        stamps_trait=draw(LINES),
        sources=draw(st.lists(LINES, max_size=2)),
    )


@st.composite
def catalogues(draw: st.DrawFn) -> pb2.Catalogue:
    """Catalogues as an import reads them."""
    names = draw(st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True), unique=True, max_size=4))
    policy = draw(st.sampled_from([pb2.POLICY_STRICT, pb2.POLICY_OPEN]))
    return pb2.Catalogue(policy=policy, events=[draw(definitions(name)) for name in names])


def event(name: str = "venda_criada", /, **values: Any) -> event_pb2.Event:
    """Return an event with these properties."""
    made = event_pb2.Event(id=event_id(), name=name, tenant="acme", user_id="ana")
    for each, value in values.items():
        made.properties[each].CopyFrom(value_to_proto(value))
    return made


def sale(**values: Any) -> event_pb2.Event:
    """Return an event that `SALES` declares; what is None is left out."""
    whole: dict[str, Any] = {
        "venda_id": "v-1",
        "valor": "99.90",
        "moeda": "BRL",
        "itens_count": 3,
        "metodo_pagamento": "pix",
    }
    return event(**{name: value for name, value in (whole | values).items() if value is not None})


def judged(yaml: str, subject: event_pb2.Event, environment: str = "production") -> Judgement:
    """Return what a catalogue says about an event, which it may change."""
    return CatalogueJudge(read_catalogue(yaml), SECRET, environment).judge(subject)


def found(judgement: Judgement) -> str:
    """Return the violation in one line; empty when there is none."""
    return "" if judgement.violation is None else f"{judgement.violation.field}: {judgement.violation.description}"


def reason_of(error: ServiceError) -> str:
    """Return the reason of a refusal, without its prefix."""
    return reasons.ErrorReason.Name(error.reason).removeprefix("ERROR_REASON_")
