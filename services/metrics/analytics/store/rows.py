"""Tables of rows: their order, who is who in them, and which columns they have. Pure."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.metrics.analytics.store.keys import Integers
from services.metrics.analytics.store.schema import (
    ACTOR,
    FIXED,
    MOST_PROPERTY_COLUMNS,
    OWN_ACTOR,
    REST,
    TENANT,
    TIME,
    Kind,
    property_of,
)
from services.metrics.analytics.store.segment_files import DICTIONARY
from services.metrics.analytics.store.wire.properties import json_text

Order = npt.NDArray[np.intp]


def numbers_of(table: Any, column: str) -> Integers:
    """Return a column of whole numbers, or of times in microseconds since 1970, as an array."""
    found = table[column]
    if pa.types.is_timestamp(found.type):
        found = found.cast(pa.int64())
    numbers: Integers = found.to_numpy()
    return numbers


def sorted_rows(table: Any) -> Any:
    """Return rows by tenant, actor, time and position; the same table when they are in this order."""
    if table.num_rows < 2:
        return table
    tenant = _ranks(table[TENANT])
    keys = tenant, numbers_of(table, ACTOR), numbers_of(table, TIME), numbers_of(table, "position")
    if _is_sorted(keys):
        return table
    order = _order(*keys[:3])
    if not _is_sorted([key[order] for key in keys]):
        order = np.lexsort(keys[::-1])
    return table.take(pa.array(order))


def _ranks(column: Any) -> Integers:
    """Return numbers of texts that are in the order of these."""
    encoded = joined_column(column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column))
    order = np.argsort(np.array(encoded.dictionary.to_pylist(), object), kind="stable")
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    found: Integers = ranks[encoded.indices.to_numpy()]
    return found


def _order(tenant: Integers, actor: Integers, time: Integers) -> Order:
    """
    Return the order by tenant, actor and time; equal rows stay in theirs.

    It is fast for rows that come in, and for a few stretches that are sorted each: two stable sorts of numbers of which
    most are in order. It is wrong when two actors are the same but for their last bits, or times are far apart.
    """
    bits = int(tenant.max()).bit_length()
    packed = tenant << (63 - bits) | actor >> bits
    order = np.argsort(packed, kind="stable")
    packed, time = packed[order], time[order]
    group = np.zeros(len(packed), np.int64)
    np.not_equal(packed[1:], packed[:-1], out=group[1:], casting="unsafe")
    np.cumsum(group, out=group)
    first = int(time.min())
    packed = group << (int(time.max()) - first).bit_length() | (time - first)
    return order if (packed[1:] >= packed[:-1]).all() else order[np.argsort(packed, kind="stable")]


def _is_sorted(keys: Sequence[Integers]) -> bool:
    tied: Any = True
    for key in keys:
        if (tied & (key[1:] < key[:-1])).any():
            return False
        tied &= key[1:] == key[:-1]
    return True


def with_people(table: Any, merges: Mapping[str, Mapping[int, int]], gone: Mapping[str, Collection[int]]) -> Any:
    """
    Return rows with who is who now, and without those of actors who are gone.

    Args:
        table: of any tenants.
        merges: by tenant: actors, and who they are.
        gone: by tenant: actors of whom there must be no row, under any number.
    """
    pairs = {from_: into for each in merges.values() for from_, into in each.items()}
    nobody = [actor for actors in gone.values() for actor in actors]
    if not pairs and not nobody:
        return table
    # An actor is of one tenant: their number depends on it.
    own, actor = numbers_of(table, OWN_ACTOR), numbers_of(table, ACTOR)
    now = _mapped(actor, pairs)
    if now is not actor:
        table = table.set_column(table.column_names.index(ACTOR), ACTOR, pa.array(now))
    if nobody:
        lost = np.isin(own, nobody) | np.isin(actor, nobody) | np.isin(now, nobody)
        if lost.any():
            table = table.filter(pa.array(~lost))
    return table


def with_few_properties(table: Any) -> Any:
    """Return rows with columns of the most frequent properties; what the others say is put into `rest`, as JSON."""
    counts = {
        name: table.num_rows - table[name].null_count for name in table.column_names if property_of(name) is not None
    }
    empty = [name for name, count in counts.items() if not count]
    kept = sorted(counts, key=lambda name: (-counts[name], name))[:MOST_PROPERTY_COLUMNS]
    put = [name for name in counts if name not in kept and counts[name]]
    if not put:
        return table.drop(empty) if empty else table
    documents: list[dict[str, Any]] = [{} for _ in range(table.num_rows)]
    if REST in table.column_names:
        rest = table[REST].to_pylist()
        documents = [{} if text is None else json.loads(text) for text in rest]
        table = table.drop([REST])
    for name in put:
        found = property_of(name)
        if found is None:
            continue
        for document, value in zip(documents, table[name].to_pylist(), strict=True):
            if value is not None:
                document[found.name] = json.loads(value) if found.kind is Kind.JSON else value
    texts = pa.array([json_text(document) if document else None for document in documents], pa.string())
    return table.drop([*put, *empty]).append_column(REST, texts.dictionary_encode())


def joined_tables(tables: Collection[Any]) -> Any:
    """Return the rows of several tables as one, with all their columns; `FIXED` when there is none."""
    if not tables:
        tables = [FIXED.empty_table()]
    joined = pa.concat_tables([_alike(table) for table in tables], promote_options="default")
    return pa.table({name: joined_column(joined[name]) for name in joined.column_names})


def month_of(time_us: Integers) -> Integers:
    """Return the months of times, UTC, counted from year 0."""
    return time_us.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64) + 1970 * 12


def joined_column(column: Any) -> Any:
    """Return a column as one array; a dictionary has each text once."""
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _alike(table: Any) -> Any:
    """Return a table in which all texts are dictionaries with the same kind of indices."""
    columns = {}
    for name in table.column_names:
        column = table[name]
        if pa.types.is_string(column.type) or (pa.types.is_dictionary(column.type) and column.type != DICTIONARY):
            column = pc.dictionary_encode(column.cast(pa.string()))
        columns[name] = column
    return pa.table(columns)


def _mapped(actor: Integers, pairs: Mapping[int, int]) -> Integers:
    if not pairs or not len(actor):
        return actor
    froms = np.array(sorted(pairs), np.int64)
    at = np.minimum(np.searchsorted(froms, actor), len(froms) - 1)
    found = froms[at] == actor
    if not found.any():
        return actor
    intos = np.array([pairs[each] for each in froms.tolist()], np.int64)
    return np.where(found, intos[at], actor)
