"""`AnalyticsService`: answers questions, as messages and as files, and keeps what people save."""

import asyncio
import datetime
from typing import Final
from zoneinfo import ZoneInfo

from google.protobuf import json_format
from google.protobuf.duration_pb2 import Duration
from mirante.api.metrics.v1 import analytics_service_pb2 as pb2
from mirante.api.metrics.v1 import report_pb2

from services.metrics.analytics.answering.desk import ReportDesk
from services.metrics.analytics.answering.sizes import MOST_BYTES, too_long
from services.metrics.analytics.answering.wire.choosing import length_of
from services.metrics.analytics.answering.wire.reports import report_of, table_of
from services.metrics.analytics.answering.wire.tables import as_csv
from services.metrics.analytics.reports.asking import CONTEXT_COLUMNS
from services.metrics.analytics.saved_servicer import SavedServicer, Shelves, asked
from services.metrics.analytics.store import StoreUnavailable
from services.runtime.access import Caller
from services.runtime.errors import InvalidRequest

_INSTANT: Final = datetime.timedelta(microseconds=1)
_CSV: Final = "text/csv; charset=utf-8"
_JSON: Final = "application/json"


class AnalyticsServicer(SavedServicer):
    """
    Reports.

    Args:
        desk: that answers; None where no store is kept.
        shelves: of what is saved.
    """

    def __init__(self, desk: ReportDesk | None, shelves: Shelves) -> None:
        super().__init__(shelves)
        self._may_be_off = desk

    async def RunReport(self, request: pb2.RunReportRequest, _: object) -> pb2.RunReportResponse:
        """Answer a question."""
        environment, caller = asked(request.environment)
        answer = await self._answer(environment, caller, request.question, request.fresh_within)
        return pb2.RunReportResponse(answer=answer)

    async def ExportReport(self, request: pb2.ExportReportRequest, _: object) -> pb2.ExportReportResponse:
        """Answer a question as a file."""
        environment, caller = asked(request.environment)
        if request.format not in pb2.ExportFormat.values():
            raise InvalidRequest.of("format", "must be CSV or JSON")
        answer = await self._answer(environment, caller, request.question, request.fresh_within)
        # A second's work for the largest, which would keep the frames of live metrics waiting.
        return await asyncio.to_thread(_file, answer, as_json=request.format == pb2.EXPORT_FORMAT_JSON)

    async def ListReportNames(self, request: pb2.ListReportNamesRequest, _: object) -> pb2.ListReportNamesResponse:
        """Return what questions may name."""
        environment, _caller = asked(request.environment)
        names = await self._desk.names(environment)
        declared = names.declared or {}
        seen, properties = names.seen, names.seen_properties or frozenset()
        if request.tenant:
            seen, properties = await self._desk.names_of_tenant(environment, request.tenant)
        return pb2.ListReportNamesResponse(
            events=[
                pb2.ReportEventName(
                    name=event,
                    declared=event in declared,
                    seen=event in seen,
                    description=declared.get(event, ""),
                )
                for event in sorted(seen | declared.keys())
            ],
            properties=sorted(properties | names.declared_properties),
            context_properties=CONTEXT_COLUMNS,
            tenants=names.tenants,
            traits=sorted(names.traits or ()),
        )

    @property
    def _desk(self) -> ReportDesk:
        if self._may_be_off is None:
            raise StoreUnavailable("this service keeps no analytics store: MIRANTE_ANALYTICS is false")
        return self._may_be_off

    async def _answer(
        self, environment: str, caller: Caller, question: report_pb2.Question, fresh_within: Duration
    ) -> report_pb2.Answer:
        fresh_seconds = length_of(fresh_within, "fresh_within").total_seconds()
        if fresh_seconds < 0:
            raise InvalidRequest.of("fresh_within", "must not be negative")
        # People who share a key (the gateway's) have a place in the line each.
        return await self._desk.answer(environment, question, f"{caller.key_id} {caller.actor}", fresh_seconds)


def _file(answer: report_pb2.Answer, *, as_json: bool) -> pb2.ExportReportResponse:
    if as_json:
        content = json_format.MessageToJson(answer, preserving_proto_field_name=False).encode()
    else:
        content = as_csv(table_of(answer))
    if len(content) > MOST_BYTES:
        raise too_long(len(content))
    return pb2.ExportReportResponse(
        content=content,
        media_type=_JSON if as_json else _CSV,
        file_name=f"{report_of(answer.result)}-{_days(answer)}.{'json' if as_json else 'csv'}",
    )


def _days(answer: report_pb2.Answer) -> str:
    """Return the first and the last day of a period, which are those of its time zone."""
    zone = ZoneInfo(answer.time_zone)
    first = answer.start.ToDatetime(datetime.UTC).astimezone(zone)
    last = (answer.end.ToDatetime(datetime.UTC) - _INSTANT).astimezone(zone)
    return f"{first:%Y%m%d}-{last:%Y%m%d}"
