"""Results as tables, for files and for the command line. Pure."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mirante.api.metrics.v1 import report_scope_pb2

from services.runtime.spreadsheets import harmless

OTHERS: Final = "(others)"
"""What stands for the values of a breakdown that are not apart."""
ABSENT: Final = "(none)"
"""What stands for those who have no value; rows of all have an empty cell."""

Cell = str | int | float | bool | None
Row = Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, in the order of the columns; None is an empty one."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def group_name(group: report_scope_pb2.BreakdownGroup) -> str:
    """Return what names a group."""
    if group.others:
        return OTHERS
    return group.value if group.HasField("value") else ABSENT


def optional(message: Any, *names: str) -> list[Any]:
    """Return fields of a message, None for those that are not set."""
    return [getattr(message, name) if message.HasField(name) else None for name in names]


def joined(current: Table, previous: Table | None) -> Table:
    """Return one table of both periods; as it is when there is one."""
    if previous is None:
        return current
    rows = [(period, *row) for period, table in (("current", current), ("previous", previous)) for row in table.rows]
    return Table(("period", *current.columns), tuple(rows))


def as_csv(table: Table) -> bytes:
    """Return a table as CSV (RFC 4180), UTF-8. Texts that would be formulas begin with an apostrophe."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(_cells(table.columns))
    writer.writerows(_cells(row) for row in table.rows)
    return written.getvalue().encode()


def _cells(row: Row) -> Iterable[str]:
    for cell in row:
        if cell is None:
            yield ""
        elif isinstance(cell, bool):
            yield "true" if cell else "false"
        elif isinstance(cell, float):
            yield repr(cell)
        else:
            yield harmless(str(cell))
