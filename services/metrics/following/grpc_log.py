"""The event log of the telemetry service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import grpc
import grpc.aio
from google.rpc import error_details_pb2, status_pb2
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1.event_log_service_pb2_grpc import EventLogServiceStub

from services.metrics.following import LogRestored
from services.runtime.errors import Unavailable

_BATCH: Final = 2_000
_RAW_BATCH: Final = 5_000
_DETAILS: Final = "grpc-status-details-bin"
_VOID: Final = frozenset(
    reasons.ErrorReason.Name(each).removeprefix("ERROR_REASON_")
    for each in (reasons.ERROR_REASON_CURSOR_OF_ANOTHER_EPOCH, reasons.ERROR_REASON_INVALID_CURSOR)
)
"""A cursor of another installation is as void as one from before a restore."""


_METHOD: Final = "/mirante.api.telemetry.v1.EventLogService/FollowEvents"

ResponseT = TypeVar("ResponseT", log_pb2.FollowEventsResponse, bytes)


class GrpcEventLog:
    """The `EventLog` and the `RawEventLog` by `EventLogService`."""

    def __init__(self, channel: grpc.aio.Channel, secret: str) -> None:
        self._stub = EventLogServiceStub(channel)
        # Without a deserializer what comes is handed on as it is.
        self._raw: grpc.aio.UnaryStreamMultiCallable[log_pb2.FollowEventsRequest, bytes] = channel.unary_stream(
            _METHOD, request_serializer=log_pb2.FollowEventsRequest.SerializeToString
        )
        self._metadata = (("authorization", f"Bearer {secret}"),)

    @asynccontextmanager
    async def follow(
        self, environment: str, cursor: bytes
    ) -> AsyncIterator[AsyncIterator[log_pb2.FollowEventsResponse]]:
        """See `EventLog`."""
        request = log_pb2.FollowEventsRequest(environment=environment, cursor=cursor, batch_size=_BATCH)
        call = self._stub.FollowEvents(request, metadata=self._metadata)
        try:
            yield _responses(call)
        finally:
            call.cancel()

    @asynccontextmanager
    async def follow_raw(self, environment: str, cursor: bytes) -> AsyncIterator[AsyncIterator[bytes]]:
        """See `RawEventLog`."""
        request = log_pb2.FollowEventsRequest(environment=environment, cursor=cursor, batch_size=_RAW_BATCH)
        call = self._raw(request, metadata=self._metadata)
        try:
            yield _responses(call)
        finally:
            call.cancel()


async def _responses(
    call: "grpc.aio.UnaryStreamCall[log_pb2.FollowEventsRequest, ResponseT]",
) -> AsyncIterator[ResponseT]:
    try:
        async for response in call:
            yield response
    except grpc.aio.AioRpcError as error:
        if is_void(error):
            raise LogRestored from error
        raise Unavailable(f"the event log does not answer: {error.code().name}") from error
    raise Unavailable("the event log has ended the stream")


def is_void(error: grpc.aio.AioRpcError) -> bool:
    """Return whether a call failed because its cursor is of a log that is no more."""
    return _reason(error) in _VOID


def _reason(error: grpc.aio.AioRpcError) -> str:
    for name, value in error.trailing_metadata() or ():
        if name == _DETAILS:
            information = error_details_pb2.ErrorInfo()
            for detail in status_pb2.Status.FromString(value).details:
                if detail.Unpack(information):
                    return str(information.reason)
    return ""
