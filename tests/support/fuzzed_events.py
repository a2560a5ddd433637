"""What a sender may put where an event should be: bytes, damaged events, and events of any content."""

import time
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from mirante.api.common.v1 import value_pb2
from mirante.api.telemetry.v1 import event_pb2, raw_batch_pb2

from tests.support.telemetry_events import event_id, sale

MARK = "é sigilo"
"""Within every text that could be personal. It is no name that a message may repeat."""

_DAY_MS = 86_400_000
_TEXTS = st.text(max_size=12).map(lambda text: MARK + text) | st.just("")
_NAMES = st.sampled_from(["venda_criada", "venda_editada", "logout", "Venda", ""]) | st.from_regex("[a-z_]{1,2}")
_PROPERTIES = st.sampled_from(["venda_id", "valor", "moeda", "itens_count", "obs", ""]) | _TEXTS
_LEAVES = st.one_of(
    st.builds(value_pb2.Value),
    st.booleans().map(lambda value: value_pb2.Value(bool_value=value)),
    st.integers(-(2**63), 2**63 - 1).map(lambda value: value_pb2.Value(int_value=value)),
    st.floats(width=64).map(lambda value: value_pb2.Value(double_value=value)),
    _TEXTS.map(lambda value: value_pb2.Value(string_value=value)),
)


def _nested(inner: st.SearchStrategy[value_pb2.Value]) -> st.SearchStrategy[value_pb2.Value]:
    lists = st.lists(inner, max_size=3).map(
        lambda values: value_pb2.Value(list_value=value_pb2.ListValue(values=values))
    )
    maps = st.dictionaries(_TEXTS, inner, max_size=3).map(
        lambda fields: value_pb2.Value(map_value=value_pb2.MapValue(fields=fields))
    )
    return lists | maps


_VALUES = st.recursive(_LEAVES, _nested, max_leaves=8)


@st.composite
def _any_events(draw: st.DrawFn) -> bytes:
    """Events of any content, whose ids are good ones more often than not."""
    now = time.time_ns() // 1_000_000
    ages = st.just(0) | st.integers(-3 * _DAY_MS, 30 * _DAY_MS)
    ids = ages.map(lambda age: event_id(now - age)) | st.binary(max_size=17)
    event = event_pb2.Event(
        id=draw(ids),
        name=draw(_NAMES),
        tenant=draw(_TEXTS),
        user_id=draw(_TEXTS),
        anonymous_id=draw(_TEXTS),
        session_id=draw(_TEXTS),
        context=draw(st.builds(event_pb2.EventContext, release=_TEXTS, page=st.builds(event_pb2.Page, path=_TEXTS))),
    )
    if draw(st.booleans()):
        event.occurred_at.seconds = draw(st.just(now // 1000) | st.integers(-(2**63), 2**63 - 1))
        event.occurred_at.nanos = draw(st.just(0) | st.integers(-(2**31), 2**31 - 1))
    for name, value in draw(st.dictionaries(_PROPERTIES, _VALUES, max_size=4)).items():
        event.properties[name].CopyFrom(value)
    return event.SerializeToString()


def _cut(raw: bytes, at: int, length: int, _: bytes) -> bytes:
    return raw[:at] + raw[at + length :]


def _overwritten(raw: bytes, at: int, _: int, junk: bytes) -> bytes:
    return raw[:at] + junk + raw[at + len(junk) :]


def _inserted(raw: bytes, at: int, _: int, junk: bytes) -> bytes:
    return raw[:at] + junk + raw[at:]


def _repeated(raw: bytes, at: int, length: int, _: bytes) -> bytes:
    return raw + raw[at : at + length]


_DAMAGES: list[Callable[[bytes, int, int, bytes], bytes]] = [_cut, _overwritten, _inserted, _repeated]


@st.composite
def _damaged_events(draw: st.DrawFn) -> bytes:
    """Good events with up to three things done to their bytes."""
    return _damaged(draw, sale(user_id=f"{MARK} ana", venda_id=f"{MARK} 1").SerializeToString())


def _damaged(draw: st.DrawFn, raw: bytes) -> bytes:
    for _ in range(draw(st.integers(1, 3))):
        damage = draw(st.sampled_from(_DAMAGES))
        # How long an event is depends on its time, so places are drawn from a range that does not.
        raw = damage(raw, draw(st.integers(0, 200)), draw(st.integers(0, 40)), draw(st.binary(max_size=6)))
    return raw


def batches() -> st.SearchStrategy[list[Any]]:
    """Return batches of such bytes, with None where a good event belongs."""
    return st.lists(st.none() | st.binary(max_size=60) | _damaged_events() | _any_events(), min_size=1, max_size=12)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Return bytes where an `IngestRequest` belongs."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=100))
    request = raw_batch_pb2.RawIngestRequest(
        environment=draw(st.sampled_from(["", "production", MARK])),
        events=[sale().SerializeToString()],
        client_instance=draw(_TEXTS),
    )
    request.sent_at.seconds = draw(st.integers(-(2**63), 2**63 - 1))
    request.sent_at.nanos = draw(st.integers(-(2**31), 2**31 - 1))
    raw = request.SerializeToString()
    return _damaged(draw, raw) if draw(st.booleans()) else raw
