"""Events read by columns are what protobuf reads one by one, whoever encoded them."""

import json
from typing import Any

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st
from mirante.api.common.v1 import value_pb2
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1 import event_pb2

from services.metrics.analytics.store.schema import property_of
from services.metrics.analytics.store.wire.decoding import actor_number, decoded
from services.metrics.analytics.store.wire.frames import frames_of
from services.metrics.analytics.store.wire.properties import json_of, json_text

_texts = st.text(max_size=20) | st.sampled_from(["pix", "São Paulo", "a" * 12, "b" * 13, "c" * 300])
_scalars = st.one_of(
    st.builds(value_pb2.Value, string_value=_texts),
    st.builds(value_pb2.Value, int_value=st.integers(-(2**63), 2**63 - 1)),
    st.builds(value_pb2.Value, double_value=st.floats(allow_nan=False)),
    st.builds(value_pb2.Value, bool_value=st.booleans()),
    st.just(value_pb2.Value()),
)
_values = _scalars | st.one_of(
    st.builds(
        lambda each: value_pb2.Value(list_value=value_pb2.ListValue(values=each)), st.lists(_scalars, max_size=3)
    ),
    st.builds(
        lambda each: value_pb2.Value(map_value=value_pb2.MapValue(fields=each)),
        st.dictionaries(_texts, _scalars, max_size=3),
    ),
)
_times = st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999)
_names = st.sampled_from(["Valor", "valor", "tipo", "a.b", "^", "x" * 100, "~1/"])


@st.composite
def _events(draw: st.DrawFn) -> event_pb2.StoredEvent:
    event = event_pb2.Event(
        id=draw(st.binary(min_size=16, max_size=16)),
        name=draw(st.sampled_from(["venda_criada", "login_sucesso", "pagina_vista"])),
        tenant=draw(st.sampled_from(["", "loja", "São João"])),
        user_id=draw(_texts),
        anonymous_id=draw(_texts),
        session_id=draw(_texts),
        properties=draw(st.dictionaries(_names, _values, max_size=5)),
    )
    event.occurred_at.FromMicroseconds(draw(_times))
    context = draw(st.none() | st.tuples(*[_texts] * 9))
    if context is not None:
        event.context.CopyFrom(
            event_pb2.EventContext(
                library=event_pb2.Library(name=context[0], version=context[1]),
                release=context[2],
                locale=context[3],
                page=event_pb2.Page(path=context[4], title=context[5]),
                browser=event_pb2.Browser(name=context[6]),
                device=event_pb2.Device(type=context[7], operating_system=context[8]),
            )
        )
    stored = event_pb2.StoredEvent(
        event=event, actor_id=draw(st.just(b"") | st.binary(min_size=16, max_size=16)), imported=draw(st.booleans())
    )
    stored.occurred_at.FromMicroseconds(draw(_times))
    stored.received_at.FromMicroseconds(draw(_times))
    return stored


def _expected(stored: event_pb2.StoredEvent, position: int) -> dict[Any, Any]:
    event, context = stored.event, stored.event.context
    row: dict[Any, Any] = {
        "tenant": event.tenant,
        "actor": actor_number(stored.actor_id),
        "own_actor": actor_number(stored.actor_id),
        "time": stored.occurred_at.ToMicroseconds(),
        "received": stored.received_at.ToMicroseconds(),
        "position": position,
        "name": event.name,
        "user_id": event.user_id or None,
        "anonymous_id": event.anonymous_id or None,
        "session": event.session_id or None,
        "library": context.library.name or None,
        "library_version": context.library.version or None,
        "release": context.release or None,
        "locale": context.locale or None,
        "page_path": context.page.path or None,
        "page_title": context.page.title or None,
        "page_referrer": context.page.referrer or None,
        "browser": context.browser.name or None,
        "browser_version": context.browser.version or None,
        "device": context.device.type or None,
        "os": context.device.operating_system or None,
        "imported": stored.imported,
    }
    for name, value in event.properties.items():
        kind = value.WhichOneof("kind")
        if kind is not None:
            letter = {"string_value": "s", "int_value": "i", "double_value": "f", "bool_value": "b"}.get(kind, "j")
            row[letter, name] = json_of(value) if letter != "j" else json_text(json_of(value))
    return row


def _rows(responses: list[bytes]) -> list[dict[Any, Any]]:
    found = decoded(frames_of(responses), 0)
    assert found.unreadable == 0
    table = found.table
    for column in ("time", "received"):
        table = table.set_column(table.column_names.index(column), column, table[column].cast("int64"))
    rows = []
    for row in table.to_pylist():
        kept: dict[Any, Any] = {}
        for column, value in row.items():
            found_property = property_of(column)
            if found_property is None:
                kept[column] = value
            elif value is not None:
                kept[str(found_property.kind), found_property.name] = value
        rows.append(kept)
    return rows


@settings(max_examples=60, deadline=None)
@given(st.lists(_events(), max_size=12), st.integers(1, 3))
def test_columns_hold_what_the_events_say(events: list[event_pb2.StoredEvent], responses: int) -> None:
    """Every field and every kind of property, for any texts, times and numbers, over several responses."""
    serialised = [
        log_pb2.FollowEventsResponse(
            entries=[log_pb2.LogEntry(event=each) for each in events[number::responses]], cursor=b"c", at_end=True
        ).SerializeToString()
        for number in range(responses)
    ]
    in_order = [each for number in range(responses) for each in events[number::responses]]
    assert _rows(serialised) == [_expected(each, position) for position, each in enumerate(in_order)]


def test_unusual_encodings_are_read_as_protobuf_reads_them() -> None:
    """Fields out of order, unknown ones, a message in two pieces and a property that stands twice."""
    first = event_pb2.Event(
        name="login_sucesso",
        properties={"tipo": value_pb2.Value(string_value="a")},
        context=event_pb2.EventContext(release="1"),
    )
    second = event_pb2.Event(
        tenant="loja", properties={"tipo": value_pb2.Value(int_value=4)}, context=event_pb2.EventContext(locale="pt-BR")
    )
    unknown = b"\xfa\x07\x03abc\xf1\x07\x01\x02\x03\x04\x05\x06\x07\x08"
    event = second.SerializeToString() + unknown + first.SerializeToString()
    times = event_pb2.StoredEvent(actor_id=b"p" * 16, imported=True)
    times.occurred_at.FromMicroseconds(1_700_000_000_000_001)
    content = times.SerializeToString() + b"\x0a" + bytes([len(event)]) + event
    entry = b"\x0a" + bytes([len(content)]) + content
    assert len(entry) < 128
    stored = event_pb2.StoredEvent.FromString(content)
    assert stored.event.context.locale == "pt-BR"
    rows = _rows([b"\x0a" + bytes([len(entry)]) + entry])
    assert rows == [_expected(stored, 0)]
    assert rows[0]["s", "tipo"] == "a"


def test_what_is_no_event_is_left_out_and_counted() -> None:
    """Bytes that are none of protobuf's sink only themselves; the entries after them keep their positions."""
    good = event_pb2.StoredEvent(event=event_pb2.Event(name="logout"))
    entries = [b"\x0a" + bytes([len(each)]) + each for each in (b"\xff\xff", good.SerializeToString(), b"\x0a\x7f")]
    response = b"".join(b"\x0a" + bytes([len(each)]) + each for each in entries)
    found = decoded(frames_of([response]), 40)
    assert (found.unreadable, found.table["position"].to_pylist()) == (2, [41])


@pytest.mark.parametrize("cut", [1, 2, 9])
def test_a_response_that_is_cut_short_is_refused(cut: int) -> None:
    """Half a response says nothing about where the next entry begins."""
    stored = event_pb2.StoredEvent(event=event_pb2.Event(name="logout"))
    response = log_pb2.FollowEventsResponse(entries=[log_pb2.LogEntry(event=stored)]).SerializeToString()
    with pytest.raises(DecodeError):
        frames_of([response[:-cut]])


def test_json_of_a_value_has_its_keys_sorted() -> None:
    """The same map is the same text, so that equal values are equal."""
    fields = {"b": value_pb2.Value(int_value=1), "a": value_pb2.Value(string_value="ç")}
    text = json_text(json_of(value_pb2.Value(map_value=value_pb2.MapValue(fields=fields))))
    assert text == '{"a":"ç","b":1}'
    assert json.loads(text) == {"a": "ç", "b": 1}
