"""What a report sees of the store and of ClickHouse: traits beside events, and events of some actors only. Blocking."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from services.metrics.analytics.reports.asking import Cohort, Origin, Property, Scope
from services.metrics.analytics.reports.clickhouse import ClickHouse
from services.metrics.analytics.reports.dialect import column_of
from services.metrics.analytics.reports.dialects import ClickHouseDialect
from services.metrics.analytics.reports.people import KeysOf, People
from services.metrics.analytics.reports.reading import Keys, Source
from services.metrics.analytics.store.arrays import Wanted
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.schema import Kind, literal, quoted


def traits_in(question: Any) -> tuple[str, ...]:
    """Return the names of traits that a question, or a part of one, looks at, but for its scope and cohorts."""
    return tuple(sorted(set(_traits_in(question))))


def _traits_in(part: Any) -> Iterator[str]:
    if isinstance(part, Property):
        if part.origin is Origin.TRAIT:
            yield part.name
    elif isinstance(part, tuple):
        for each in part:
            yield from _traits_in(each)
    elif dataclasses.is_dataclass(part) and not isinstance(part, Scope | Cohort):
        for field in dataclasses.fields(part):
            yield from _traits_in(getattr(part, field.name))


_EVENTS: Final = "events"


def everyones(source: Source) -> str:
    """Return the view of all events of a source's connections, of everybody and of nobody, whatever it narrows."""
    return source.everyones if isinstance(source, Narrowed) else _EVENTS


class Narrowed:
    """
    A snapshot with traits as columns of its events, and events of some actors only.

    Args:
        source: the snapshot.
        traits: the names of those that are looked at.
        people: whose events; None for all.
    """

    def __init__(self, source: Source, traits: Sequence[str], people: People | None = None) -> None:
        self._source = source
        self._traits = traits
        self._people = people
        self._level: int = 1 + (source._level if isinstance(source, Narrowed) else 0)
        self.watermark = source.watermark

    @property
    def _narrows(self) -> bool:
        return bool(self._traits) or self._people is not None

    @property
    def everyones(self) -> str:
        """See the function."""
        return f"everyones_{self._level}" if self._narrows else everyones(self._source)

    def rows(self, tenant: str | None) -> int:
        """See `Source`."""
        return self._source.rows(tenant)

    def properties(self, tenant: str | None) -> Mapping[str, frozenset[Kind]]:
        """See `Source`."""
        return self._source.properties(tenant)

    def has_rest(self, tenant: str | None) -> bool:
        """See `Source`."""
        return self._source.has_rest(tenant)

    def traits(self, tenant: str | None) -> Any:
        """See `Source`."""
        return self._source.traits(tenant)

    def batches(self, tenant: str | None, wanted: Wanted) -> Iterator[Keys]:
        """See `Source`."""
        people = self._people
        if people is None:
            return self._source.batches(tenant, wanted)
        return map(partial(KeysOf, people=people), self._source.batches(tenant, wanted))

    def connect(self, tenant: str | None, limits: Limits | None = None) -> duckdb.DuckDBPyConnection:
        """See `Source`."""
        connection = self._source.connect(tenant, limits)
        if not self._narrows:
            return connection
        try:
            self._narrow(connection, tenant)
        except BaseException:
            connection.close()
            raise
        return connection

    def _narrow(self, connection: duckdb.DuckDBPyConnection, tenant: str | None) -> None:
        # What is narrowed again has views of both kinds.
        everything, told, traits, people = (
            f"{name}_{self._level}" for name in ("all_events", "told_traits", "traits", "people")
        )
        connection.execute(f"ALTER VIEW events RENAME TO {everything}")
        below = everyones(self._source)
        columns, joined, where = "events.*", "", ""
        if self._traits:
            known = self._source.traits(tenant)
            connection.register(told, known.filter(pc.is_in(known["name"], pa.array(self._traits))))
            wide = ", ".join(
                f"max(value) FILTER (name = {literal(name)}) AS {quoted(_column(name))}" for name in self._traits
            )
            connection.execute(f"CREATE TABLE {traits} AS SELECT actor, {wide} FROM {told} GROUP BY actor")  # noqa: S608 - values are quoted
            columns += "".join(f", traits.{quoted(_column(name))}" for name in self._traits)
            joined = f" LEFT JOIN {traits} AS traits ON events.actor = traits.actor"
        if self._people is not None:
            connection.register(people, pa.table({"actor": self._people.actors}))
            negated = "NOT " if self._people.outside else ""
            where = f" WHERE events.actor IS NOT NULL AND events.actor {negated}IN (FROM {people})"
        everybody = everything if below == _EVENTS else below
        for view, of, only in ((_EVENTS, everything, where), (self.everyones, everybody, "")):
            connection.execute(f"CREATE VIEW {view} AS SELECT {columns} FROM {of} AS events{joined}{only}")  # noqa: S608 - names of ours


def narrowed_clickhouse(engine: ClickHouse, traits: Sequence[str], people: str | None = None) -> ClickHouse:
    """
    Return ClickHouse with traits as columns of its events, and events of some actors only.

    Args:
        engine: all of it.
        traits: the names of those that are looked at.
        people: a condition on the column `actor`; None for events of all, and of nobody.
    """
    if not traits and people is None:
        return engine
    some, everybody = engine.events, engine.everyones
    if people is not None:
        some = f"(SELECT * FROM {some} WHERE actor != 0 AND {people})"  # noqa: S608 - values are quoted
    if traits:
        dialect = ClickHouseDialect()
        wide = ", ".join(f"maxOrNullIf(value, name = {dialect.literal(name)}) AS `{_column(name)}`" for name in traits)
        some, everybody = (
            f"(SELECT * FROM {each} AS seen LEFT JOIN "  # noqa: S608 - as above
            f"(SELECT actor, {wide} FROM {engine.traits} GROUP BY actor) AS told USING (actor))"
            for each in (some, everybody)
        )
    return ClickHouse(engine.query, some, engine.traits, everybody)


def _column(name: str) -> str:
    return column_of(Property(name, Origin.TRAIT))
