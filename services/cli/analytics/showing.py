"""Answers for people: the rows of their files as tables, shares as percentages, seconds as durations."""

import csv
import datetime
import io
import re
from collections.abc import Collection, Sequence
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mirante.api.metrics.v1 import analytics_service_pb2 as pb2
from mirante.api.metrics.v1 import report_pb2

from services.cli.analytics.scopes import Format
from services.cli.output import Output
from services.cli.plain import plain
from services.cli.session import Session

_SECONDS: Final = 60.0
_STILL_GOOD: Final = 300
_SHARES: Final = frozenset(
    {
        "from_previous", "overall", "share", "abandoned", "abandonment", "rate", "rest_rate",
    }
)  # fmt: skip
_OF_SHARES: Final = frozenset({"difference", "low", "high"})
"""Columns of shares beside a rate, and of something else elsewhere."""
_LONG: Final = re.compile(r"-?[0-9]+\.[0-9]{5,}(e-?[0-9]+)?", re.ASCII)
_OF_ALL: Final = frozenset({"bucket", "group"})
"""Columns whose empty cells stand for everything."""
_TRIANGLE: Final = frozenset({"cohort", "offset", "returned"})
_OFFSETS: Final = (0, 1, 2, 3, 4, 5, 6, 7, 14, 21, 30)
_MINUTE: Final = 60
_HOUR: Final = 3_600
_DAY: Final = 86_400


def ask(session: Session, question: report_pb2.Question, wanted: Format) -> None:
    """Ask a question and print the answer; raise Refusal."""
    answer = answer_of(session, question)
    if session.output.as_json or wanted is Format.JSON:
        Output(as_json=True).answer(lambda: plain(answer), lambda _: None)
        return
    exported = file_of(session, question)
    if wanted is Format.CSV:
        session.output.verbatim(exported)
        _remark_on_absence(session.output, answer)
        return
    show(session.output, answer, exported)


def answer_of(session: Session, question: report_pb2.Question) -> report_pb2.Answer:
    """Return the answer to a question; raise Refusal."""
    request = pb2.RunReportRequest(environment=session.environment, question=question)
    return session.call(session.analytics.RunReport, request, timeout_seconds=_SECONDS).answer


def file_of(session: Session, question: report_pb2.Question) -> str:
    """Return the answer that was just given to a question as CSV; raise Refusal."""
    request = pb2.ExportReportRequest(environment=session.environment, question=question)
    # The same answer, though events have come in since.
    request.fresh_within.FromSeconds(_STILL_GOOD)
    return session.call(session.analytics.ExportReport, request, timeout_seconds=_SECONDS).content.decode()


def show(output: Output, answer: report_pb2.Answer, exported: str) -> None:
    """Print an answer as a table."""
    columns, *rows = csv.reader(io.StringIO(exported, newline=""))
    if set(columns) >= _TRIANGLE:
        columns, rows = _triangle(columns, rows)
    shown = [at for at, column in enumerate(columns) if column == "event" or any(row[at] for row in rows)]
    if rows:
        shares = _SHARES | _OF_SHARES if "rate" in columns else _SHARES
        table = [[_cell(columns[at], row[at], shares) for at in shown] for row in rows]
        output.table([columns[at].replace("_", " ").upper() for at in shown], table)
    else:
        output.remark("nothing of the kind")
    output.remark(_made_of(answer))
    _remark_on_absence(output, answer)


def _remark_on_absence(output: Output, answer: report_pb2.Answer) -> None:
    """Say which zeros are those of events that never came in."""
    if not answer.HasField("first_event"):
        output.remark("nothing has come in yet of what was asked about: is the tenant's name right?")
    elif answer.HasField("previous_start"):
        first, before = (each.ToDatetime(datetime.UTC) for each in (answer.first_event, answer.previous_start))
        if first > before:
            zone = answer.time_zone
            output.remark(
                f"events begin on {_local(first, zone)}: the period before, from {_local(before, zone)}, has none of "
                "earlier days to compare with"
            )


def _made_of(answer: report_pb2.Answer) -> str:
    zone = answer.time_zone
    state = "" if answer.watermark.at_end else ", and the store is catching up"
    until = "not caught up yet"
    if answer.watermark.HasField("complete_until"):
        until = _local(answer.watermark.complete_until.ToDatetime(datetime.UTC), zone, "%Y-%m-%d %H:%M:%S")
    start, end = (_local(each.ToDatetime(datetime.UTC), zone) for each in (answer.start, answer.end))
    return f"{start} to {end} ({zone}); complete until {until}{state}"


def _local(moment: datetime.datetime, zone: str, form: str = "") -> str:
    try:
        local = moment.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        local = moment
    usual = "%Y-%m-%d %H:%M" if (local.hour, local.minute) != (0, 0) else "%Y-%m-%d"
    return local.strftime(form or usual)


def _triangle(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    """Return the rows of retention with a column for each of some offsets; `*` marks what may still grow."""
    at = {column: number for number, column in enumerate(columns)}
    before = ["period"] if "period" in at else []
    offsets = sorted({int(row[at["offset"]]) for row in rows})
    kept = offsets if len(offsets) <= len(_OFFSETS) else [offset for offset in _OFFSETS if offset in offsets]
    lines: dict[tuple[str, ...], dict[int, str]] = {}
    sizes: dict[tuple[str, ...], str] = {}
    for row in rows:
        key = (*(row[at[name]] for name in before), row[at["cohort"]] or "all", row[at["group"]])
        share = row[at["share"]]
        mark = "*" if row[at["incomplete"]] == "true" else ""
        lines.setdefault(key, {})[int(row[at["offset"]])] = f"{_percentage(share)}{mark}" if share else ""
        sizes.setdefault(key, row[at["actors"]])
    table = [[*key, sizes[key], *(cells.get(offset, "") for offset in kept)] for key, cells in lines.items()]
    return [*before, "cohort", "group", "actors", *(f"+{offset}" for offset in kept)], table


def _cell(column: str, text: str, shares: Collection[str]) -> str:
    if not text:
        return "all" if column in _OF_ALL else ""
    if column in shares:
        return _percentage(text)
    if column.endswith("_seconds"):
        return _duration(float(text))
    if column == "score":
        return f"{float(text):+.0f}"
    if column in ("p50", "p75", "p95"):
        return f"{float(text):.4g}"
    if _LONG.fullmatch(text):
        return f"{float(text):.2f}"
    return {"true": "yes", "false": ""}.get(text, text)


def _percentage(text: str) -> str:
    return f"{100 * float(text):.1f} %"


def _duration(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE:.0f} min {seconds % _MINUTE:.0f} s"
    if seconds < _DAY:
        return f"{seconds // _HOUR:.0f} h {seconds % _HOUR // _MINUTE:.0f} min"
    return f"{seconds / _DAY:.1f} days"
