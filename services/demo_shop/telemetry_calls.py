"""Calls of the telemetry service that the client has no place for: imports, and events of browsers."""

import time
from collections.abc import Sequence
from typing import Final

import grpc.aio
from mirante.api.telemetry.v1 import event_pb2
from mirante.api.telemetry.v1 import ingest_service_pb2 as pb2
from mirante.api.telemetry.v1.ingest_service_pb2_grpc import IngestServiceStub

from services.demo_shop.position import Position

ENVIRONMENT: Final = "production"
"""The one that a first start creates, and fills with the demo."""
IMPORT_KEY: Final = "demo-history"

_CALL_SECONDS: Final = 30.0


class TelemetryCalls:
    """
    The calls, with the keys they need. All raise grpc.aio.AioRpcError.

    Args:
        channel: to the telemetry service.
        server_key: what events are sent with.
        import_key: what history is brought in with.
    """

    def __init__(self, channel: grpc.aio.Channel, server_key: str, import_key: str) -> None:
        self._stub = IngestServiceStub(channel)
        self._server = (("authorization", f"Bearer {server_key}"),)
        self._import = (("authorization", f"Bearer {import_key}"),)

    async def imported(self) -> tuple[Position, int] | None:
        """Return how far the history is, and how many events of it there are; None when it was never begun."""
        request = pb2.GetImportRequest(environment=ENVIRONMENT, import_key=IMPORT_KEY)
        try:
            found = await self._stub.GetImport(request, metadata=self._import, timeout=_CALL_SECONDS)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return None
            raise
        return Position.read(found.position), found.accepted

    async def bring_in(self, events: Sequence[event_pb2.Event], position: Position) -> pb2.ImportEventsResponse:
        """Commit events of the history, and with them where it stands then."""
        request = pb2.ImportEventsRequest(
            environment=ENVIRONMENT, import_key=IMPORT_KEY, events=events, position=position.text
        )
        return await self._stub.ImportEvents(request, metadata=self._import, timeout=_CALL_SECONDS)

    async def send(self, events: Sequence[event_pb2.Event]) -> None:
        """Send events as the gateway hands over those of a browser."""
        request = pb2.IngestRequest(environment=ENVIRONMENT, events=events, client_instance="demo-browsers")
        request.sent_at.FromNanoseconds(time.time_ns())
        await self._stub.Ingest(request, metadata=self._server, timeout=_CALL_SECONDS)
