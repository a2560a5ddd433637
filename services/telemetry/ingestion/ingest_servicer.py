"""`IngestService`: decodes batches, has them taken in, encodes the results."""

import re
from typing import Any, Final

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2
from mirante.api.telemetry.v1 import raw_batch_pb2

from services.runtime.access import Caller, current_caller
from services.runtime.calls.bytes_context import BytesContext
from services.runtime.errors import InvalidRequest, NotFound, Overloaded, Unavailable
from services.telemetry.ingestion.candidates import ImportPosition, Result, to_be_sent_again
from services.telemetry.ingestion.imports import ImportStore
from services.telemetry.ingestion.ingest_stream import IngestStreams
from services.telemetry.ingestion.intake import Batch, Intake
from services.telemetry.ingestion.responses import problems, statuses

SERVICE: Final = ingest_pb2.DESCRIPTOR.services_by_name["IngestService"].full_name

_IMPORT_KEY: Final = re.compile(r"[a-z0-9_-]{1,100}")
_MOST_POSITION_BYTES: Final = 4096


class IngestServicer:
    """Takes events. Its requests are those of `raw_batch.proto`."""

    def __init__(self, intake: Intake, imports: ImportStore) -> None:
        self._intake = intake
        self._imports = imports
        self._streams = IngestStreams()

    async def Ingest(self, request: raw_batch_pb2.RawIngestRequest, _: object) -> ingest_pb2.IngestResponse:
        """Take a batch."""
        caller = current_caller.get()
        results = await self._intake.take(self._batch(request, caller), caller)
        return ingest_pb2.IngestResponse(statuses=statuses(results), problems=problems(results))

    async def IngestStream(self, _requests: object, context: BytesContext) -> None:
        """Take many batches at once; what fails as a whole is to be sent again, and the stream goes on."""
        caller = current_caller.get()

        async def take(request: raw_batch_pb2.RawIngestRequest) -> ingest_pb2.IngestResponse:
            batch = self._batch(request, caller)
            try:
                results = await self._intake.take(batch, caller)
            except (Overloaded, Unavailable) as error:
                result: Result = to_be_sent_again(error.reason, error.message, error.retry_seconds)
                results = [result] * len(batch.events)
            return ingest_pb2.IngestResponse(statuses=statuses(results), problems=problems(results))

        await self._streams.serve(context, take)

    def end_streams(self) -> None:
        """Read streams no further: the service stops. Each ends once what it has read is answered."""
        self._streams.leave()

    async def ImportEvents(
        self, request: raw_batch_pb2.RawImportEventsRequest, _: object
    ) -> ingest_pb2.ImportEventsResponse:
        """Take events of an import."""
        caller = current_caller.get()
        environment = caller.environment(request.environment)
        _check_import_key(request.import_key)
        if len(request.position.encode()) > _MOST_POSITION_BYTES or "\x00" in request.position:
            raise InvalidRequest.of("position", f"must be {_MOST_POSITION_BYTES} bytes at most, without NUL")
        position = ImportPosition(environment, request.import_key, request.position)
        results = await self._intake.take_import(Batch(environment, request.events), position, caller)
        return ingest_pb2.ImportEventsResponse(statuses=statuses(results), problems=problems(results))

    async def GetImport(self, request: ingest_pb2.GetImportRequest, _: object) -> ingest_pb2.GetImportResponse:
        """Return where an import stands."""
        environment = current_caller.get().environment(request.environment)
        _check_import_key(request.import_key)
        state = await self._imports.state(environment, request.import_key)
        if state is None:
            raise _no_import(request.import_key)
        updated_at = Timestamp()
        updated_at.FromDatetime(state.updated_at)
        return ingest_pb2.GetImportResponse(position=state.position, accepted=state.accepted, updated_at=updated_at)

    def _batch(self, request: raw_batch_pb2.RawIngestRequest, caller: Caller) -> Batch:
        environment = caller.environment(request.environment)
        sent_us = None
        if request.HasField("sent_at"):
            sent_us = request.sent_at.seconds * 1_000_000 + request.sent_at.nanos // 1_000
        return Batch(environment, request.events, sent_us, request.client_instance[:100])


def add_ingest_servicer(servicer: IngestServicer, server: Any) -> None:
    """
    Put up the service, as the generated function would, but with events that are not taken apart yet.

    gRPC would refuse a whole batch because of one event with malformed bytes.
    """
    handlers = {
        "Ingest": grpc.unary_unary_rpc_method_handler(
            servicer.Ingest,
            raw_batch_pb2.RawIngestRequest.FromString,
            ingest_pb2.IngestResponse.SerializeToString,
        ),
        "IngestStream": grpc.stream_stream_rpc_method_handler(servicer.IngestStream),
        "ImportEvents": grpc.unary_unary_rpc_method_handler(
            servicer.ImportEvents,
            raw_batch_pb2.RawImportEventsRequest.FromString,
            ingest_pb2.ImportEventsResponse.SerializeToString,
        ),
        "GetImport": grpc.unary_unary_rpc_method_handler(
            servicer.GetImport,
            ingest_pb2.GetImportRequest.FromString,
            ingest_pb2.GetImportResponse.SerializeToString,
        ),
    }
    server.add_registered_method_handlers(SERVICE, handlers)


def _check_import_key(import_key: str) -> None:
    if not _IMPORT_KEY.fullmatch(import_key):
        raise InvalidRequest.of("import_key", "must be 1 to 100 characters of a-z, 0-9, '-' and '_'")


def _no_import(import_key: str) -> NotFound:
    return NotFound(
        "there is no such import",
        reason=reasons.ERROR_REASON_IMPORT_NOT_FOUND,
        metadata={"import_key": import_key},
    )
