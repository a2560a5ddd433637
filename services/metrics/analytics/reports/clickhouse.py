"""
Events in ClickHouse, for who outgrows one machine: the table, and how reports ask it.

Rows and cursor cannot be committed together there, so every row keeps its position in the log: of those with one
position the engine of the table keeps the newest, and reports read it with FINAL.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

Query: TypeAlias = Callable[[str], Sequence[Sequence[Any]]]
"""Runs a query and returns its rows: whole numbers, floats, texts, None, lists and tuples of those."""

COLUMNS: Final = """
    tenant String,
    actor Int64,
    own_actor Int64,
    time DateTime64(6, 'UTC'),
    received DateTime64(6, 'UTC'),
    position UInt64,
    name LowCardinality(String),
    user_id Nullable(String),
    anonymous_id Nullable(String),
    session Nullable(String),
    library Nullable(String),
    library_version Nullable(String),
    release Nullable(String),
    locale Nullable(String),
    page_path Nullable(String),
    page_title Nullable(String),
    page_referrer Nullable(String),
    browser Nullable(String),
    browser_version Nullable(String),
    device Nullable(String),
    os Nullable(String),
    imported Bool,
    texts Map(String, String),
    integers Map(String, Int64),
    numbers Map(String, Float64),
    booleans Map(String, Bool),
    json Map(String, String),
    version UInt64
"""

TABLE: Final = f"""
CREATE TABLE IF NOT EXISTS {{table}} ({COLUMNS})
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(time)
ORDER BY (tenant, position)
"""
"""
Of one environment; `actor` is the person after all merges, 0 for nobody, and no part of the key: somebody who becomes
somebody else is written again under a greater `version`.
"""


TRAIT_COLUMNS: Final = """
    tenant String,
    actor Int64,
    name String,
    value Nullable(String),
    position UInt64
"""

TRAIT_TABLE: Final = f"""
CREATE TABLE IF NOT EXISTS {{table}} ({TRAIT_COLUMNS})
ENGINE = ReplacingMergeTree(position)
ORDER BY (tenant, actor, name)
"""
"""Of one environment: traits as they were told last, read with FINAL; NULL for those that were taken back."""


class ClickHouse:
    """
    Tables of an environment.

    Args:
        query: runs a query.
        table: the name of the table of events, or any relation.
        traits: the one of traits, or any relation; None when there is none, and so nobody has any.
        everyones: the relation of all events, when `table` has those of some actors only.
    """

    def __init__(self, query: Query, table: str, traits: str | None = None, everyones: str | None = None) -> None:
        self.query = query
        self.events = table
        self.everyones = everyones or table
        self.traits = traits or "(SELECT '' AS tenant, toInt64(0) AS actor, '' AS name, '' AS value WHERE false)"
