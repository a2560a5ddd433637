"""The properties of many events as columns. Pure."""

import json
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from google.protobuf.message import DecodeError
from mirante.api.common.v1 import value_pb2

from services.metrics.analytics.store.schema import Kind, PropertyColumn
from services.metrics.analytics.store.wire.buffer import Buffer, Flags, Places, coded

_KEY_TAG, _VALUE_TAG = 1 << 3 | 2, 2 << 3 | 2
"""Of an entry of a map."""
_FIELDS: Final = value_pb2.Value.DESCRIPTOR.fields_by_name
_TEXT: Final = _FIELDS["string_value"].number << 3 | 2
_INTEGER: Final = _FIELDS["int_value"].number << 3
_NUMBER: Final = _FIELDS["double_value"].number << 3 | 1
_BOOLEAN: Final = _FIELDS["bool_value"].number << 3
_LIST: Final = _FIELDS["list_value"].number << 3 | 2
_MAP: Final = _FIELDS["map_value"].number << 3 | 2
_KINDS: Final = {
    _TEXT: Kind.TEXT,
    _INTEGER: Kind.INTEGER,
    _NUMBER: Kind.NUMBER,
    _BOOLEAN: Kind.BOOLEAN,
    _LIST: Kind.JSON,
    _MAP: Kind.JSON,
}
_TAGS: Final = 256


def property_columns(buffer: Buffer, entries: tuple[Places, Places, Places], rows: int) -> tuple[dict[str, Any], Flags]:
    """
    Return the columns of properties, and which rows have some in an unusual encoding.

    Args:
        buffer: of the events.
        entries: of maps; each one's row, and where it is.
        rows: how many there are.
    """
    row, at, size = entries
    odd: Flags = np.zeros(rows, bool)
    end = at + size
    # A name is 100 bytes at most, so its length is one byte.
    name_size = buffer.bytes[at + 1].astype(np.int64)
    value_tag_at = at + 2 + name_size
    usual = (buffer.bytes[at] == _KEY_TAG) & (name_size < 0x80) & (value_tag_at < end)
    usual &= buffer.bytes[np.where(usual, value_tag_at, at)] == _VALUE_TAG
    odd[row[~usual]] = True
    kept = np.flatnonzero(usual)
    if not len(kept):
        return {}, odd
    row, at, name_size, end, value_tag_at = row[kept], at[kept], name_size[kept], end[kept], value_tag_at[kept]
    value_size, value_at = buffer.varints(value_tag_at + 1)
    odd[row[(value_at + value_size != end) | (value_size < 0)]] = True
    names = buffer.texts(at + 2, name_size)
    # Null has no field, and is as good as absent.
    tag = np.where(value_size > 0, buffer.bytes[value_at], 0).astype(np.int64)
    group = names.indices.to_numpy().astype(np.int64) * _TAGS + tag
    order = np.argsort(group, kind="stable")
    group = group[order]
    bounds = np.flatnonzero(np.concatenate(([True], group[1:] != group[:-1], [True])))
    columns: dict[str, Any] = {}
    seen: dict[str, Flags] = {}
    for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        name = names.dictionary[int(group[first]) // _TAGS].as_py()
        found = order[first:last]
        of = row[found]
        _note_repeated(seen.setdefault(name, np.zeros(rows, bool)), of, odd)
        kind = _KINDS.get(int(group[first]) % _TAGS)
        if kind is None:
            odd[of[value_size[found] > 0]] = True
            continue
        column, wrong = _column(buffer, kind, (of, value_at[found], end[found]), rows)
        odd[of[wrong]] = True
        _put(columns, PropertyColumn(kind, name).column, column)
    return columns, odd


def json_of(value: value_pb2.Value) -> Any:
    """Return a value as what `json` writes."""
    kind = value.WhichOneof("kind")
    if kind == "list_value":
        return [json_of(each) for each in value.list_value.values]
    if kind == "map_value":
        return {name: json_of(each) for name, each in value.map_value.fields.items()}
    return None if kind is None else getattr(value, kind)


def json_text(value: Any) -> str:
    """Return what `json_of` returned as text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _note_repeated(seen: Flags, rows: Places, odd: Flags) -> None:
    """A name that stands twice in a map counts as it stands last: the library sees to that."""
    again = rows[seen[rows]]
    odd[again] = True
    before = int(seen.sum())
    seen[rows] = True
    if int(seen.sum()) - before != len(rows) - len(again):
        odd[np.bincount(rows, minlength=len(seen)) > 1] = True


def _column(buffer: Buffer, kind: Kind, spans: tuple[Places, Places, Places], rows: int) -> tuple[Any, Flags]:
    """Return a column of values, which have rows, beginnings and ends, and which are not encoded as usual."""
    row, at, end = spans
    if kind is Kind.NUMBER:
        return _scattered(buffer.words(at + 1).view(np.float64), row, rows), end != at + 9
    value, after = buffer.varints(at + 1)
    if kind is Kind.INTEGER:
        return _scattered(value, row, rows), after != end
    if kind is Kind.BOOLEAN:
        return _scattered(value != 0, row, rows), after != end
    wrong = after + value != end
    size = np.where(wrong, 0, value)
    if kind is Kind.TEXT:
        text = buffer.texts(after, size)
    else:
        places = zip(at.tolist(), end.tolist(), strict=True)
        parsed = [_json(buffer.slice(start, until - start)) for start, until in places]
        text = pa.array(parsed, pa.string()).dictionary_encode()
    codes = np.full(rows, -1, np.int32)
    codes[row] = text.indices.to_numpy()
    return coded(codes, text.dictionary), wrong


def _json(content: bytes) -> str:
    try:
        return json_text(json_of(value_pb2.Value.FromString(content)))
    except DecodeError:
        return "null"


def _scattered(values: Any, row: Places, rows: int) -> Any:
    column = np.zeros(rows, values.dtype)
    column[row] = values
    missing = np.ones(rows, bool)
    missing[row] = False
    return pa.array(column, mask=missing)


def _put(columns: dict[str, Any], name: str, column: Any) -> None:
    """Add a column; lists and maps of one property share theirs."""
    before = columns.get(name)
    if before is not None:
        column = pc.coalesce(before.cast(pa.string()), column.cast(pa.string())).dictionary_encode()
    columns[name] = column
