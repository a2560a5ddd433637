"""Calls of IngestService with events that are serialised already."""

import dataclasses
import secrets
import time
from collections.abc import Sequence

from mirante.client.calls import Calls, NotConnected, response_of

import grpc  # isort: skip

from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2
from mirante.client.settings import ClientSettings
from mirante.outbox.deciding import Answers, Row
from mirante.telemetry.outcomes import Failure, FailureKind, answers_of, failure_of
from mirante.telemetry.wire import ingest_request

_INGEST = "/mirante.api.telemetry.v1.IngestService/Ingest"


class Ingesting:
    """
    Sends batches, blocking or awaited, over a channel that the first one opens.

    `close` cancels what is under way, from any thread; after it everything fails as if the service were away.
    """

    def __init__(self, settings: ClientSettings, call_timeout: float) -> None:
        timing = dataclasses.replace(settings.timing, deadline=call_timeout)
        self._environment = settings.environment
        self._instance = secrets.token_hex(8)
        self._calls = Calls(dataclasses.replace(settings, timing=timing), _ingest)

    def send(self, parcel: Sequence[Row]) -> Answers | Failure:
        """Send events and wait for the answers."""
        try:
            return _answers(self._calls.ask(_only, self._request(parcel)), parcel)
        except (grpc.RpcError, grpc.FutureCancelledError, NotConnected) as error:
            return _failure(error)

    async def send_async(self, parcel: Sequence[Row]) -> Answers | Failure:
        """As `send`."""
        try:
            return _answers(await response_of(self._calls.start(_only, self._request(parcel))), parcel)
        except (grpc.RpcError, grpc.FutureCancelledError, NotConnected) as error:
            return _failure(error)

    def close(self) -> None:
        """Let go of gRPC for good."""
        self._calls.close()

    def _request(self, parcel: Sequence[Row]) -> bytes:
        head = ingest_pb2.IngestRequest(environment=self._environment, client_instance=self._instance)
        head.sent_at.FromNanoseconds(time.time_ns())
        return ingest_request(head, [row.event for row in parcel])


def _ingest(channel: grpc.Channel) -> "grpc.UnaryUnaryMultiCallable[bytes, ingest_pb2.IngestResponse]":
    return channel.unary_unary(
        _INGEST, request_serializer=bytes, response_deserializer=ingest_pb2.IngestResponse.FromString
    )


def _only(
    method: "grpc.UnaryUnaryMultiCallable[bytes, ingest_pb2.IngestResponse]",
) -> "grpc.UnaryUnaryMultiCallable[bytes, ingest_pb2.IngestResponse]":
    return method


def _answers(response: ingest_pb2.IngestResponse, parcel: Sequence[Row]) -> Answers | Failure:
    each = answers_of(response, len(parcel))
    if each is None:
        return Failure(FailureKind.FAULT, "the response does not fit the batch")
    return Answers(each, sum(status == ingest_pb2.EVENT_STATUS_DUPLICATE for status in response.statuses))


def _failure(error: Exception) -> Failure:
    if isinstance(error, grpc.RpcError):
        return failure_of(error)
    return Failure(FailureKind.AWAY, "CANCELLED")
