"""A DuckDB that sees the rows of one tenant, and nothing else. Blocking."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from services.metrics.analytics.store.manifest import Manifest, Segment
from services.metrics.analytics.store.people import affected
from services.metrics.analytics.store.rows import joined_tables, with_people
from services.metrics.analytics.store.schema import (
    ACTOR,
    FIXED,
    IDENTIFIED,
    NOBODY,
    OWN_ACTOR,
    literal,
    property_of,
)
from services.metrics.analytics.store.segment_files import (
    SegmentDamaged,
    is_whole,
    parquet_file,
    rows_of,
)

_FRESH: Final = "fresh_rows"
_MERGES: Final = "merges"
_ERASED: Final = "erased"


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one connection: memory in mebibytes, and threads. Nothing is spilled to disk."""

    memory_mib: int = 1_024
    threads: int = 2


def connect(
    folder: Path, manifest: Manifest, tenant: str | None, limits: Limits, *, sealed: bool
) -> duckdb.DuckDBPyConnection:
    """See `Snapshot.connect`. Raises SegmentDamaged."""
    erased = {each: gone for each, gone in manifest.erased.items() if tenant in (None, each)}
    manifest = replace(manifest, erased=erased)
    hidden = {segment.name for segment in affected(folder, manifest)} if sealed and erased else set()
    own, shared = _files(folder, manifest, tenant, hidden)
    fresh = [rows_of(folder, segment, segment.of(tenant)) for segment in shared]
    if sealed:
        # What is not there needs no condition that keeps it from being seen.
        fresh = [_without_others(with_people(rows, manifest.merges, erased)) for rows in fresh]
        manifest = replace(manifest, erased={})
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{limits.memory_mib}MiB",
            "threads": str(limits.threads),
            "temp_directory": "",
            "python_enable_replacements": "false",
            "allow_persistent_secrets": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )
    try:
        _fill(connection, manifest, tenant, own, fresh)
    except BaseException:
        connection.close()
        raise
    return connection


def _without_others(rows: Any) -> Any:
    """Return rows without the columns of properties that none of them has: those of others in the same segment."""
    empty = [
        name for name in rows.column_names if property_of(name) is not None and rows[name].null_count == rows.num_rows
    ]
    return rows.drop(empty) if empty else rows


def _files(
    folder: Path, manifest: Manifest, tenant: str | None, hidden: Collection[str]
) -> tuple[list[Path], list[Segment]]:
    """
    Return the files that hold nothing but rows that may be seen, and the segments of which only some rows may, as of
    those with the names in `hidden`.
    """
    own: list[Path] = []
    shared: list[Segment] = []
    for segment in manifest.segments:
        if not segment.of(tenant):
            continue
        if not is_whole(folder, segment):
            raise SegmentDamaged(f"{segment.name}: its files are not what was written")
        may_see_all = segment.rows == segment.file_rows and (tenant is None or segment.owner == tenant)
        if may_see_all and segment.name not in hidden:
            own.append(parquet_file(folder, segment))
        else:
            shared.append(segment)
    return own, shared


def _fill(
    connection: duckdb.DuckDBPyConnection,
    manifest: Manifest,
    tenant: str | None,
    own: Sequence[Path],
    fresh: Sequence[Any],
) -> None:
    # Also the types of columns when there is no row at all.
    connection.register(_FRESH, joined_tables([FIXED.empty_table(), *fresh]))
    files = f"[{', '.join(literal(str(file.resolve())) for file in own)}]"
    connection.execute(f"SET allowed_paths = {files}")
    connection.execute("SET enable_external_access = false")
    rows = f"SELECT * FROM {_FRESH}"  # noqa: S608 - names of ours
    if own:
        rows = f"SELECT * FROM read_parquet({files}, union_by_name = true) UNION ALL BY NAME {rows}"  # noqa: S608 - as above
    tenants = [each for each in {*manifest.merges, *manifest.erased} if tenant in (None, each)]
    pairs = [pair for each in tenants for pair in manifest.merges.get(each, {}).items()]
    gone = [actor for each in tenants for actor in manifest.erased.get(each, ())]
    actor = f"rows.{ACTOR}"
    source = f"({rows}) AS rows"
    if pairs:
        froms, intos = zip(*pairs, strict=True)
        connection.register(_MERGES, pa.table({"from_actor": froms, "into_actor": intos}))
        source += f" LEFT JOIN {_MERGES} AS merged ON {actor} = merged.from_actor"
        actor = f"coalesce(merged.into_actor, {actor})"
    where = ""
    if gone:
        connection.register(_ERASED, pa.table({"actor": gone}))
        where = f" WHERE rows.{ACTOR} NOT IN (FROM {_ERASED}) AND {actor} NOT IN (FROM {_ERASED})"
    connection.execute(
        f"CREATE VIEW events AS SELECT rows.* EXCLUDE ({OWN_ACTOR}) "  # noqa: S608 - names of ours
        f"REPLACE (nullif({actor}, {NOBODY}) AS {ACTOR}), rows.user_id IS NOT NULL AS {IDENTIFIED} FROM {source}{where}"
    )
    connection.execute("SET lock_configuration = true")
