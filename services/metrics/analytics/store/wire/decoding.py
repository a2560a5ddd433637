"""Events off the wire as columns. Pure."""

from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from google.protobuf.message import DecodeError
from mirante.api.telemetry.v1 import event_pb2

from services.metrics.analytics.store.keys import Integers
from services.metrics.analytics.store.schema import ACTOR, FIXED, NAME, NOBODY, OWN_ACTOR, TENANT, TIME
from services.metrics.analytics.store.wire.buffer import Buffer, Places, coded
from services.metrics.analytics.store.wire.fields import Fields
from services.metrics.analytics.store.wire.frames import Frames
from services.metrics.analytics.store.wire.properties import property_columns

ROWS_AT_ONCE: Final = 32_768
"""So many are decoded together: what is worked on stays near the processor."""

_STORED: Final = {name: field.number for name, field in event_pb2.StoredEvent.DESCRIPTOR.fields_by_name.items()}
_EVENT: Final = {name: field.number for name, field in event_pb2.Event.DESCRIPTOR.fields_by_name.items()}
_CONTEXT: Final = {name: field.number for name, field in event_pb2.EventContext.DESCRIPTOR.fields_by_name.items()}

_IDS: Final = {"user_id": "user_id", "anonymous_id": "anonymous_id", "session": "session_id"}
"""Columns, and the fields of `Event` that they are."""
_PLACE: Final = {"release": "release", "locale": "locale"}
"""Columns, and the fields of `EventContext` that they are."""
_WITHIN: Final = {
    "library": {"library": 1, "library_version": 2},
    "page": {"page_path": 1, "page_title": 2, "page_referrer": 3},
    "browser": {"browser": 1, "browser_version": 2},
    "device": {"device": 1, "os": 2},
}
"""Messages in `EventContext`: columns, and the numbers of their fields."""

_MICRO: Final = 1_000_000


class Decoded(NamedTuple):
    """
    Rows of events, in the order of the log.

    Attributes:
        table: a `pyarrow.Table` with the columns of `schema.FIXED` (texts as dictionaries) and those of properties.
            `actor` and `own_actor` are the person as the log said.
        unreadable: events that are none.
    """

    table: Any
    unreadable: int


def decoded(frames: Frames, position: int) -> Decoded:
    """Return the rows of events; `position` is that of the first entry."""
    buffer = Buffer(frames.content)
    starts, ends = np.array(frames.starts, np.int64), np.array(frames.ends, np.int64)
    positions = np.array(frames.ordinals, np.int64) + position
    tables: list[Any] = []
    unreadable = 0
    for first in range(0, len(starts), ROWS_AT_ONCE):
        some = slice(first, first + ROWS_AT_ONCE)
        table, odd = _rows(buffer, starts[some], ends[some], positions[some])
        tables.append(table)
        if len(odd):
            mended = [_mended(buffer.slice(starts[at], ends[at] - starts[at])) for at in (odd + first).tolist()]
            again, left = _rows_of([each or b"" for each in mended], positions[odd + first])
            tables.append(again)
            unreadable += len(left)
    if not tables:
        return Decoded(FIXED.empty_table(), 0)
    table = pa.concat_tables(tables, promote_options="permissive")
    # Rows that were mended stand at the end of their stretch.
    order = np.argsort(table["position"].to_numpy(), kind="stable")
    return Decoded(table if _is_sorted(order) else table.take(pa.array(order)), unreadable)


def actor_number(actor_id: bytes) -> int:
    """Return the number of an actor (see `schema.FIXED`); `NOBODY` for no id."""
    if not actor_id:
        return NOBODY
    return max(1, int.from_bytes(actor_id[:8].ljust(8, b"\0"), "big") >> 1)


def _rows_of(events: list[bytes], positions: Integers) -> tuple[Any, Any]:
    """Return the rows of events one by one, and the indices of those that are none."""
    lengths = np.array([len(each) for each in events], np.int64)
    ends = np.cumsum(lengths)
    return _rows(Buffer(b"".join(events)), ends - lengths, ends, positions)


def _mended(content: bytes) -> bytes | None:
    """Return an event as the library writes it; None when it is none."""
    try:
        return event_pb2.StoredEvent.FromString(content).SerializeToString(deterministic=True)
    except DecodeError:
        return None


def _rows(buffer: Buffer, starts: Places, ends: Places, positions: Integers) -> tuple[Any, Any]:
    """Return the rows of those events that are encoded as usual, and the indices of the others."""
    stored = Fields(buffer, starts, ends)
    event_at, event_size = stored.bytes(_STORED["event"], once=True)
    time, odd_time = times(buffer, *stored.bytes(_STORED["occurred_at"], once=True))
    received, odd_received = times(buffer, *stored.bytes(_STORED["received_at"], once=True))
    actor_at, actor_size = stored.bytes(_STORED["actor_id"])
    actor = np.where(actor_size > 0, np.maximum(buffer.numbers(actor_at, actor_size) >> np.uint64(1), 1), NOBODY)
    imported = stored.varints(_STORED["imported"], buffer) != 0
    event = Fields(buffer, event_at, event_at + np.maximum(event_size, 0))
    name_at, name_size = event.bytes(_EVENT["name"])
    tenant_at, tenant_size = event.bytes(_EVENT["tenant"])
    ids = {column: event.bytes(_EVENT[field]) for column, field in _IDS.items()}
    context_at, context_size = event.bytes(_EVENT["context"], once=True)
    contexts, odd_context = _contexts(buffer, context_at, context_size)
    properties, odd_properties = property_columns(buffer, event.all(_EVENT["properties"]), len(starts))
    odd = stored.odd | event.odd | odd_time | odd_received | odd_context | odd_properties
    # An event without a name is none; the library would not change that.
    odd |= name_size <= 0
    texts = {
        TENANT: buffer.texts(tenant_at, np.maximum(tenant_size, 0)),
        NAME: buffer.texts(name_at, np.maximum(name_size, 0)),
        **{column: buffer.texts(at, np.where(size > 0, size, -1)) for column, (at, size) in ids.items()},
        **contexts,
    }
    numbers = {
        ACTOR: pa.array(actor.astype(np.int64)),
        OWN_ACTOR: pa.array(actor.astype(np.int64)),
        TIME: pa.array(time).cast(pa.timestamp("us")),
        "received": pa.array(received).cast(pa.timestamp("us")),
        "position": pa.array(positions),
        "imported": pa.array(imported),
    }
    fixed = {name: texts[name] if name in texts else numbers[name] for name in FIXED.names}
    table = pa.table({**fixed, **properties})
    bad = np.flatnonzero(odd)
    return (table.take(pa.array(np.flatnonzero(~odd))) if len(bad) else table), bad


def times(buffer: Buffer, at: Places, size: Places) -> tuple[Integers, Any]:
    """Return timestamps as microseconds since 1970, and which are encoded in an unusual way."""
    seconds_tag, nanos_tag = 1 << 3, 2 << 3
    end = at + np.maximum(size, 0)
    has_seconds = (size > 0) & (buffer.bytes[at] == seconds_tag)
    seconds, after = buffer.long_varints(at + 1)
    micros = np.where(has_seconds, seconds * _MICRO, 0)
    odd = has_seconds & ((after < 0) | (after > end))
    after = np.where(has_seconds, after, at)
    more = np.flatnonzero(~odd & (after < end))
    if len(more):
        place = after[more]
        nanos, last = buffer.long_varints(place + 1)
        odd[more] |= (buffer.bytes[place] != nanos_tag) | (last != end[more])
        micros[more] += nanos // 1_000
    return micros, odd


def _contexts(buffer: Buffer, at: Places, size: Places) -> tuple[dict[str, Any], Any]:
    """Return the columns of contexts, and which events have one in an unusual encoding."""
    # There are far fewer different contexts than events.
    encoded = _distinct(buffer, at, size)
    codes, each = encoded
    content = b"".join(each)
    lengths = np.array([len(one) for one in each], np.int64)
    ends = np.cumsum(lengths)
    inner = Buffer(content)
    context = Fields(inner, ends - lengths, ends)
    columns = {column: context.bytes(_CONTEXT[field]) for column, field in _PLACE.items()}
    odd = context.odd
    for field, parts in _WITHIN.items():
        part_at, part_size = context.bytes(_CONTEXT[field], once=True)
        part = Fields(inner, part_at, part_at + np.maximum(part_size, 0))
        columns |= {column: part.bytes(number) for column, number in parts.items()}
        odd = odd | part.odd
    odd = odd | context.odd
    texts = {}
    for column, (text_at, text_size) in columns.items():
        text = inner.texts(text_at, np.where(text_size > 0, text_size, -1))
        of_context = np.append(text.indices.fill_null(-1).to_numpy(), np.int32(-1))
        texts[column] = coded(of_context[codes], text.dictionary)
    return texts, np.append(odd, False)[codes]


def _distinct(buffer: Buffer, at: Places, size: Places) -> tuple[Places, list[bytes]]:
    """Return the different stretches, and for each of these which one it is; -1 where there is none."""
    codes = np.full(len(at), -1, np.int64)
    some = np.flatnonzero(size > 0)
    if not len(some):
        return codes, []
    encoded = buffer.stretches(at[some], size[some])
    codes[some] = encoded.indices.to_numpy()
    return codes, encoded.dictionary.to_pylist()


def _is_sorted(order: Any) -> bool:
    return bool((order[1:] > order[:-1]).all())
