"""`SegmentAdminService`: decodes, calls the use case, encodes."""

from mirante.api.flags.v1 import segment_admin_service_pb2 as pb2
from mirante.api.flags.v1 import segment_admin_service_pb2_grpc as pb2_grpc

from services.flags import definition_messages as messages
from services.flags.definition_reading import DefinitionReading
from services.flags.segment_admin import SegmentAdmin
from services.flags.store.definitions import Filter
from services.runtime.access import current_caller


class SegmentAdminServicer(pb2_grpc.SegmentAdminServiceServicer):
    """Segments as people and their tools manage them."""

    def __init__(self, admin: SegmentAdmin, reading: DefinitionReading) -> None:
        self._admin = admin
        self._reading = reading

    async def CreateSegment(self, request: pb2.CreateSegmentRequest, _: object) -> pb2.CreateSegmentResponse:
        """Create a segment."""
        caller = current_caller.get()
        environment = caller.environment(request.environment)
        record = await self._admin.create(environment, request.segment, comment=request.comment, caller=caller)
        return pb2.CreateSegmentResponse(record=messages.segment_record(record))

    async def GetSegment(self, request: pb2.GetSegmentRequest, _: object) -> pb2.GetSegmentResponse:
        """Return a segment, archived or not."""
        environment = current_caller.get().environment(request.environment)
        record = await self._reading.get(environment, request.segment_key)
        return pb2.GetSegmentResponse(record=messages.segment_record(record))

    async def UpdateSegment(self, request: pb2.UpdateSegmentRequest, _: object) -> pb2.UpdateSegmentResponse:
        """Replace a definition."""
        caller = current_caller.get()
        environment = caller.environment(request.environment)
        record = await self._admin.update(
            environment, request.segment, etag=request.etag, comment=request.comment, caller=caller
        )
        return pb2.UpdateSegmentResponse(record=messages.segment_record(record))

    async def ArchiveSegment(self, request: pb2.ArchiveSegmentRequest, _: object) -> pb2.ArchiveSegmentResponse:
        """Take a segment away."""
        caller = current_caller.get()
        environment = caller.environment(request.environment)
        record = await self._admin.archive(
            environment, request.segment_key, etag=request.etag, comment=request.comment, caller=caller
        )
        return pb2.ArchiveSegmentResponse(record=messages.segment_record(record))

    async def ListSegments(self, request: pb2.ListSegmentsRequest, _: object) -> pb2.ListSegmentsResponse:
        """Return a page of segments."""
        environment = current_caller.get().environment(request.environment)
        page = await self._reading.page(environment, Filter(), size=request.page_size, token=request.page_token)
        return pb2.ListSegmentsResponse(
            records=map(messages.segment_record, page.records), next_page_token=page.next_token
        )

    async def GetSegmentHistory(
        self, request: pb2.GetSegmentHistoryRequest, _: object
    ) -> pb2.GetSegmentHistoryResponse:
        """Return versions, newest first."""
        environment = current_caller.get().environment(request.environment)
        entries, next_token = await self._reading.history(
            environment, request.segment_key, size=request.page_size, token=request.page_token
        )
        return pb2.GetSegmentHistoryResponse(entries=messages.history_entries(entries), next_page_token=next_token)
