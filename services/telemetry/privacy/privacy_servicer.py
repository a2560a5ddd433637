"""`PrivacyService`: decodes, calls the use cases, encodes."""

from contextlib import aclosing
from typing import Final

from mirante.api.telemetry.v1 import privacy_service_pb2 as pb2
from mirante.api.telemetry.v1 import privacy_service_pb2_grpc as pb2_grpc

from services.runtime.access import Caller, current_caller
from services.runtime.calls.bytes_context import BytesContext
from services.runtime.pages import page_size
from services.runtime.postgres.pool import PostgresPool
from services.telemetry.privacy import postgres_requests as requests
from services.telemetry.privacy.erasures import Erasures
from services.telemetry.privacy.exports import Exports
from services.telemetry.privacy.people import check_reason, require_tenant, subject_named
from services.telemetry.privacy.requests import Asked, Place, Request

_DEFAULT_PAGE: Final = 100
_MOST_IN_PAGE: Final = 1_000


class PrivacyServicer(pb2_grpc.PrivacyServiceServicer):
    """What people may ask for, by those who act for them."""

    def __init__(self, pool: PostgresPool, exports: Exports, erasures: Erasures) -> None:
        self._pool = pool
        self._exports = exports
        self._erasures = erasures

    async def ExportSubject(self, request: pb2.ExportSubjectRequest, context: BytesContext) -> None:  # type: ignore[override]  # writes bytes
        """Stream everything about a person."""
        caller = current_caller.get()
        place = Place(caller.environment(request.environment), request.subject.tenant)
        subject = subject_named(request.subject)
        check_reason(request.reason, subject, required=False)
        async with aclosing(self._exports.export(place, subject, Asked(caller.actor, request.reason))) as found:
            async for document in found:
                response = pb2.ExportSubjectResponse(kind=document.kind, json=document.json)
                await context.write(response.SerializeToString())

    async def EraseSubject(self, request: pb2.EraseSubjectRequest, _: object) -> pb2.EraseSubjectResponse:
        """Erase a person."""
        caller = current_caller.get()
        place = Place(caller.environment(request.environment), request.subject.tenant)
        subject = subject_named(request.subject)
        check_reason(request.reason, subject, required=True)
        done = await self._erasures.erase_subject(place, subject, Asked(caller.actor, request.reason))
        return pb2.EraseSubjectResponse(request=_message(done))

    async def EraseTenant(self, request: pb2.EraseTenantRequest, _: object) -> pb2.EraseTenantResponse:
        """Remove all data of a tenant."""
        caller: Caller = current_caller.get()
        place = Place(caller.environment(request.environment), request.tenant)
        require_tenant(request.tenant)
        check_reason(request.reason, "", required=True)
        done = await self._erasures.erase_tenant(place, Asked(caller.actor, request.reason))
        return pb2.EraseTenantResponse(request=_message(done))

    async def ListPrivacyRequests(
        self, request: pb2.ListPrivacyRequestsRequest, _: object
    ) -> pb2.ListPrivacyRequestsResponse:
        """Return the record, newest first."""
        environment = current_caller.get().environment(request.environment)
        limit = page_size(request.page_size, default=_DEFAULT_PAGE, most=_MOST_IN_PAGE)
        async with self._pool.connection() as connection:
            found = await requests.newest(connection, environment, limit)
        return pb2.ListPrivacyRequestsResponse(requests=map(_message, found))


def _message(request: Request) -> pb2.PrivacyRequest:
    message = pb2.PrivacyRequest(
        id=str(request.id),
        kind=pb2.PrivacyRequestKind.Name(request.kind),  # type: ignore[arg-type]
        tenant=request.place.tenant,
        subject_hash=request.subject_hash.hex(),
        requested_by=request.asked.by,
        reason=request.asked.reason,
        counts=request.counts,
        left=request.left,
    )
    message.requested_at.FromDatetime(request.requested_at)
    if request.completed_at is not None:
        message.completed_at.FromDatetime(request.completed_at)
    return message
