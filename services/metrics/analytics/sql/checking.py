"""
Reads a statement before it runs: as the tree that DuckDB's own parser makes of it.

Tenants are kept apart by the engine, which holds nobody else's rows. This keeps out what would tell about the server
(its settings, its paths, plans with names of files) and says clearly what there is to select from.
"""

import json
from collections.abc import Collection, Iterator
from typing import Any, Final

import duckdb

EVENTS: Final = "events"

_TABLE_FUNCTIONS: Final = frozenset({"generate_series", "json_each", "json_tree", "range", "unnest"})
"""Those that make rows of what they are given."""

_REFERENCES: Final = frozenset(
    {"BASE_TABLE", "CTE", "EMPTY", "EXPRESSION_LIST", "JOIN", "PIVOT", "SUBQUERY", "TABLE_FUNCTION"}
)
"""Kinds of what may stand in FROM."""

_SCALAR_FUNCTIONS_REFUSED: Final = frozenset(
    {
        "current_setting", "currval", "get_block_size", "getenv", "getvariable", "json_serialize_plan", "nextval",
        "sleep_ms", "write_log",
    }
)  # fmt: skip
_PREFIXES_REFUSED: Final = ("pg_", "has_", "inet_", "duckdb_", "pragma_")
"""Of functions that look into the engine's catalogue."""


class StatementRefused(Exception):
    """A statement is not one that may run; says why, to whoever wrote it."""


def check(connection: duckdb.DuckDBPyConnection, statement: str) -> duckdb.Statement:
    """
    Return a statement as DuckDB has read it.

    Args:
        connection: the sealed one, whose catalogue no name of a subquery may repeat.
        statement: SQL.

    Raises:
        StatementRefused: it is not one SELECT on the view, or uses a function that tells about the server.
        duckdb.Error: it is no SQL.
    """
    found = connection.extract_statements(statement)
    if len(found) != 1:
        raise StatementRefused(f"say one statement: these are {len(found)}" if found else "there is no statement")
    [only] = found
    if only.type != duckdb.StatementType.SELECT:
        raise StatementRefused(f"only SELECT may be asked, not {only.type.name.replace('_', ' ')}")
    [serialized] = connection.execute("SELECT json_serialize_sql(?)", [only.query]).fetchone() or [""]
    try:
        tree = json.loads(serialized)
    except RecursionError:
        raise StatementRefused("it is too deeply nested") from None
    if tree.get("error") or len(tree["statements"]) != 1:
        raise StatementRefused("only a SELECT may be asked")
    check_tree(tree, _known(connection))
    return only


def check_tree(tree: Any, known: Collection[str]) -> None:
    """
    Check what DuckDB's parser made of a SELECT.

    Args:
        tree: as `json_serialize_sql` returns it.
        known: relations of the engine's catalogue, in small letters: a subquery of that name would hide one in one
            place and name it in another.

    Raises:
        StatementRefused: see `check`.
    """
    nodes = list(_nodes(tree))
    named = {str(each["key"]).lower() for node in nodes for each in node.get("cte_map", {}).get("map", ())}
    hidden = sorted((named & set(known)) - {EVENTS})
    if hidden:
        raise StatementRefused(f"a subquery may not be named {hidden[0]!r}")
    for node in nodes:
        if "sample" in node and "alias" in node and "type" in node:
            _check_reference(node, named | {EVENTS})
        name = node.get("function_name")
        if isinstance(name, str):
            _check_function(name.lower())


def _check_reference(node: dict[str, Any], named: Collection[str]) -> None:
    kind = str(node["type"])
    if kind == "SHOW_REF":
        raise StatementRefused("DESCRIBE, SHOW and SUMMARIZE are not answered: DescribeTables says what there is")
    if kind not in _REFERENCES:
        raise StatementRefused(f"{kind.lower().replace('_', ' ')} may not stand in FROM")
    if kind == "TABLE_FUNCTION":
        function = str(node["function"].get("function_name", "")).lower()
        if function not in _TABLE_FUNCTIONS:
            raise StatementRefused(
                f"the function {function!r} may not stand in FROM: there are {', '.join(sorted(_TABLE_FUNCTIONS))}"
            )
    if kind == "BASE_TABLE":
        place = (str(node["catalog_name"]).lower(), str(node["schema_name"]).lower())
        name = str(node["table_name"])
        if name.lower() not in named or place not in {("", ""), ("", "main"), ("memory", ""), ("memory", "main")}:
            whole = ".".join(part for part in (node["catalog_name"], node["schema_name"], name) if part)
            raise StatementRefused(f"there is no table {whole!r}: select from {EVENTS}")


def _check_function(name: str) -> None:
    if name in _SCALAR_FUNCTIONS_REFUSED or name.startswith(_PREFIXES_REFUSED):
        raise StatementRefused(f"the function {name!r} may not be used")


def _known(connection: duckdb.DuckDBPyConnection) -> set[str]:
    query = "SELECT lower(view_name) FROM duckdb_views() UNION SELECT lower(table_name) FROM duckdb_tables()"
    return {name for (name,) in connection.execute(query).fetchall()}


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield all objects of a tree. Not by recursion: how deep it is, is said by whoever wrote the statement."""
    left = [tree]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            yield each
            left.extend(each.values())
        elif isinstance(each, list):
            left.extend(each)
