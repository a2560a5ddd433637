"""What all reports are asked with on the command line: whose events, of when, which of them; and how it is printed."""

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.metrics.v1 import event_selection_pb2, report_pb2, report_scope_pb2

from services.cli.refusals import usage

_LAST: Final = re.compile(r"([1-9][0-9]{0,3})([hdwm])", re.ASCII)
_UNITS: Final = {
    "h": report_scope_pb2.CALENDAR_UNIT_HOUR,
    "d": report_scope_pb2.CALENDAR_UNIT_DAY,
    "w": report_scope_pb2.CALENDAR_UNIT_WEEK,
    "m": report_scope_pb2.CALENDAR_UNIT_MONTH,
}
_ZONE: Final = "America/Sao_Paulo"
_ORIGINS: Final = {
    "context": event_selection_pb2.PROPERTY_ORIGIN_CONTEXT,
    "trait": event_selection_pb2.PROPERTY_ORIGIN_TRAIT,
}
_CONDITION: Final = re.compile(r"(.+?)(!=|=|>|<|~)(.*)", re.DOTALL)
_OPERATORS: Final = {
    "=": event_selection_pb2.FILTER_OPERATOR_IS,
    "!=": event_selection_pb2.FILTER_OPERATOR_IS_NOT,
    "~": event_selection_pb2.FILTER_OPERATOR_CONTAINS,
    ">": event_selection_pb2.FILTER_OPERATOR_MORE,
    "<": event_selection_pb2.FILTER_OPERATOR_LESS,
}


class Format(StrEnum):
    """How answers are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was said of an answer's scope and form."""

    tenant: Annotated[
        str | None, typer.Option("--tenant", "-t", help="Only this one's events. \\[all]", show_default=False)
    ] = None
    last: Annotated[
        str | None, typer.Option(metavar="30d", help="Hours (h), days, weeks or months up to now. \\[30d]")
    ] = None
    begins: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="Instead of --last: a date, or a time.")
    ] = None
    ends: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Where it ends; that day is not in it.")] = (
        None
    )
    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="Only such events; also != > < and ~ (contains). context.NAME and trait.NAME are no properties of "
            "the event. May be repeated.",
            show_default=False,
        ),
    ] = None
    cohort: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only actors of a saved cohort.", show_default=False)
    ] = None
    time_zone: Annotated[str | None, typer.Option(metavar="ZONE", help="Of days. \\[America/Sao_Paulo]")] = None
    compare: Annotated[bool, typer.Option("--compare", help="Also the period before.")] = False
    format: Annotated[Format, typer.Option(help="How the answer is printed.")] = Format.TABLE

    def over(self, question: report_pb2.Question) -> report_pb2.Question:
        """
        Put what was said over the scope of a question, which gets a period if it has none.

        Raises:
            Refusal: something that was said cannot be.
        """
        scope = question.scope
        if self.tenant is not None:
            scope.tenant = self.tenant
        if self.time_zone is not None:
            scope.time_zone = self.time_zone
        self._over_period(scope)
        scope.filters.extend(filters_of(self.where or ()))
        for cohort in self.cohort or ():
            scope.cohorts.add(cohort_id=cohort)
        scope.compare = scope.compare or self.compare
        return question

    def _over_period(self, scope: report_scope_pb2.ReportScope) -> None:
        if self.begins is not None or self.ends is not None:
            if self.begins is None or self.ends is None or self.last is not None:
                raise usage("--from and --to go together, without --last")
            scope.ClearField("last")
            scope.start.CopyFrom(_moment("--from", self.begins, scope.time_zone))
            scope.end.CopyFrom(_moment("--to", self.ends, scope.time_zone))
        elif self.last is not None or not (scope.HasField("last") or scope.HasField("start") or scope.HasField("end")):
            match = _LAST.fullmatch(self.last or "30d")
            if match is None:
                raise usage(f"--last must be such as 24h, 30d, 8w or 6m, not {self.last!r}")
            scope.ClearField("start")
            scope.ClearField("end")
            scope.last.count, scope.last.unit = int(match[1]), _UNITS[match[2]]


def property_of(text: str) -> event_selection_pb2.EventProperty:
    """Return the property that somebody named: `valor`, `context.browser` or `trait.plan`."""
    origin, dot, name = text.partition(".")
    if dot and origin in _ORIGINS:
        return event_selection_pb2.EventProperty(name=name, origin=_ORIGINS[origin])
    return event_selection_pb2.EventProperty(name=text)


def filters_of(conditions: Sequence[str]) -> list[event_selection_pb2.PropertyFilter]:
    """Return conditions such as `moeda=BRL` and `valor>100`; raise Refusal (wrong usage)."""
    found = []
    for condition in conditions:
        match = _CONDITION.fullmatch(condition)
        if match is None:
            raise usage(
                f"--where must be such as moeda=BRL, moeda!=BRL, valor>100 or caminho~/vendas, not {condition!r}"
            )
        name, operator, value = match.groups()
        found.append(
            event_selection_pb2.PropertyFilter(
                property=property_of(name.strip()), operator=_OPERATORS[operator], values=[value.strip()]
            )
        )
    return found


def _moment(option: str, text: str, zone: str) -> Timestamp:
    timestamp = Timestamp()
    try:
        moment = datetime.datetime.fromisoformat(text)
        local = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone or _ZONE))
        timestamp.FromDatetime(local.astimezone(datetime.UTC))
    except (ValueError, OverflowError, OSError, ZoneInfoNotFoundError):
        raise usage(f"{option} must be a date such as 2026-03-02 or a time such as 2026-03-02T10:00") from None
    return timestamp


def selection_of(text: str) -> event_selection_pb2.EventSelection:
    """Return events as somebody names them: `venda_criada`, or `venda_criada[valor>100,moeda=BRL]`."""
    event, bracket, conditions = text.partition("[")
    if not bracket or not conditions.endswith("]"):
        return event_selection_pb2.EventSelection(event=text)
    return event_selection_pb2.EventSelection(event=event, filters=filters_of(conditions[:-1].split(",")))
