"""Runs a statement on the store. Blocking; in a process that runs nothing else."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb
from mirante.api.common.v1.value_pb2 import Value
from mirante.api.metrics.v1 import sql_service_pb2 as pb2

from services.metrics.analytics.sql.asking import SqlLimits, SqlQuestion
from services.metrics.analytics.sql.checking import EVENTS, StatementRefused, check
from services.metrics.analytics.sql.describing import described
from services.metrics.analytics.store import StoreUnavailable
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.reading import AnalyticsStore, Snapshot
from services.metrics.analytics.store.schema import quoted

_ROWS_AT_ONCE: Final = 100
_MOST_MESSAGE: Final = 1_000
_SHOW_THE_PLACE: Final = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)
_WHOLE: Final = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"})
_FLOATING: Final = frozenset({"FLOAT", "DOUBLE"})
_AS_THEY_ARE: Final = _WHOLE | _FLOATING | {"BOOLEAN", "VARCHAR"}


def ran(question: SqlQuestion) -> pb2.RunSqlResponse:
    """
    Return what a statement selects.

    Raises:
        StatementRefused: it may not run, is wrong, or needs more than it may have.
        StoreUnavailable: there is no store that can be read.
    """
    snapshot = _snapshot(question)
    with _clear(question, snapshot), _connection(question, snapshot) as connection:
        began = time.perf_counter()
        response = pb2.RunSqlResponse(limits=_limits(question.limits))
        response.watermark.CopyFrom(watermark_of(snapshot))
        interruption = threading.Timer(question.limits.seconds, connection.interrupt)
        interruption.daemon = True
        interruption.start()
        try:
            selected = connection.sql(check(connection, question.statement or ""))
            _answer(selected, question.limits, response)
        finally:
            interruption.cancel()
        response.took.FromNanoseconds(int((time.perf_counter() - began) * 1e9))
    return response


def tables(question: SqlQuestion) -> pb2.DescribeTablesResponse:
    """Return what there is to select from. Raises StoreUnavailable."""
    snapshot = _snapshot(question)
    with _clear(question, snapshot), _connection(question, snapshot) as connection:
        columns = connection.sql(f"SELECT * FROM {EVENTS}")  # noqa: S608 - a name of ours
        table = described(list(zip(columns.columns, map(str, columns.types), strict=True)))
        table.rows = connection.sql(f"SELECT count(*) FROM {EVENTS}").fetchall()[0][0]  # noqa: S608 - as above
    return pb2.DescribeTablesResponse(tables=[table], watermark=watermark_of(snapshot))


def watermark_of(snapshot: Snapshot) -> Any:
    """Return how far the log is in a snapshot, as the contracts say it."""
    mark = snapshot.watermark
    found = pb2.RunSqlResponse().watermark
    found.log_entries, found.at_end = mark.position, mark.at_end
    if mark.complete_us:
        found.complete_until.FromMicroseconds(mark.complete_us)
    return found


def _snapshot(question: SqlQuestion) -> Snapshot:
    try:
        return AnalyticsStore(Path(question.folder)).snapshot(question.environment)
    except OSError:
        raise StoreUnavailable("the folder of the analytics store cannot be read") from None


@contextmanager
def _connection(question: SqlQuestion, snapshot: Snapshot) -> Iterator[duckdb.DuckDBPyConnection]:
    limits = Limits(question.limits.memory_mib, question.limits.threads)
    with snapshot.connect(question.tenant, limits, sealed=True) as connection:
        yield connection


@contextmanager
def _clear(question: SqlQuestion, snapshot: Snapshot) -> Iterator[None]:
    """Say what the engine says, without the server's paths."""
    limits = question.limits
    try:
        yield
    except duckdb.InterruptException:
        raise StatementRefused(f"it took longer than {limits.seconds:g} seconds") from None
    except (duckdb.OutOfMemoryException, MemoryError):
        raise StatementRefused(f"it needs more memory than {limits.memory_mib} MiB") from None
    except duckdb.PermissionException:
        raise StatementRefused("it may reach neither files nor the network") from None
    except duckdb.IOException:
        snapshot.report_damage()
        raise StoreUnavailable("files of the analytics store could not be read: ask again") from None
    except (duckdb.InternalException, duckdb.FatalException):
        raise StatementRefused("the engine cannot run it") from None
    except (duckdb.Error, RuntimeError, ValueError, OverflowError) as error:
        raise StatementRefused(_message(error, question)) from None


def _message(error: Exception, question: SqlQuestion) -> str:
    text = str(error)
    if not isinstance(error, _SHOW_THE_PLACE):
        # While it runs the engine shows what was made of the statement, which nobody wrote.
        text = text.partition("\n\nLINE ")[0]
    for folder in (str(Path(question.folder).resolve()), question.folder):
        text = text.replace(folder, "")
    return text.strip()[:_MOST_MESSAGE] or "the engine cannot run it"


def _answer(selected: Any, limits: SqlLimits, response: pb2.RunSqlResponse) -> None:
    types = [str(each) for each in selected.types]
    response.columns.extend(
        pb2.SqlColumn(name=name, type=type_) for name, type_ in zip(selected.columns, types, strict=True)
    )
    size = sum(column.ByteSize() for column in response.columns)
    if size > limits.most_bytes:
        # They are not counted as rows, and a short statement may name many.
        raise StatementRefused(
            f"the names and types of its {len(types):,} columns have more than {limits.most_bytes:,} bytes"
        )
    cells = ", ".join(
        f"#{number}" if type_ in _AS_THEY_ARE else f"CAST(#{number} AS VARCHAR) AS {quoted(f'c{number}')}"
        for number, type_ in enumerate(types, start=1)
    )
    # One row more says whether there are more.
    rows = selected.project(cells).limit(limits.most_rows + 1)
    while some := rows.fetchmany(_ROWS_AT_ONCE):
        for row in some:
            if len(response.rows) == limits.most_rows:
                response.truncated = True
                return
            made = pb2.SqlRow(cells=map(_value, row))
            size += made.ByteSize()
            if size > limits.most_bytes:
                response.truncated = True
                return
            response.rows.append(made)


def _value(cell: Any) -> Value:
    if cell is None:
        return Value()
    if isinstance(cell, bool):
        return Value(bool_value=cell)
    if isinstance(cell, int):
        return Value(int_value=cell)
    if isinstance(cell, float):
        return Value(double_value=cell)
    return Value(string_value=str(cell))


def _limits(limits: SqlLimits) -> pb2.SqlLimits:
    found = pb2.SqlLimits(
        most_rows=limits.most_rows, most_bytes=limits.most_bytes, memory_mib=limits.memory_mib, threads=limits.threads
    )
    found.time.FromNanoseconds(int(limits.seconds * 1e9))
    return found
