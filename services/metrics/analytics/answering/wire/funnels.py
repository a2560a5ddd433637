"""Funnels. Pure."""

from collections.abc import Iterable
from typing import Final

from mirante.api.metrics.v1 import funnel_report_pb2 as pb2

from services.metrics.analytics.answering.wire.choosing import (
    breakdown_of,
    member_of,
    optional_length,
    optional_unit,
    selection_of,
)
from services.metrics.analytics.answering.wire.report import WireReport
from services.metrics.analytics.answering.wire.tables import Row, Table, group_name, optional
from services.metrics.analytics.reports.asking import Scope
from services.metrics.analytics.reports.funnels.asking import USUAL_WINDOW, Entry, Exclusion, Funnel, FunnelPeople

_USUAL_PEOPLE: Final = 100
_ENTRIES: Final = {
    pb2.FUNNEL_ENTRY_UNSPECIFIED: Entry.ANY,
    pb2.FUNNEL_ENTRY_ANY: Entry.ANY,
    pb2.FUNNEL_ENTRY_FIRST: Entry.FIRST,
}


def funnel_of(message: pb2.FunnelQuestion, scope: Scope) -> Funnel:
    """Return what is asked."""
    return Funnel(
        scope=scope,
        steps=tuple(selection_of(step, f"steps[{at}]") for at, step in enumerate(message.steps)),
        window=optional_length(message, "window", USUAL_WINDOW),
        entry=member_of(_ENTRIES, message.entry, "entry"),
        strict_order=message.strict_order,
        strict_deduplication=message.strict_deduplication,
        strict_increase=message.strict_increase,
        exclusions=tuple(
            Exclusion(selection_of(each.event, f"exclusions[{at}].event"), each.after, each.before)
            for at, each in enumerate(message.exclusions)
        ),
        breakdown=breakdown_of(message),
        unit=optional_unit(message.unit),
    )


def people_of(message: pb2.FunnelPeopleQuestion, scope: Scope) -> FunnelPeople:
    """Return what is asked."""
    return FunnelPeople(
        funnel_of(message.funnel, scope), message.step, dropped=message.dropped, limit=message.limit or _USUAL_PEOPLE
    )


def funnel_table(result: pb2.FunnelResult) -> Table:
    """
    Return a row for each step; with a breakdown for each group and step as well, with a unit for each bucket and step.
    """
    events = [step.event for step in result.steps]
    rows: list[Row] = [
        ("", "", at, step.event, step.actors, *optional(step, "from_previous", "overall"))
        for at, step in enumerate(result.steps, start=1)
    ]
    for group in result.groups:
        rows += _of_some("", group_name(group.group), events, group.actors)
    for bucket in result.buckets:
        rows += _of_some(bucket.label, "", events, bucket.actors)
    return Table(("bucket", "group", "step", "event", "actors", "from_previous", "overall"), tuple(rows))


def people_table(result: pb2.FunnelPeopleResult) -> Table:
    """Return a row for each person."""
    rows = [
        (person.tenant, *optional(person, "user_id"), person.level, person.reached.ToJsonString(), person.actor)
        for person in result.people
    ]
    return Table(("tenant", "user_id", "step", "reached", "actor"), tuple(rows))


def _of_some(bucket: str, group: str | None, events: list[str], actors: Iterable[int]) -> list[Row]:
    counts = list(actors)
    rows: list[Row] = []
    for at, (event, count) in enumerate(zip(events, counts, strict=True)):
        previous = counts[at - 1] if at else count
        shares = [count / whole if whole else None for whole in (previous, counts[0])]
        rows.append((bucket, group, at + 1, event, count, *shares))
    return rows


def _people_field(field: str) -> str:
    return field if field in ("step", "limit") else f"funnel.{field}"


REPORTS: Final = {
    "funnel": WireReport(funnel_of, funnel_table),
    "funnel_people": WireReport(people_of, people_table, _people_field),
}
