"""
The files of segments. Blocking.

A segment is `<name>.parquet` with all columns, and `<name>.keys`. Both are on disk before anything names them.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from services.metrics.analytics.store.keys import MOST_NAMES, Keys, encoded_keys, open_keys
from services.metrics.analytics.store.manifest import Part, Segment
from services.metrics.analytics.store.schema import ACTOR, FIXED, NAME, OWN_ACTOR, REST, TENANT, TIME, property_of
from services.metrics.analytics.store.wire.buffer import coded

ROWS_IN_GROUP: Final = 122_880
"""What DuckDB reads as one piece of work."""
ROWS_IN_SHARED_GROUP: Final = 16_384
"""Where several tenants have rows in a file: one of them reads little of the others'."""

DICTIONARY: Final = pa.dictionary(pa.int32(), pa.string())
"""The type of texts in memory."""

_GROWING: Final = (TIME, "received", "position")
"""Columns in which a number is near the one before: they are written as differences."""
_PARQUET: Final = ".parquet"
_KEYS: Final = ".keys"


class SegmentDamaged(Exception):
    """A file of a segment is missing, or is not what was written."""


def write_segment(folder: Path, name: str, rows: Any, month: int | None) -> Segment:
    """
    Write rows and return them as a segment, on disk.

    Args:
        folder: of the build.
        name: of the files; not used before.
        rows: a `pyarrow.Table` with the columns of `schema.FIXED`, columns of properties and perhaps `rest`, ordered by
            tenant, actor, time and position.
        month: see `Segment`.

    Raises:
        OSError: it cannot be written.
    """
    names = used_only(rows[NAME].cast(DICTIONARY))
    if len(names.dictionary) > MOST_NAMES:
        raise ValueError(f"a segment may hold {MOST_NAMES} names of events at most")
    keys = Keys(
        actor=rows[ACTOR].to_numpy(),
        time=rows[TIME].cast(pa.int64()).to_numpy(),
        code=names.indices.to_numpy().astype(np.uint16),
        names=names.dictionary.to_pylist(),
    )
    columns = [name for name in rows.column_names if property_of(name) is not None]
    file, key_file = folder / (name + _PARQUET), folder / (name + _KEYS)
    key_bytes, parts = encoded_keys(keys), _parts(rows[TENANT], keys)
    with key_file.open("wb") as opened:
        opened.write(key_bytes)
        opened.flush()
        os.fsync(opened.fileno())
    with file.open("wb") as opened:
        # What is written anew before long is written fast.
        compression = ("lz4", None) if month is None else ("zstd", 1)
        _write(rows, opened, ROWS_IN_GROUP if len(parts) == 1 else ROWS_IN_SHARED_GROUP, compression)
        opened.flush()
        os.fsync(opened.fileno())
    return Segment(
        name=name,
        month=month,
        parts=parts,
        file_rows=rows.num_rows,
        properties=tuple(columns),
        has_rest=REST in rows.column_names,
        file_bytes=file.stat().st_size,
        key_bytes=len(key_bytes),
    )


def used_only(column: Any) -> Any:
    """
    Return a column of texts as one `pyarrow.DictionaryArray` that holds no text that no row has.

    What rows were taken from may have belonged to others, or be erased.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.unify_dictionaries()
        column = column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)
    codes = column.indices.fill_null(-1).to_numpy()
    is_used = np.zeros(len(column.dictionary) + 1, bool)
    is_used[codes] = True
    used = np.flatnonzero(is_used[:-1])
    if len(used) == len(column.dictionary):
        return column
    # The last one stands for -1: it stays null.
    renumbered = np.full(len(is_used), -1, np.int32)
    renumbered[used] = np.arange(len(used), dtype=np.int32)
    return coded(renumbered[codes], column.dictionary.take(pa.array(used)))


def with_used_only(rows: Any) -> Any:
    """Return a table of which no column holds a text that no row has."""
    columns = {
        field.name: used_only(rows[field.name]) if pa.types.is_dictionary(field.type) else rows[field.name]
        for field in rows.schema
    }
    return pa.table(columns)


def _write(rows: Any, opened: Any, rows_in_group: int, compression: tuple[str, int | None]) -> None:
    texts = [field.name for field in rows.schema if pa.types.is_dictionary(field.type)]
    with pq.ParquetWriter(
        opened,
        rows.schema,
        compression=compression[0],
        compression_level=compression[1],
        use_dictionary=[*texts, ACTOR, OWN_ACTOR],
        column_encoding=dict.fromkeys(_GROWING, "DELTA_BINARY_PACKED"),
        write_statistics=[ACTOR, TIME],
        # What dictionaries were in memory says nothing to readers.
        store_schema=False,
    ) as writer:
        # A group at a time, so that each has the texts of its own rows alone.
        for start in range(0, rows.num_rows, rows_in_group):
            group = with_used_only(rows.slice(start, rows_in_group))
            writer.write_table(group.cast(rows.schema), row_group_size=rows_in_group)


def parquet_file(folder: Path, segment: Segment) -> Path:
    """Return where the columns of a segment are."""
    return folder / (segment.name + _PARQUET)


def files_of(folder: Path, segment: Segment) -> tuple[Path, Path]:
    """Return all files of a segment."""
    return folder / (segment.name + _PARQUET), folder / (segment.name + _KEYS)


def keys_of(folder: Path, segment: Segment) -> Keys:
    """Return the keys of a segment; raise SegmentDamaged."""
    try:
        return open_keys(folder / (segment.name + _KEYS), segment.file_rows)
    except (OSError, ValueError) as error:
        raise SegmentDamaged(f"{segment.name}: {error}") from None


def columns_of(folder: Path, segment: Segment, columns: Sequence[str], start: int = 0, rows: int | None = None) -> Any:
    """
    Return columns of some rows of a segment as a `pyarrow.Table`, texts as dictionaries; of columns that the segment
    does not have, nulls.

    Args:
        folder: of the build.
        segment: what to read.
        columns: which.
        start: where the rows begin.
        rows: how many they are; None for all that follow. Only what holds them is read.

    Raises:
        SegmentDamaged: see there.
    """
    rows = segment.file_rows - start if rows is None else rows
    present = {*FIXED.names, *segment.properties, *([REST] if segment.has_rest else [])}
    found = [column for column in columns if column in present]
    if found and rows:
        table = _read(folder, segment, found, start, rows)
    else:
        table = pa.table({column: pa.nulls(rows, _type_of(column)) for column in found})
    arrays = [table[column] if column in present else pa.nulls(rows, _type_of(column)) for column in columns]
    return pa.table(dict(zip(columns, arrays, strict=True)))


def rows_of(folder: Path, segment: Segment, parts: Sequence[Part]) -> Any:
    """
    Return all columns of the rows of some parts, in the order of the file, as one or several pieces of a table.

    Raises:
        SegmentDamaged: see there.
    """
    start = parts[0].start
    table = columns_of(folder, segment, all_columns(segment), start, parts[-1].start + parts[-1].rows - start)
    if table.num_rows == sum(part.rows for part in parts):
        return table
    # Not a slice for each: a thousand of them would bring all texts along a thousand times.
    kept = np.zeros(table.num_rows, bool)
    for part in parts:
        kept[part.start - start : part.start - start + part.rows] = True
    return table.filter(pa.array(kept))


def _read(folder: Path, segment: Segment, columns: Sequence[str], start: int, rows: int) -> Any:
    texts = [column for column in columns if pa.types.is_dictionary(_type_of(column))]
    try:
        with pq.ParquetFile(parquet_file(folder, segment), memory_map=True, read_dictionary=texts) as opened:
            if opened.metadata.num_rows != segment.file_rows:
                raise SegmentDamaged(f"{segment.name}: not all rows are there")
            # All groups but the last are of one size.
            size = opened.metadata.row_group(0).num_rows
            first, last = start // size, (start + rows - 1) // size
            table = opened.read_row_groups(range(first, last + 1), columns, use_threads=False)
    except (OSError, pa.ArrowException) as error:
        raise SegmentDamaged(f"{segment.name}: {type(error).__name__}") from None
    return table.slice(start - first * size, rows)


def all_columns(segment: Segment) -> list[str]:
    """Return the columns that a segment has."""
    return [*FIXED.names, *segment.properties, *([REST] if segment.has_rest else [])]


def is_whole(folder: Path, segment: Segment) -> bool:
    """Return whether the files of a segment have the sizes that were written."""
    file, keys = files_of(folder, segment)
    try:
        return file.stat().st_size == segment.file_bytes and keys.stat().st_size == segment.key_bytes
    except OSError:
        return False


def is_readable(folder: Path, segment: Segment) -> bool:
    """Return whether everything in the files of a segment can be read. Takes its time."""
    try:
        keys_of(folder, segment)
        for start in range(0, segment.file_rows, ROWS_IN_GROUP):
            rows = min(ROWS_IN_GROUP, segment.file_rows - start)
            columns_of(folder, segment, all_columns(segment), start, rows)
    except SegmentDamaged:
        return False
    return True


def _type_of(column: str) -> Any:
    found = property_of(column)
    type_ = found.kind.type if found is not None else pa.string()
    if column in FIXED.names:
        type_ = FIXED.field(column).type
    return DICTIONARY if pa.types.is_string(type_) else type_


def _parts(tenants: Any, keys: Keys) -> tuple[Part, ...]:
    if not len(keys.actor):
        return ()
    runs = pc.run_end_encode(tenants.cast(pa.string()).combine_chunks())
    if isinstance(runs, pa.ChunkedArray):
        runs = runs.combine_chunks()
    ends = runs.run_ends.to_numpy().tolist()
    starts = [0, *ends[:-1]]
    # One pass for all parts: there may be a thousand of them.
    firsts, lasts = np.minimum.reduceat(keys.time, starts), np.maximum.reduceat(keys.time, starts)
    return tuple(
        Part(tenant, start, end - start, int(first), int(last), int(keys.actor[start]), int(keys.actor[end - 1]))
        for tenant, start, end, first, last in zip(runs.values.to_pylist(), starts, ends, firsts, lasts, strict=True)
    )
