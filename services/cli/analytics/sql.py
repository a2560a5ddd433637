"""`mirante sql`."""

import csv
import io
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import typer
from mirante.api.common.v1.value_pb2 import Value
from mirante.api.metrics.v1 import sql_service_pb2 as pb2

from services.cli.analytics.scopes import Format
from services.cli.command import command
from services.cli.output import Output, local_time
from services.cli.plain import plain
from services.cli.refusals import Refusal, usage
from services.cli.session import Session
from services.runtime.spreadsheets import harmless

asking_sql = typer.Typer()

_BESIDE_SECONDS = 20.0
"""For waiting in line, and for the start of what runs the statement."""

_MOST_SECONDS: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose events, how much of them, and how they are printed."""

    tenant: Annotated[str | None, typer.Option(help="Whose events.")] = None
    all_tenants: Annotated[bool, typer.Option("--all-tenants", help="The events of all tenants.")] = False
    format: Annotated[Format, typer.Option(help="How rows are printed.")] = Format.TABLE
    most_rows: Annotated[int, typer.Option(min=1, max=1_000_000, help="Of the answer.")] = 1_000
    time_limit: Annotated[float, typer.Option(help="Seconds that it may run.")] = 10.0


@command(asking_sql, "sql")
def sql(
    session: Session,
    asked: Asked,
    statement: Annotated[
        str, typer.Argument(help="One SELECT; - reads it from stdin. Left out: what there is to select from.")
    ] = "",
) -> None:
    """Ask the events of a tenant in SQL; nothing can be changed."""
    if asked.tenant is None and not asked.all_tenants:
        raise Refusal("say whose events: --tenant NAME, or --all-tenants")
    # Also one that is no number is not between them.
    if not 0 < asked.time_limit <= _MOST_SECONDS:
        raise usage("--time-limit must be a number of seconds, more than 0")
    if not statement:
        _describe(session, asked)
        return
    request = pb2.RunSqlRequest(
        environment=session.environment,
        tenant=asked.tenant,
        all_tenants=asked.all_tenants,
        statement=sys.stdin.read() if statement == "-" else statement,
        most_rows=asked.most_rows,
    )
    request.time_limit.FromNanoseconds(int(asked.time_limit * 1e9))
    answer = session.call(session.sql.RunSql, request, timeout_seconds=asked.time_limit + _BESIDE_SECONDS)
    names = [column.name for column in answer.columns]
    rows = [[_cell(cell) for cell in row.cells] for row in answer.rows]
    if session.output.as_json or asked.format is Format.JSON:
        _print_json(answer, rows)
    elif asked.format is Format.CSV:
        session.output.verbatim(_csv(names, rows))
    else:
        session.output.table(names, [[_text(cell) for cell in row] for row in rows])
    _remark(session.output, answer)


def _describe(session: Session, asked: Asked) -> None:
    request = pb2.DescribeTablesRequest(
        environment=session.environment, tenant=asked.tenant, all_tenants=asked.all_tenants
    )
    answer = session.call(session.sql.DescribeTables, request, timeout_seconds=_BESIDE_SECONDS)

    def show(output: Output) -> None:
        for table in answer.tables:
            output.line(f"{table.name}: {table.rows:,} rows. {table.description}")
            output.table(
                ("column", "type", "what it is"), [(each.name, each.type, each.description) for each in table.columns]
            )

    session.output.answer(lambda: plain(answer), show)


def _print_json(answer: pb2.RunSqlResponse, rows: list[list[Any]]) -> None:
    document = {
        "columns": [{"name": column.name, "type": column.type} for column in answer.columns],
        "rows": [[_finite(cell) for cell in row] for row in rows],
        "truncated": answer.truncated,
        "watermark": plain(answer.watermark),
    }
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")


def _finite(cell: Any) -> Any:
    """Return a cell for JSON, which has no such numbers as NaN: they are texts."""
    return str(cell) if isinstance(cell, float) and not math.isfinite(cell) else cell


def _remark(output: Output, answer: pb2.RunSqlResponse) -> None:
    if answer.truncated:
        limits = answer.limits
        output.remark(f"there are more rows: {limits.most_rows:,}, or {limits.most_bytes / 1e6:.0f} MB, are printed")
    until = local_time(answer.watermark.complete_until) or "not caught up with the log yet"
    output.remark(f"events until {until}")


def _csv(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    made = io.StringIO()
    writer = csv.writer(made)
    writer.writerow(map(harmless, names))
    writer.writerows([["" if cell is None else harmless(_text(cell)) for cell in row] for row in rows])
    return made.getvalue()


def _cell(cell: Value) -> Any:
    kind = cell.WhichOneof("kind")
    return None if kind is None else getattr(cell, kind)


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return "NULL" if cell is None else str(cell)
