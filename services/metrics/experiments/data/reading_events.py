"""
Events of an experiment from the store, in one pass over it. Blocking.

The reports' own reading would do, but looks at every condition for every event: here each event is asked only what
events of its name are asked, and one table is shared out among threads.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

import duckdb
import numpy as np

from services.metrics.analytics.reports.asking import Filter, Selection
from services.metrics.analytics.reports.dialects import DuckDialect, all_conditions
from services.metrics.analytics.reports.reading import Events, Integers, Source, Stretch, bits_type, computed
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.ordering import order_of
from services.metrics.analytics.store.schema import number_expression

ROWS_AT_ONCE: Final = 12_000_000
"""Of what is wanted, so many are held at once; each further pass reads the store again."""
FEWEST_SHARED: Final = 100_000
"""Rows of a table before threads share it."""
_WHOLE: Final = 2**63

Done = TypeVar("Done")


def computed_once(source: Source, wanted: Events, limits: Limits, work: Callable[[Stretch], Done]) -> Iterator[Done]:
    """Yield what some work makes of all wanted events, as `reading.computed` does, in fewer passes over the store."""
    if any(each.event is None for each in wanted.selections):
        yield from computed(source, wanted, limits, work)
        return
    connection = source.connect(wanted.tenant, limits)
    try:
        query = _Query(source, wanted)
        passes = 1
        if source.rows(wanted.tenant) > ROWS_AT_ONCE:
            passes = max(-(-int(_one(connection, query.count)) // ROWS_AT_ONCE), 1)
        with ThreadPoolExecutor(max(limits.threads, 1)) as threads:
            for number in range(passes):
                table = connection.execute(query.of(number, passes)).to_arrow_table()
                yield from threads.map(partial(_worked, table, wanted, work), _parts(table, limits.threads))
    finally:
        connection.close()


def _worked(table: Any, wanted: Events, work: Callable[[Stretch], Done], rows: Integers | None) -> Done:
    return work(_stretch(table, rows, wanted))


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = connection.execute(query).fetchone()
    return 0 if row is None else row[0]


class _Query:
    """The SQL of what is wanted."""

    def __init__(self, source: Source, wanted: Events) -> None:
        kinds, rest = source.properties(wanted.tenant), source.has_rest(wanted.tenant)
        dialect = DuckDialect(kinds, rest=rest)
        by_name = _by_name(wanted.selections)
        bits = " ".join(f"WHEN {dialect.literal(name)} THEN {_bits(some, dialect)}" for name, some in by_name.items())
        columns = [f"{dialect.text(each)} AS value{at}" for at, each in enumerate(wanted.values)]
        columns += [
            f"{number_expression(each.name, kinds.get(each.name, frozenset()), rest=rest)} AS number{at}"
            for at, each in enumerate(wanted.numbers)
        ]
        actor, bits = "coalesce(actor, 0) AS actor", f"(CASE name {bits} ELSE 0::UBIGINT END) AS bits"
        names = ", ".join(map(dialect.literal, by_name))
        where = [f"name IN ({names})", all_conditions(wanted.filters, dialect)]
        where += [] if wanted.start is None else [f"time >= make_timestamp({wanted.start})"]
        where += [] if wanted.end is None else [f"time < make_timestamp({wanted.end})"]
        where += [] if wanted.nobody else ["actor IS NOT NULL"]
        self._selected = ", ".join([actor, f"{dialect.time} AS time", bits, *columns])
        self._where = " AND ".join(where)
        self.count = f"SELECT count(*) FROM events WHERE {self._where}"  # noqa: S608 - values are quoted by the dialect

    def of(self, number: int, passes: int) -> str:
        """Return what is read in one of several passes: some of the actors."""
        where, width = self._where, _WHOLE // passes
        if number:
            where += f" AND actor >= {number * width}"
        if number < passes - 1:
            where += f" AND coalesce(actor, 0) < {(number + 1) * width}"
        events = f"SELECT {self._selected} FROM events WHERE {where}"  # noqa: S608 - as above
        return f"SELECT * FROM ({events}) WHERE bits <> 0"  # noqa: S608 - as above


def _by_name(selections: Sequence[Selection]) -> dict[str, list[tuple[int, tuple[Filter, ...]]]]:
    """Return the bits of selections with their filters, by the event."""
    found: dict[str, list[tuple[int, tuple[Filter, ...]]]] = {}
    for at, each in enumerate(selections):
        found.setdefault(each.event or "", []).append((1 << at, each.filters))
    return found


def _bits(some: Sequence[tuple[int, tuple[Filter, ...]]], dialect: DuckDialect) -> str:
    """Return the bits of an event of one name: what all selections ask is asked once."""
    common = [each for each in some[0][1] if all(each in filters for _, filters in some)]
    always, sometimes = 0, []
    for bit, filters in some:
        own = [each for each in filters if each not in common]
        if own:
            sometimes.append(f"(CASE WHEN {all_conditions(own, dialect)} THEN {bit}::UBIGINT ELSE 0::UBIGINT END)")
        else:
            always |= bit
    bits = " | ".join([f"{always}::UBIGINT", *sometimes])
    if not common:
        return bits
    return f"(CASE WHEN {all_conditions(common, dialect)} THEN {bits} ELSE 0::UBIGINT END)"


def _parts(table: Any, threads: int) -> list[Integers | None]:
    """Return the rows of about as many actors for each thread; None for all rows."""
    if threads < 2 or table.num_rows < FEWEST_SHARED:
        return [None]
    actor = table["actor"].to_numpy()
    sample = np.sort(actor[:: max(len(actor) // 10_000, 1)])
    bounds = sample[[len(sample) * number // threads for number in range(1, threads)]]
    part = np.searchsorted(bounds, actor, "right")
    return [np.flatnonzero(part == number) for number in range(threads)]


def _stretch(table: Any, rows: Integers | None, wanted: Events) -> Stretch:
    actor, time = (
        table[name].to_numpy() if rows is None else table[name].to_numpy()[rows] for name in ("actor", "time")
    )
    order = order_of(actor, time)
    if order is not None:
        actor, time = actor[order], time[order]
    # Where each row is in the table, so that every other column is taken once.
    places = rows if order is None else order if rows is None else rows[order]

    def column(name: str) -> Any:
        found = table[name].to_numpy(zero_copy_only=False)
        return found if places is None else found[places]

    begins = np.ones(len(actor), bool)
    np.not_equal(actor[1:], actor[:-1], out=begins[1:])
    return Stretch(
        actor[begins],
        np.cumsum(begins) - 1,
        time,
        column("bits").astype(bits_type(len(wanted.selections))),
        tuple(column(f"value{at}") for at in range(len(wanted.values))),
        tuple(column(f"number{at}").astype(np.float64) for at in range(len(wanted.numbers))),
    )
