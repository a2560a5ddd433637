"""
Events for reports, as arrays in the order of actors and time. Blocking.

Questions without conditions on properties are answered from the keys of the store alone; others by DuckDB, which reads
the columns that they name.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol, TypeVar

import duckdb
import numpy as np
import numpy.typing as npt

from services.metrics.analytics.reports.asking import Filter, Property, Selection
from services.metrics.analytics.reports.dialects import DuckDialect, all_conditions, condition
from services.metrics.analytics.store import arrays as store
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.ordering import order_of
from services.metrics.analytics.store.reading import Watermark
from services.metrics.analytics.store.runs import Places, Runs, merged
from services.metrics.analytics.store.schema import Kind

ROWS_AT_ONCE: Final = 4_000_000
"""Of the store, so many are looked at by one query."""

Integers = npt.NDArray[np.int64]
Done = TypeVar("Done")


class Keys(Protocol):
    """What reports need of a batch of keys; see `store.batches.Batch`."""

    def times(self) -> Iterator[tuple[Integers, Places]]:
        """Yield the times of all rows, in no order, and the places of those that are not wanted."""

    def read(self) -> Runs:
        """Return the rows."""


class Source(Protocol):
    """What reports need of a snapshot of the store; see `store.reading.Snapshot`."""

    watermark: Watermark

    def rows(self, tenant: str | None) -> int:
        """Return how many rows there are."""

    def properties(self, tenant: str | None) -> Mapping[str, frozenset[Kind]]:
        """Return the properties that have columns."""

    def has_rest(self, tenant: str | None) -> bool:
        """Return whether properties are in the column `rest`."""

    def connect(self, tenant: str | None, limits: Limits | None = None) -> duckdb.DuckDBPyConnection:
        """Open a DuckDB with the view `events`."""

    def batches(self, tenant: str | None, wanted: store.Wanted) -> Iterator[Keys]:
        """Yield the keys of events, to be read."""

    def traits(self, tenant: str | None) -> Any:
        """Return the traits that users have now, as a `pyarrow.Table` of `store.traits.TRAITS`."""


@dataclass(frozen=True, slots=True)
class Events:
    """
    Which events a report looks at.

    Attributes:
        selections: up to 64 choices; an event is wanted when it is among any of them.
        start, end: only events from the one instant on and before the other; None: without end on that side.
        tenant: whose; None for all.
        filters: on all events.
        values: properties of the events that are needed, as text.
        numbers: properties that are needed as numbers.
        nobody: whether events that name nobody are wanted too; their actor is 0.
    """

    selections: tuple[Selection, ...]
    start: int | None
    end: int | None
    tenant: str | None = None
    filters: tuple[Filter, ...] = ()
    values: tuple[Property, ...] = ()
    numbers: tuple[Property, ...] = ()
    nobody: bool = False

    @property
    def by_keys(self) -> bool:
        """Whether the keys of events say all that is asked for."""
        asked = self.filters or self.values or self.numbers or any(each.filters for each in self.selections)
        return not asked


@dataclass(frozen=True, slots=True)
class Stretch:
    """
    All wanted events of some actors, by actor and time.

    Attributes:
        actors: who they are.
        actor: of each event, the index in `actors`, ascending.
        time: when, microseconds.
        bits: bit s is set when the event is among selection s.
        values: as asked for: arrays of texts, None where absent.
        numbers: as asked for: arrays of float64, NaN where absent.
    """

    actors: Integers
    actor: Integers
    time: Integers
    bits: npt.NDArray[Any]
    values: tuple[npt.NDArray[Any], ...] = ()
    numbers: tuple[npt.NDArray[np.float64], ...] = ()

    def __len__(self) -> int:
        return len(self.actor)


def computed(source: Source, wanted: Events, limits: Limits, work: Callable[[Stretch], Done]) -> Iterator[Done]:
    """
    Yield what some work makes of all wanted events, each actor's in one stretch. Threads work and read at once.

    The work must not change what others see.
    """
    tasks = _from_keys(source, wanted) if wanted.by_keys else _from_columns(source, wanted, limits)
    yield from _in_threads((partial(_done, task, work) for task in tasks), limits)


def computed_runs(source: Source, wanted: Events, limits: Limits, work: Callable[[Runs], Done]) -> Iterator[Done]:
    """
    Yield what some work makes of all wanted events, as they lie in segments. Only of what is read from keys alone.

    The codes of runs are indices in their names, which may be more than what is wanted.
    """
    yield from computed_batches(source, wanted, limits, lambda batch: work(batch.read()))


def computed_batches(source: Source, wanted: Events, limits: Limits, work: Callable[[Keys], Done]) -> Iterator[Done]:
    """Yield what some work makes of all batches of wanted events. Only of what is read from keys alone."""
    batches = source.batches(wanted.tenant, _keys_wanted(wanted))
    yield from _in_threads((partial(work, batch) for batch in batches), limits)


def _in_threads(tasks: Iterator[Callable[[], Done | None]], limits: Limits) -> Iterator[Done]:
    with ThreadPoolExecutor(max(limits.threads, 1)) as threads:
        running: deque[Future[Done | None]] = deque()
        for task in tasks:
            running.append(threads.submit(task))
            if len(running) > limits.threads:
                yield from _some(running.popleft())
        while running:
            yield from _some(running.popleft())


def _done(task: Callable[[], Stretch], work: Callable[[Stretch], Done]) -> Done | None:
    stretch = task()
    return work(stretch) if len(stretch) else None


def _some(future: Future[Done | None]) -> Iterator[Done]:
    found = future.result()
    if found is not None:
        yield found


def first_values(stretch: Stretch, start: npt.NDArray[Any], bit: int) -> npt.NDArray[Any]:
    """Return the values of some events; of several of one actor and time that have a bit, the least."""
    values = stretch.values[0]
    found: npt.NDArray[Any] = values[start]
    time, actor, last = stretch.time, stretch.actor, len(stretch.time) - 1
    tied = np.zeros(len(start), bool)
    for other in (np.maximum(start - 1, 0), np.minimum(start + 1, last)):
        tied |= (other != start) & (time[other] == time[start]) & (actor[other] == actor[start])
    for at in np.flatnonzero(tied).tolist():
        row = int(start[at])
        among = [values[each] for each in _of_one_time(stretch, row) if stretch.bits[each] & bit]
        found[at] = min(among, key=lambda value: (value is not None, value or ""))
    return found


def _of_one_time(stretch: Stretch, row: int) -> Iterator[int]:
    time, actor = stretch.time[row], stretch.actor[row]
    first = row
    while first and stretch.time[first - 1] == time and stretch.actor[first - 1] == actor:
        first -= 1
    while first < len(stretch.time) and stretch.time[first] == time and stretch.actor[first] == actor:
        yield first
        first += 1


def bits_type(count: int) -> type[np.unsignedinteger[Any]]:
    """Return the smallest type that holds so many bits."""
    if count > 64:
        raise ValueError("there are 64 bits at most")
    return next(type_ for size, type_ in _TYPES if count <= size)


_TYPES: Final[tuple[tuple[int, type[np.unsignedinteger[Any]]], ...]] = (
    (8, np.uint8),
    (16, np.uint16),
    (32, np.uint32),
    (64, np.uint64),
)


def _from_keys(source: Source, wanted: Events) -> Iterator[Callable[[], Stretch]]:
    for batch in source.batches(wanted.tenant, _keys_wanted(wanted)):
        yield partial(_from_batch, batch, wanted.selections)


def _keys_wanted(wanted: Events) -> store.Wanted:
    # In their order, so that events of one time come in it as well.
    names = dict.fromkeys(each.event for each in wanted.selections)
    some = None if None in names else [name for name in names if name is not None]
    return store.Wanted(some, first_us=wanted.start, end_us=wanted.end, nobody=wanted.nobody)


def _from_batch(batch: Keys, selections: Sequence[Selection]) -> Stretch:
    runs = batch.read()
    type_ = bits_type(len(selections))
    if not runs.times:
        nothing = np.empty(0, np.int64)
        return Stretch(nothing, nothing, nothing, np.empty(0, type_))
    actors, actor, time, code = merged(runs)
    bits = [sum(1 << at for at, each in enumerate(selections) if each.event in (None, name)) for name in runs.names]
    if bits == [1 << at for at in range(len(bits))]:
        return Stretch(actors, actor, time, np.left_shift(type_(1), code.astype(type_)))
    if len(set(bits)) == 1:
        return Stretch(actors, actor, time, np.full(len(code), bits[0], type_))
    return Stretch(actors, actor, time, np.array(bits, type_).take(code))


def _from_columns(source: Source, wanted: Events, limits: Limits) -> Iterator[Callable[[], Stretch]]:
    dialect = DuckDialect(source.properties(wanted.tenant), rest=source.has_rest(wanted.tenant))
    conditions = [condition(each, dialect) for each in wanted.selections]
    bits = " | ".join(
        f"(CASE WHEN {each} THEN {1 << at}::UBIGINT ELSE 0::UBIGINT END)" for at, each in enumerate(conditions)
    )
    columns = [f"{dialect.text(each)} AS value{at}" for at, each in enumerate(wanted.values)]
    columns += [f"{dialect.number(each)} AS number{at}" for at, each in enumerate(wanted.numbers)]
    where = [f"({' OR '.join(conditions)})", all_conditions(wanted.filters, dialect)]
    where += [] if wanted.start is None else [f"time >= make_timestamp({wanted.start})"]
    where += [] if wanted.end is None else [f"time < make_timestamp({wanted.end})"]
    where += [] if wanted.nobody else ["actor IS NOT NULL"]
    selected = ", ".join(["coalesce(actor, 0) AS actor", f"{dialect.time} AS time", f"{bits} AS bits", *columns])
    type_ = bits_type(len(wanted.selections))
    connection = source.connect(wanted.tenant, limits)
    try:
        for range_ in actor_ranges(source.rows(wanted.tenant)):
            query = f"SELECT {selected} FROM events WHERE {' AND '.join([*where, *range_])}"  # noqa: S608 - values are quoted by the dialect
            table = connection.execute(query).to_arrow_table()
            yield partial(_from_table, table, type_, len(wanted.values), len(wanted.numbers))
    finally:
        connection.close()


def _from_table(table: Any, type_: type[np.unsignedinteger[Any]], values: int, numbers: int) -> Stretch:
    actor, time = (table[name].to_numpy() for name in ("actor", "time"))
    order = order_of(actor, time)
    if order is not None:
        table = table.take(order)
        actor, time = actor[order], time[order]
    begins = np.ones(len(actor), bool)
    np.not_equal(actor[1:], actor[:-1], out=begins[1:])
    return Stretch(
        actor[begins],
        np.cumsum(begins) - 1,
        time,
        table["bits"].to_numpy().astype(type_),
        tuple(table[f"value{at}"].to_numpy(zero_copy_only=False) for at in range(values)),
        tuple(table[f"number{at}"].to_numpy(zero_copy_only=False).astype(np.float64) for at in range(numbers)),
    )


def actor_ranges(rows: int) -> list[list[str]]:
    """Return conditions that split actors so that one query looks at some millions of rows."""
    count = -(-rows // ROWS_AT_ONCE)
    if count <= 1:
        return [[]]
    width = 2**63 // count
    return [
        [f"coalesce(actor, 0) BETWEEN {number * width} AND {min((number + 1) * width - 1, 2**63 - 1)}"]
        if number < count - 1
        else [f"coalesce(actor, 0) >= {number * width}"]
        for number in range(count)
    ]
