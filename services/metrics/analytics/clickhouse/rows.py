"""Rows of the store as rows of ClickHouse's table. Pure."""

from typing import Any, Final

import numpy as np
import pyarrow as pa

from services.metrics.analytics.store.schema import FIXED, Kind, property_of

VERSION: Final = "version"

_MAPS: Final = {
    Kind.TEXT: "texts",
    Kind.INTEGER: "integers",
    Kind.NUMBER: "numbers",
    Kind.BOOLEAN: "booleans",
    Kind.JSON: "json",
}


def clickhouse_rows(rows: Any, version: int) -> Any:
    """
    Return rows as the table has them: the fixed columns, and the properties in a map for each kind of value.

    Args:
        rows: a `pyarrow.Table` as `decoded` makes it.
        version: of these rows; of several with one position the greatest counts.
    """
    columns = {field.name: rows[field.name].cast(field.type) for field in FIXED}
    columns[VERSION] = pa.array(np.full(rows.num_rows, version, np.uint64))
    for kind, name in _MAPS.items():
        columns[name] = _map(rows, kind)
    return pa.table(columns)


def _map(rows: Any, kind: Kind) -> Any:
    places: list[Any] = []
    names: list[Any] = []
    values: list[tuple[str, Any]] = []
    for column in rows.column_names:
        found = property_of(column)
        if found is None or found.kind is not kind:
            continue
        held = rows[column].cast(kind.type).combine_chunks()
        held = held.combine_chunks() if isinstance(held, pa.ChunkedArray) else held
        place = np.flatnonzero(held.is_valid().to_numpy(zero_copy_only=False))
        places.append(place)
        names.append(np.full(len(place), len(values), np.int32))
        values.append((found.name, held.take(pa.array(place))))
    if not values:
        return pa.array([[]] * rows.num_rows, pa.map_(pa.string(), kind.type))
    where = np.concatenate(places)
    order = np.argsort(where, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(where, minlength=rows.num_rows))]).astype(np.int32)
    keys = pa.DictionaryArray.from_arrays(
        pa.array(np.concatenate(names)[order]), pa.array([name for name, _ in values])
    )
    items = pa.concat_arrays([held for _, held in values]).take(pa.array(order))
    return pa.MapArray.from_arrays(pa.array(offsets), keys.cast(pa.string()), items)
