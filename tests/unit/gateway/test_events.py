"""Events as browsers write them."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mirante.telemetry.event_id import uuid7

from services.gateway.access.browser_tokens import Visitor
from services.gateway.events.batches import check_sender, read_batch
from services.gateway.events.reading import MalformedEvent, read_event
from services.runtime.errors import InvalidRequest
from tests.support.gateway_serving import id_bytes, new_event

ANA = Visitor("production", "acme", "ana", 0.0)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def test_fields_arrive_as_they_are() -> None:
    """With names of the contract; a null is as good as nothing."""
    document = new_event(
        tenant=None,
        session_id="s",
        occurred_at=1_800_000_000_123,
        properties={"valor": "10.50", "n": 3, "x": 3.0, "nothing": None},
        context={"library": {"name": "mirante-web", "version": "1"}, "release": None, "device": {"type": "mobile"}},
    )
    event = read_event(document)
    assert event.id == id_bytes(document)
    assert (event.tenant, event.session_id) == ("", "s")
    assert event.occurred_at.ToMilliseconds() == 1_800_000_000_123
    assert {name: value.WhichOneof("kind") for name, value in event.properties.items()} == {
        "valor": "string_value", "n": "int_value", "x": "double_value", "nothing": None,
    }  # fmt: skip
    assert (event.context.library.name, event.context.device.type) == ("mirante-web", "mobile")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": None}, "id"), ({"id": 7}, "id"), ({"id": "x"}, "id"),
        ({"id": "f47ac10b-58cc-4372-a567-0e02b2c3d479"}, "id"),  # version 4
        ({"name": 7}, "name"), ({"name": "\udfff"}, "name"), ({"user_id": ["a"]}, "user_id"),
        ({"occurred_at": "yesterday"}, "occurred_at"), ({"occurred_at": "2026-01-01T00:00:00"}, "occurred_at"),
        ({"occurred_at": True}, "occurred_at"), ({"occurred_at": 1e300}, "occurred_at"),
        ({"occurred_at": float("inf")}, "occurred_at"), ({"occurred_at": {}}, "occurred_at"),
        ({"properties": []}, "properties"), ({"properties": {"a": 2**63}}, "properties.a"),
        ({"properties": {"a": ["\ud800"]}}, "properties.a"), ({"properties": {"\ud800": 1}}, "properties"),
        ({"context": 1}, "context"), ({"context": {"page": "x"}}, "context.page"),
        ({"context": {"page": {"url": "x"}}}, "context.page.url"), ({"context": {"ip": "x"}}, "context.ip"),
        ({"context": {"page": {"path": 1}}}, "context.page.path"), ({"tenant_id": "x"}, "tenant_id"),
    ],
)  # fmt: skip
def test_what_is_malformed_is_named(change: dict[str, Any], field: str) -> None:
    """By its field; what was sent is not repeated."""
    with pytest.raises(MalformedEvent) as caught:
        read_event(new_event() | change)
    assert caught.value.field == field


def test_depth_is_bounded() -> None:
    """However deep the parser went."""
    value: Any = 1
    for _ in range(100):
        value = [value]
    with pytest.raises(MalformedEvent, match="nested"):
        read_event(new_event(properties={"a": value}))


@given(_JSON)
def test_any_json_is_an_event_or_malformed(document: Any) -> None:
    """Nothing else is raised, whatever a stranger sends: as an event, as a part of one, as a batch."""
    for attempt in (document, {"id": str(uuid7()), "name": "n", "properties": document, "context": document}):
        with contextlib.suppress(MalformedEvent):
            read_event(attempt).SerializeToString()
    with contextlib.suppress(InvalidRequest):
        read_batch(json.loads(json.dumps(document)))


def test_a_public_key_speaks_for_the_tokens_user_only() -> None:
    """Left out is put in; somebody else is refused; without a token nobody is named."""
    event = read_event(new_event())
    check_sender(event, ANA)
    assert (event.tenant, event.user_id) == ("acme", "ana")
    for change in ({"tenant": "other"}, {"user_id": "bia"}):
        with pytest.raises(MalformedEvent):
            check_sender(read_event(new_event(**change)), ANA)
        with pytest.raises(MalformedEvent):
            check_sender(read_event(new_event(**change)), None)
    check_sender(read_event(new_event()), None)


def test_batches_come_in_three_shapes() -> None:
    """One event, a list, an object."""
    event = new_event()
    assert read_batch(event).events == [event]
    assert read_batch([event, event]).events == [event, event]
    batch = read_batch({"events": [event], "client_instance": "b1", "key": "k", "token": "t"})
    assert (batch.events, batch.client_instance, batch.key, batch.token) == ([event], "b1", "k", "t")
    assert "'t'" not in repr(batch)
