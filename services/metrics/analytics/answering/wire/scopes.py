"""Whose events, and of when. Pure."""

import datetime
from typing import Any, Final

from mirante.api.metrics.v1 import report_scope_pb2 as pb2

from services.metrics.analytics.answering.wire.choosing import filters_of
from services.metrics.analytics.answering.wire.cohorts import cohort_filters_of
from services.metrics.analytics.answering.wire.moments import moment_of
from services.metrics.analytics.reports.asking import Scope
from services.runtime.errors import InvalidRequest

USUAL_ZONE: Final = "America/Sao_Paulo"
_MOST_TENANT_BYTES: Final = 100


def scope_of(message: pb2.ReportScope) -> Scope:
    """
    Return a scope; its period is no relative one any more, and its cohorts are definitions.

    Raises:
        InvalidRequest: with fields of a question.
    """
    if len(message.tenant.encode()) > _MOST_TENANT_BYTES or "\x00" in message.tenant:
        raise InvalidRequest.of("scope.tenant", f"has {_MOST_TENANT_BYTES} bytes at most, none of them NUL")
    return Scope(
        start=_required(message, "start"),
        end=_required(message, "end"),
        tenant=message.tenant or None,
        time_zone=message.time_zone or USUAL_ZONE,
        filters=filters_of(message.filters, "scope.filters"),
        compare=message.compare,
        cohorts=cohort_filters_of(message.cohorts, "scope.cohorts"),
    )


def _required(message: Any, name: str) -> datetime.datetime:
    if not message.HasField(name):
        raise InvalidRequest.of(f"scope.{name}", "is required, or scope.last")
    return moment_of(getattr(message, name), f"scope.{name}")
