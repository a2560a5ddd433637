"""`/v1/events`: batches of browsers, each event with a result of its own."""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import event_pb2
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.access.browser_access import BrowserAccess
from services.gateway.access.browser_tokens import Visitor, read_token
from services.gateway.access.entrance import TOKEN, Admitted, Entrance
from services.gateway.events.batches import Batch, check_sender, read_batch
from services.gateway.events.reading import MalformedEvent, read_event
from services.gateway.events.sink import EventSink
from services.gateway.http.bodies import parse_json, read_body
from services.gateway.http.problems import UNSUPPORTED_TYPE, Problem
from services.runtime.access import Role
from services.runtime.calls.quota import Quotas
from services.runtime.calls.statuses import reason_name

_SENDERS: Final = frozenset({Role.BROWSER, Role.SERVER, Role.ADMIN, Role.INTERNAL})
_TYPES: Final = frozenset({"application/json", "text/plain"})
_STATUSES: Final = {
    ingest_pb2.EVENT_STATUS_ACCEPTED: "accepted",
    ingest_pb2.EVENT_STATUS_DUPLICATE: "duplicate",
    ingest_pb2.EVENT_STATUS_REJECTED: "rejected",
    ingest_pb2.EVENT_STATUS_RETRY: "retry",
}

Result = dict[str, Any]


class Events:
    """Reads batches and hands them on."""

    def __init__(
        self,
        *,
        entrance: Entrance,
        access: Callable[[], BrowserAccess],
        sink: EventSink,
        quotas: Quotas,
        most_bytes: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._entrance = entrance
        self._access = access
        self._sink = sink
        self._quotas = quotas
        self._most_bytes = most_bytes
        self._clock = clock

    async def __call__(self, request: Request) -> Response:
        """`POST /v1/events`: 200 with a result for each event, whatever became of it."""
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type not in _TYPES:
            raise Problem(415, UNSUPPORTED_TYPE, "content-type: must be application/json or text/plain")
        # `sendBeacon` can send no header: then the key is in the body, which has to be read first.
        in_header = "authorization" in request.headers or "x-api-key" in request.headers
        admitted = self._entrance.admit(request, _SENDERS) if in_header else None
        if admitted is None:
            self._entrance.check_origin(request, None)
        batch = read_batch(parse_json(await read_body(request, self._most_bytes)))
        if admitted is None:
            admitted = self._entrance.admit(request, _SENDERS, key=batch.key)
        self._quotas.charge(admitted.caller, len(batch.events))
        visitor = self._visitor(request, admitted, batch)
        results = await self._ingest(admitted, batch, visitor)
        return Response(json.dumps({"results": results}), media_type="application/json")

    def _visitor(self, request: Request, admitted: Admitted, batch: Batch) -> Visitor | None:
        token = request.headers.get(TOKEN) or batch.token
        if not token:
            return None
        environment = admitted.environment
        return read_token(token, self._access().of(environment), environment, self._clock())

    async def _ingest(self, admitted: Admitted, batch: Batch, visitor: Visitor | None) -> Sequence[Result]:
        results: list[Result] = [{} for _ in batch.events]
        sent: list[int] = []
        request = ingest_pb2.IngestRequest(environment=admitted.environment, client_instance=batch.client_instance)
        if batch.sent_at is not None:
            request.sent_at.CopyFrom(batch.sent_at)
        for index, document in enumerate(batch.events):
            try:
                request.events.append(_read(document, admitted, visitor))
                sent.append(index)
            except MalformedEvent as error:
                results[index] = _rejected(error)
        if sent:
            response = await self._sink.ingest(request)
            for index, result in zip(sent, _results(response, len(sent)), strict=True):
                results[index] = result
        return results


def _read(document: Any, admitted: Admitted, visitor: Visitor | None) -> event_pb2.Event:
    event = read_event(document)
    if admitted.is_browser or visitor is not None:
        check_sender(event, visitor)
    return event


def _rejected(error: MalformedEvent) -> Result:
    return {
        "status": "rejected",
        "reason": reason_name(reasons.ERROR_REASON_INVALID_EVENT),
        "field": error.field,
        "detail": error.message,
    }


def _results(response: ingest_pb2.IngestResponse, count: int) -> list[Result]:
    if len(response.statuses) != count:
        raise ValueError(f"{len(response.statuses)} results for {count} events")
    results: list[Result] = [{"status": _STATUSES.get(status, "retry")} for status in response.statuses]
    for problem in response.problems:
        result = results[problem.index]
        result["reason"] = reason_name(problem.reason)
        if problem.field:
            result["field"] = problem.field
        if problem.message:
            result["detail"] = problem.message
        if problem.HasField("retry_after"):
            result["retry_after_ms"] = problem.retry_after.ToMilliseconds()
    return results
