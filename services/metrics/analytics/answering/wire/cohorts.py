"""Cohorts. Pure."""

import datetime
from collections.abc import Iterable
from typing import Any, Final

from mirante.api.metrics.v1 import cohort_pb2 as pb2

from services.metrics.analytics.answering.wire.choosing import filter_of, selection_of
from services.metrics.analytics.answering.wire.moments import moment_of
from services.metrics.analytics.reports.asking import (
    EVERY_EVENT,
    Cohort,
    CohortFilter,
    Condition,
    Did,
    FirstDid,
    HasTrait,
    IsAmong,
)
from services.runtime.errors import InvalidRequest

_ANY: Final = {
    pb2.COHORT_MATCH_UNSPECIFIED: False,
    pb2.COHORT_MATCH_ALL: False,
    pb2.COHORT_MATCH_ANY: True,
}


def cohort_filters_of(messages: Iterable[pb2.CohortFilter], field: str) -> tuple[CohortFilter, ...]:
    """Return filters by cohorts, all of which have definitions."""
    return tuple(
        CohortFilter(cohort_of(message.definition, f"{field}[{at}].definition"), outside=message.outside)
        for at, message in enumerate(messages)
    )


def cohort_of(message: pb2.CohortDefinition, field: str) -> Cohort:
    """Return a cohort; raise InvalidRequest."""
    conditions = tuple(_condition(each, f"{field}.conditions[{at}]") for at, each in enumerate(message.conditions))
    if message.match not in _ANY:
        raise InvalidRequest.of(f"{field}.match", f"is {message.match}, which this version does not know")
    return Cohort(conditions, any=_ANY[message.match])


def _condition(message: pb2.CohortCondition, field: str) -> Condition:
    kind = message.WhichOneof("condition")
    if kind == "did":
        return _did(message.did, f"{field}.did")
    if kind == "first_did":
        return _first_did(message.first_did, f"{field}.first_did")
    if kind == "trait":
        return HasTrait(filter_of(message.trait, f"{field}.trait"))
    if kind == "actors":
        return IsAmong(tuple(message.actors.actors))
    raise InvalidRequest.of(field, "needs did, first_did, trait or actors")


def _did(message: pb2.DidCondition, field: str) -> Did:
    least = message.at_least if message.HasField("at_least") else int(not message.HasField("at_most"))
    return Did(
        selection=selection_of(message.selection, f"{field}.selection")
        if message.HasField("selection")
        else EVERY_EVENT,
        least=least,
        most=message.at_most if message.HasField("at_most") else None,
        days=message.days or None,
        start=_optional_moment(message, "start", field),
        end=_optional_moment(message, "end", field),
    )


def _first_did(message: pb2.FirstDidCondition, field: str) -> FirstDid:
    return FirstDid(
        selection=selection_of(message.selection, f"{field}.selection")
        if message.HasField("selection")
        else EVERY_EVENT,
        days=message.days or None,
        start=_optional_moment(message, "start", field),
        end=_optional_moment(message, "end", field),
    )


def _optional_moment(message: Any, name: str, field: str) -> datetime.datetime | None:
    return moment_of(getattr(message, name), f"{field}.{name}") if message.HasField(name) else None
