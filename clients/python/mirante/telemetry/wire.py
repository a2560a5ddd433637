"""Calls of the telemetry service. Requests are put together from bytes, so that an event is serialised once."""

import secrets
import time
from collections.abc import Callable
from typing import Protocol, cast

from mirante.client.channel import call_metadata, open_channel  # first: it prepares gRPC for forks

import grpc  # isort: skip

from mirante.api.telemetry.v1 import identity_service_pb2 as identity_pb2
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2
from mirante.telemetry.outcomes import SENT, Answer, Failure, FailureKind, answers_of, failure_of
from mirante.telemetry.records import Kind, Record
from mirante.telemetry.settings import TelemetrySettings

_SERVICES = "/mirante.api.telemetry.v1."
_EVENTS_FIELD = ingest_pb2.IngestRequest.EVENTS_FIELD_NUMBER << 3 | 2

_METHODS: dict[Kind, tuple[str, Callable[[bytes], object]]] = {
    Kind.EVENT: (f"{_SERVICES}IngestService/Ingest", ingest_pb2.IngestResponse.FromString),
    Kind.IDENTIFY: (f"{_SERVICES}IdentityService/Identify", identity_pb2.IdentifyResponse.FromString),
    Kind.ALIAS: (f"{_SERVICES}IdentityService/Alias", identity_pb2.AliasResponse.FromString),
}


class PendingCall(Protocol):
    """A call under way."""

    def result(self) -> object:
        """Wait for the response; raise grpc.RpcError or grpc.FutureCancelledError."""

    def cancel(self) -> object:
        """Give up on it."""

    def done(self) -> bool:
        """Return whether it has ended."""

    def add_done_callback(self, callback: Callable[[object], object]) -> object:
        """Call back from another thread when it is done, or at once if it is."""


class Wire:
    """One channel, for one thread, opened by the first call."""

    def __init__(self, settings: TelemetrySettings) -> None:
        self._settings = settings
        self._metadata = call_metadata(settings.connection)
        self._instance = secrets.token_hex(8)
        self._channel: grpc.Channel | None = None
        self._methods: dict[Kind, grpc.UnaryUnaryMultiCallable[bytes, object]] = {}

    def start(self, parcel: list[Record]) -> PendingCall:
        """Start to send a parcel."""
        call = self._method(parcel[0].kind).future(
            self._request(parcel),
            timeout=self._settings.delivery.call_timeout,
            metadata=self._metadata,
            compression=grpc.Compression.Gzip,
        )
        return cast("PendingCall", call)

    def ask(self, parcel: list[Record], timeout: float) -> list[Answer] | Failure:
        """
        Send a parcel and wait for the answers.

        This needs no other thread: when the interpreter ends, none can be started any more.
        """
        method = self._method(parcel[0].kind)
        request = self._request(parcel)
        return outcome(
            parcel,
            lambda: method(request, timeout=timeout, metadata=self._metadata, compression=grpc.Compression.Gzip),
        )

    def close(self) -> None:
        """Cancel what is under way, and let go of gRPC."""
        channel, self._channel = self._channel, None
        self._methods = {}
        if channel is not None:
            channel.close()

    def abandon(self) -> None:
        """
        Leave the channel as it is, and open another one with the next call.

        Closing waits for calls whose thread could not be started, for ever.
        """
        self._channel = None
        self._methods = {}

    def _method(self, kind: Kind) -> "grpc.UnaryUnaryMultiCallable[bytes, object]":
        if self._channel is None:
            self._channel = open_channel(self._settings.connection)
        if kind not in self._methods:
            path, parse = _METHODS[kind]
            self._methods[kind] = self._channel.unary_unary(path, request_serializer=bytes, response_deserializer=parse)
        return self._methods[kind]

    def _request(self, parcel: list[Record]) -> bytes:
        if parcel[0].kind is not Kind.EVENT:
            return parcel[0].body
        head = ingest_pb2.IngestRequest(
            environment=self._settings.connection.environment, client_instance=self._instance
        )
        head.sent_at.FromNanoseconds(time.time_ns())
        return ingest_request(head, [record.body for record in parcel])


def ingest_request(head: ingest_pb2.IngestRequest, events: list[bytes]) -> bytes:
    """Return a serialised request: that of `head`, with serialised events."""
    parts = [head.SerializeToString()]
    for body in events:
        parts += (bytes((_EVENTS_FIELD,)), _varint(len(body)), body)
    return b"".join(parts)


def outcome(parcel: list[Record], response_of: Callable[[], object]) -> list[Answer] | Failure:
    """Return what a call brought for each record of its parcel, or why it failed."""
    try:
        response = response_of()
    except grpc.FutureCancelledError:
        return Failure(FailureKind.AWAY, "CANCELLED")
    except grpc.RpcError as error:
        return failure_of(error)
    except Exception as error:  # noqa: BLE001 - such as a channel that is gone
        return Failure(FailureKind.FAULT, type(error).__name__)
    if not isinstance(response, ingest_pb2.IngestResponse):
        return [SENT]
    return answers_of(response, len(parcel)) or Failure(FailureKind.FAULT, "the response does not fit the batch")


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
