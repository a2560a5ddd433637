"""`mirante analytics funnel | retention | series | features | ...`: the reports that are asked most, by a few words."""

from enum import StrEnum
from typing import Annotated, Final

import typer
from mirante.api.metrics.v1 import report_pb2, report_scope_pb2, usage_report_pb2

from services.cli.alerts.arguments import duration_of
from services.cli.analytics.scopes import Asked, property_of, selection_of
from services.cli.analytics.showing import ask
from services.cli.command import command
from services.cli.session import Session

reporting = typer.Typer()


class Unit(StrEnum):
    """Of buckets."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Measure(StrEnum):
    """What a series counts."""

    COUNT = "count"
    ACTORS = "actors"
    SUM = "sum"


Event = Annotated[str, typer.Argument(metavar="EVENT", help="Name of an event.", show_default=False)]
AnyEvent = Annotated[str, typer.Argument(metavar="[EVENT]", help="Left out: any event.", show_default=False)]
By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Split by a property; context.NAME, trait.NAME.")]
UnitOption = Annotated[Unit | None, typer.Option(help="Of buckets.")]
Limit = Annotated[int, typer.Option(min=1, help="How many rows.")]

_UNITS: Final = {
    Unit.HOUR: report_scope_pb2.CALENDAR_UNIT_HOUR,
    Unit.DAY: report_scope_pb2.CALENDAR_UNIT_DAY,
    Unit.WEEK: report_scope_pb2.CALENDAR_UNIT_WEEK,
    Unit.MONTH: report_scope_pb2.CALENDAR_UNIT_MONTH,
}
_MEASURES: Final = {
    Measure.COUNT: usage_report_pb2.SERIES_MEASURE_COUNT,
    Measure.ACTORS: usage_report_pb2.SERIES_MEASURE_ACTORS,
    Measure.SUM: usage_report_pb2.SERIES_MEASURE_SUM,
}


@command(reporting, "funnel")
def funnel(
    session: Session,
    asked: Asked,
    *,
    steps: Annotated[list[str], typer.Argument(metavar="EVENT EVENT...", help="The steps, in order.")],
    window: Annotated[str, typer.Option(help="From the first to the last event: 30m, 2h, 7d.")] = "7d",
    by: By = None,
    unit: UnitOption = None,
) -> None:
    """How far people get: how many reach each of some events, one after the other."""
    question = report_pb2.Question()
    for step in steps:
        question.funnel.steps.append(selection_of(step))
    question.funnel.window.FromTimedelta(duration_of("--window", window))
    if by is not None:
        question.funnel.breakdown.property.CopyFrom(property_of(by))
    if unit is not None:
        question.funnel.unit = _UNITS[unit]
    ask(session, asked.over(question), asked.format)


@command(reporting, "retention")
def retention(
    session: Session,
    asked: Asked,
    *,
    start: AnyEvent = "",
    back: Annotated[str, typer.Option(metavar="EVENT", help="By which they return. \\[the same]")] = "",
    unit: UnitOption = None,
    offsets: Annotated[int, typer.Option(min=1, help="How many units later are looked at.")] = 30,
) -> None:
    """Who comes back: of those who began in a day (or week), how many returned so many later. * may still grow."""
    question = report_pb2.Question()
    question.retention.offsets = offsets
    if start:
        question.retention.start.CopyFrom(selection_of(start))
    if back or start:
        question.retention.back.CopyFrom(selection_of(back or start))
    if unit is not None:
        question.retention.unit = _UNITS[unit]
    ask(session, asked.over(question), asked.format)


@command(reporting, "series")
def series(
    session: Session,
    asked: Asked,
    *,
    event: AnyEvent = "",
    measure: Annotated[Measure, typer.Option(help="Events, different people, or a property added up.")] = Measure.COUNT,
    property_: Annotated[str | None, typer.Option("--property", metavar="NAME", help="Of --measure sum.")] = None,
    unit: UnitOption = None,
    by: By = None,
) -> None:
    """Numbers over time: of events, of people, or sums such as of money (split them by their currency)."""
    question = report_pb2.Question()
    question.series.measure = _MEASURES[measure]
    if event:
        question.series.selection.CopyFrom(selection_of(event))
    if property_ is not None:
        question.series.property.CopyFrom(property_of(property_))
    if unit is not None:
        question.series.unit = _UNITS[unit]
    if by is not None:
        question.series.breakdown.property.CopyFrom(property_of(by))
    ask(session, asked.over(question), asked.format)


@command(reporting, "features")
def features(session: Session, asked: Asked, *, limit: Limit = 10, by: By = None) -> None:
    """Which events of the catalogue are used most, by people and by use, and which never."""
    question = report_pb2.Question()
    question.feature_use.declared_in_catalogue = True
    question.feature_use.limit = limit
    if by is not None:
        question.feature_use.breakdown.property.CopyFrom(property_of(by))
    ask(session, asked.over(question), asked.format)


@command(reporting, "stickiness")
def stickiness(session: Session, asked: Asked, event: AnyEvent = "", unit: UnitOption = None) -> None:
    """On how many days (or weeks) people are active: power users against casual ones."""
    question = report_pb2.Question()
    question.stickiness.SetInParent()
    if event:
        question.stickiness.selection.CopyFrom(selection_of(event))
    if unit is not None:
        question.stickiness.unit = _UNITS[unit]
    ask(session, asked.over(question), asked.format)


@command(reporting, "lifecycle")
def lifecycle(session: Session, asked: Asked, event: AnyEvent = "", unit: UnitOption = None) -> None:
    """Who is new, returns, comes back after a while, or stays away."""
    question = report_pb2.Question()
    question.lifecycle.SetInParent()
    if event:
        question.lifecycle.selection.CopyFrom(selection_of(event))
    if unit is not None:
        question.lifecycle.unit = _UNITS[unit]
    ask(session, asked.over(question), asked.format)


@command(reporting, "task")
def task(
    session: Session,
    asked: Asked,
    *,
    start: Event,
    end: Event,
    within: Annotated[str, typer.Option(help="The longest it takes: 30m, 2h, 7d.")] = "1h",
    by: By = None,
) -> None:
    """How long people take from one event to another, and how often they give up."""
    question = report_pb2.Question()
    question.task_time.start.CopyFrom(selection_of(start))
    question.task_time.end.CopyFrom(selection_of(end))
    question.task_time.within.FromTimedelta(duration_of("--within", within))
    if by is not None:
        question.task_time.breakdown.property.CopyFrom(property_of(by))
    ask(session, asked.over(question), asked.format)


@command(reporting, "exits")
def exits(session: Session, asked: Asked, *, limit: Limit = 20, by: By = None) -> None:
    """On which screens sessions end."""
    question = report_pb2.Question()
    question.exits.limit = limit
    if by is not None:
        question.exits.breakdown.property.CopyFrom(property_of(by))
    ask(session, asked.over(question), asked.format)


@command(reporting, "top")
def top(
    session: Session,
    asked: Asked,
    *,
    event: Event,
    properties: Annotated[list[str], typer.Argument(metavar="NAME...", help="1 to 3 properties.")],
    limit: Limit = 20,
) -> None:
    """What occurs most: for instance `top erro_frontend tipo mensagem`, or `top clique_raivoso caminho elemento`."""
    question = report_pb2.Question()
    question.top_values.selection.CopyFrom(selection_of(event))
    question.top_values.properties.extend(property_of(name) for name in properties)
    question.top_values.limit = limit
    ask(session, asked.over(question), asked.format)


@command(reporting, "problems")
def problems(
    session: Session,
    asked: Asked,
    *,
    event: Annotated[str, typer.Argument(metavar="[EVENT]", help="That is a problem.")] = "erro_frontend",
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Whose values are compared.")] = "context.browser",
) -> None:
    """Where problems are more frequent than elsewhere: browsers, devices, releases."""
    question = report_pb2.Question()
    question.problems.problem.CopyFrom(selection_of(event))
    question.problems.by.CopyFrom(property_of(by))
    ask(session, asked.over(question), asked.format)


@command(reporting, "vitals")
def vitals(session: Session, asked: Asked, limit: Limit = 30) -> None:
    """How fast pages are, by device."""
    question = report_pb2.Question()
    question.web_vitals.limit = limit
    ask(session, asked.over(question), asked.format)


@command(reporting, "nps")
def nps(session: Session, asked: Asked, *, unit: UnitOption = None, by: By = None) -> None:
    """The net promoter score over time."""
    question = report_pb2.Question()
    question.nps.SetInParent()
    if unit is not None:
        question.nps.unit = _UNITS[unit]
    if by is not None:
        question.nps.breakdown.property.CopyFrom(property_of(by))
    ask(session, asked.over(question), asked.format)
