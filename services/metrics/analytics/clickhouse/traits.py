"""
Traits of users in ClickHouse: a table of each environment, and how far it is. Blocking.

Whenever somebody is erased another table is made from the beginning; what the one before holds of who was erased is
left out by readers until then.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa

from services.metrics.analytics.clickhouse.server import ClickHouseServer
from services.metrics.analytics.clickhouse.tables import name_of
from services.metrics.analytics.reports.clickhouse import TRAIT_TABLE
from services.metrics.analytics.reports.dialects import ClickHouseDialect
from services.metrics.analytics.store.manifest import Manifest

STATES: Final = "mirante_trait_states"

_CREATE: Final = f"""
CREATE TABLE IF NOT EXISTS {STATES} (
    environment String, version UInt64, table String, cursor String, origin String
)
ENGINE = ReplacingMergeTree(version)
ORDER BY environment
"""
_quoted: Final = ClickHouseDialect().literal

Changes = Mapping[tuple[str, int, str], str | None]


@dataclass(frozen=True, slots=True)
class TraitState:
    """
    The traits of an environment.

    Attributes:
        environment: its key.
        table: with them; empty before there is one.
        cursor: behind the last change that is in.
        origin: of which erasures it knows; see `origin_of`.
        version: grows whenever something changes.
    """

    environment: str
    table: str = ""
    cursor: bytes = b""
    origin: str = ""
    version: int = 0


def origin_of(manifest: Manifest) -> str:
    """Return what is another one whenever traits have to be read anew."""
    return f"{manifest.build}:{manifest.forgets}"


def state_of(server: ClickHouseServer, environment: str) -> TraitState:
    """Return how far the traits of an environment are; raise Unavailable."""
    server.run(_CREATE)
    rows = server.rows(
        f"SELECT table, cursor, origin, version FROM {STATES} FINAL WHERE environment = {_quoted(environment)}"  # noqa: S608 - quoted
    )
    if not rows:
        return TraitState(environment)
    [[table, cursor, origin, version]] = rows
    return TraitState(environment, str(table), bytes.fromhex(str(cursor)), str(origin), int(version))


def saved(server: ClickHouseServer, state: TraitState) -> TraitState:
    """Write how far the traits are; return it with its next version. Raises Unavailable."""
    after = replace(state, version=state.version + 1)
    row = {
        "environment": after.environment,
        "version": after.version,
        "table": after.table,
        "cursor": after.cursor.hex(),
        "origin": after.origin,
    }
    server.insert(STATES, pa.Table.from_pylist([row]))
    return after


def begun(server: ClickHouseServer, state: TraitState, origin: str) -> TraitState:
    """Return a state with a table that holds nothing yet; it is not saved. Raises Unavailable."""
    table = f"{_prefix(state.environment)}{secrets.token_hex(4)}"
    server.run(TRAIT_TABLE.format(table=table))
    return replace(state, table=table, cursor=b"", origin=origin)


def add(server: ClickHouseServer, state: TraitState, changes: Changes) -> None:
    """Insert changes, which count from the next version on; raise Unavailable."""
    if not changes:
        return
    tenants, actors, names = zip(*changes, strict=True)
    rows = {
        "tenant": pa.array(tenants, pa.string()),
        "actor": pa.array(actors, pa.int64()),
        "name": pa.array(names, pa.string()),
        "value": pa.array(list(changes.values()), pa.string()),
        "position": pa.array([state.version + 1] * len(changes), pa.uint64()),
    }
    server.insert(state.table, pa.table(rows))


def drop_others(server: ClickHouseServer, state: TraitState) -> None:
    """Drop the tables of an environment that are not the one of its state; raise Unavailable."""
    prefix = _quoted(_prefix(state.environment))
    for (table,) in server.rows(
        f"SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, {prefix})"  # noqa: S608 - quoted
    ):
        if table != state.table:
            server.run(f"DROP TABLE IF EXISTS {table}")


def relation_of(state: TraitState, manifest: Manifest) -> str | None:
    """Return the relation of the traits that users have, without those of who was erased; None when there is none."""
    if not state.table:
        return None
    where = ""
    if state.origin != origin_of(manifest):
        gone: Sequence[int] = sorted(actor for actors in manifest.condemned.values() for actor in actors)
        where = f" WHERE actor NOT IN ({', '.join(map(str, gone))})" if gone else ""
    return f"(SELECT tenant, actor, name, value FROM {state.table} FINAL{where})"  # noqa: S608 - names of ours, and numbers


def _prefix(environment: str) -> str:
    return f"mirante_traits_{name_of(environment)}_"
