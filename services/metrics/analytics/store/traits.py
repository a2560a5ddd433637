"""
Traits of users, as they are now, beside the events: one file in the folder of an environment. Blocking.

It is derived as everything in the store is: where it is missing or damaged nobody has a trait until it is made anew.
"""

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from services.metrics.analytics.store.folders import replace_file

TRAITS: Final = pa.schema(
    [
        pa.field("tenant", pa.dictionary(pa.int32(), pa.string()), nullable=False),
        # As in `schema.FIXED`. A user is never merged into another one.
        pa.field("actor", pa.int64(), nullable=False),
        pa.field("name", pa.dictionary(pa.int32(), pa.string()), nullable=False),
        # As text: integers as decimal digits, booleans as `true` and `false`, lists and maps as JSON.
        pa.field("value", pa.string(), nullable=False),
    ]
)

_FILE: Final = "traits"
_ABOUT: Final = b"mirante"


@dataclass(frozen=True, slots=True)
class TraitFile:
    """
    What is known of traits.

    Attributes:
        table: of `TRAITS`, each trait of an actor once.
        cursor: behind the last change that is in; empty for none.
        origin: of which erasures it knows: what was read before others must be read anew.
        version: another one whenever the table is.
    """

    table: Any = field(default_factory=TRAITS.empty_table)
    cursor: bytes = b""
    origin: str = ""
    version: str = ""


def read_traits(folder: Path) -> TraitFile:
    """Return what is known in the folder of an environment; nothing when there is no file that can be read."""
    try:
        with pa.memory_map(str(folder / _FILE)) as mapped:
            table = pa.ipc.open_file(mapped).read_all()
        about = json.loads((table.schema.metadata or {})[_ABOUT])
        return TraitFile(
            table.replace_schema_metadata(None).cast(TRAITS),
            bytes.fromhex(about["cursor"]),
            about["origin"],
            about["version"],
        )
    except (OSError, pa.ArrowException, KeyError, ValueError):
        return TraitFile()


def write_traits(folder: Path, known: TraitFile) -> TraitFile:
    """
    Replace what is known at once; return it with the version that it has now.

    Raises:
        OSError: it cannot be written.
    """
    version = secrets.token_hex(8)
    about = json.dumps({"cursor": known.cursor.hex(), "origin": known.origin, "version": version})
    table = known.table.combine_chunks().replace_schema_metadata({_ABOUT: about.encode()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / _FILE, sink.getvalue().to_pybytes())
    return TraitFile(known.table, known.cursor, known.origin, version)


def traits_of(table: Any, tenant: str | None, gone: Collection[int]) -> Any:
    """Return the traits of a tenant, of all with None, without those of actors who are gone."""
    if tenant is not None:
        table = table.filter(pc.equal(table["tenant"].cast(pa.string()), tenant))
    if gone:
        table = table.filter(pc.invert(pc.is_in(table["actor"], pa.array(list(gone), pa.int64()))))
    return table


def with_changes(table: Any, changes: Mapping[tuple[str, int, str], str | None]) -> Any:
    """
    Return traits with changes.

    Args:
        table: of `TRAITS`.
        changes: by tenant, actor and name: the value that a trait has now; None for one that was taken back.
    """
    if not changes:
        return table
    tenants, actors, names = (pa.array(each) for each in zip(*changes, strict=True))
    told = pa.table(
        {
            "tenant": tenants.dictionary_encode(),
            "actor": actors.cast(pa.int64()),
            "name": names.dictionary_encode(),
            "value": pa.array(list(changes.values()), pa.string()),
        }
    )
    # Of each actor and name that is told again the old value goes.
    keys = ["actor", "name"]
    again = told.select(keys).append_column("again", pa.array([True] * told.num_rows))
    left = _plain(table).join(_plain(again), keys, join_type="left anti") if table.num_rows else _plain(table)
    kept = _plain(told).filter(pc.is_valid(told["value"]))
    joined = pa.concat_tables([left.select(TRAITS.names), kept.select(TRAITS.names)])
    return _encoded(joined)


def _plain(table: Any) -> Any:
    columns = {
        name: table[name].cast(pa.string()) if pa.types.is_dictionary(table[name].type) else table[name]
        for name in table.column_names
    }
    return pa.table(columns)


def _encoded(table: Any) -> Any:
    columns = {
        each.name: table[each.name].dictionary_encode() if pa.types.is_dictionary(each.type) else table[each.name]
        for each in TRAITS
    }
    return pa.table(columns).unify_dictionaries().combine_chunks().cast(TRAITS)
