"""Events for reports: as the store holds them, and as ClickHouse does."""

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from services.metrics.analytics.reports.clickhouse import COLUMNS, TRAIT_COLUMNS, ClickHouse
from services.metrics.analytics.store.manifest import Manifest, Segment
from services.metrics.analytics.store.reading import Snapshot
from services.metrics.analytics.store.schema import FIXED, Kind, PropertyColumn
from services.metrics.analytics.store.segment_files import write_segment
from services.metrics.analytics.store.traits import TRAITS, TraitFile, with_changes, write_traits

Value = str | int | float | bool


@dataclass(frozen=True)
class Happened:
    """An event: who (0 for nobody), when in microseconds since 1970, what."""

    actor: int
    time: int
    name: str
    properties: Mapping[str, Value] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)
    tenant: str = "acme"


Told = Mapping[tuple[str, int, str], str | None]
"""Traits: by tenant, actor and name."""


@contextmanager
def snapshot_of(
    events: Sequence[Happened],
    complete_us: int = 2**60,
    seed: int = 1,
    traits: Told | None = None,
    clock: Callable[[], float] = time.monotonic,
    **changes: Any,
) -> Iterator[Snapshot]:
    """A snapshot of a store whose segments hold the events, at random; with traits, and changes of its manifest."""
    chance = random.Random(seed)
    runs: dict[int, list[tuple[int, Happened]]] = {}
    for position, event in enumerate(events, start=1):
        runs.setdefault(chance.randrange(3), []).append((position, event))
    with TemporaryDirectory() as name:
        folder = Path(name) / "b"
        folder.mkdir()
        write_traits(Path(name), TraitFile(with_changes(TRAITS.empty_table(), traits or {})))
        segments = tuple(_segment(folder, f"s{number}", rows) for number, rows in sorted(runs.items()))
        manifest = Manifest(
            build="b", position=len(events), complete_us=complete_us, at_end=True, segments=segments, **changes
        )
        yield Snapshot(folder, manifest, clock)


def _segment(folder: Path, name: str, rows: list[tuple[int, Happened]]) -> Segment:
    rows = sorted(rows, key=lambda row: (row[1].tenant, row[1].actor, row[1].time, row[0]))
    columns: dict[str, Any] = {field.name: [] for field in FIXED}
    types = {field.name: field.type for field in FIXED}
    present = {
        column.column: column.kind.type for _, event in rows for column in map(_column, event.properties.items())
    }
    for position, event in rows:
        row: dict[str, Any] = {field.name: event.context.get(field.name) for field in FIXED} | {
            "tenant": event.tenant,
            "actor": event.actor,
            "own_actor": event.actor,
            "time": event.time,
            "received": event.time,
            "position": position,
            "name": event.name,
            "imported": False,
        }
        held = {_column(each).column: each[1] for each in event.properties.items()}
        for column, value in row.items():
            columns[column].append(value)
        for column in present:
            columns.setdefault(column, []).append(held.get(column))
    types |= present
    table = pa.table({column: pa.array(values, types[column]) for column, values in columns.items()})
    return write_segment(folder, name, table, None)


def _column(entry: tuple[str, Value]) -> PropertyColumn:
    return PropertyColumn(_kind(entry[1]), entry[0])


def _kind(value: Value) -> Kind:
    if isinstance(value, bool):
        return Kind.BOOLEAN
    return {str: Kind.TEXT, int: Kind.INTEGER, float: Kind.NUMBER}[type(value)]


class ChdbEvents:
    """ClickHouse's own engine in this process, with one table of events."""

    def __init__(self) -> None:
        from chdb.session import Session

        self._session: Any = Session()  # type: ignore[no-untyped-call]  # it has no types
        self._session.query(f"CREATE TABLE events ({COLUMNS}) ENGINE = Memory")  # type: ignore[no-untyped-call]  # chdb has no types
        self._session.query(f"CREATE TABLE traits ({TRAIT_COLUMNS}) ENGINE = Memory")  # type: ignore[no-untyped-call]  # as above

    def close(self) -> None:
        """Leave the engine: there is one of it in a process."""
        self._session.close()

    def query(self, sql: str) -> list[list[Any]]:
        """Run a query and return its rows."""
        answer = str(self._session.query(sql, "JSONCompact"))
        return list(json.loads(answer)["data"]) if answer else []

    def answer(self, sql: str, format_: str) -> bytes:
        """Run anything and return what it answers; raise RuntimeError with what the engine says."""
        return bytes(self._session.query(sql, format_).bytes())

    def run(self, sql: str) -> None:
        """Run a statement."""
        self._session.query(sql)

    def holding(self, events: Sequence[Happened], traits: Told | None = None) -> ClickHouse:
        """Return the tables, holding these events and traits and no others."""
        self.run("TRUNCATE TABLE events")
        self.insert("events", events)
        self.run("TRUNCATE TABLE traits")
        if traits:
            columns = ("tenant", "actor", "name", "value", "position")
            told = [
                json.dumps(dict(zip(columns, (*key, value, at), strict=True)))
                for at, (key, value) in enumerate(traits.items())
            ]
            self.run(f"INSERT INTO traits FORMAT JSONEachRow {' '.join(told)}")
        return ClickHouse(self.query, "events", "traits")

    def insert(self, table: str, events: Sequence[Happened], position: int = 1) -> None:
        """Put events into a table, the first of them from a position of the log on."""
        if events:
            rows = "\n".join(json.dumps(row_of(at, event)) for at, event in enumerate(events, start=position))
            self.run(f"INSERT INTO {table} FORMAT JSONEachRow {rows}")


def row_of(position: int, event: Happened) -> dict[str, Any]:
    """An event as a row of the table."""
    kinds = {Kind.TEXT: "texts", Kind.INTEGER: "integers", Kind.NUMBER: "numbers", Kind.BOOLEAN: "booleans"}
    maps: dict[str, dict[str, Value]] = {each: {} for each in kinds.values()}
    for name, value in event.properties.items():
        maps[kinds[_kind(value)]][name] = value
    time = f"{event.time // 1_000_000}.{event.time % 1_000_000:06}"
    fixed = {"tenant": event.tenant, "actor": event.actor, "name": event.name, "position": position}
    return fixed | {"time": time, "received": time, "imported": False} | maps | dict(event.context)
