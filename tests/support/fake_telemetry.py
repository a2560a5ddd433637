"""A telemetry service in miniature on a real socket, which tests can also make misbehave."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Any, Self

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import event_pb2
from mirante.api.telemetry.v1 import identity_service_pb2 as identity_pb2
from mirante.api.telemetry.v1 import identity_service_pb2_grpc as identity_grpc
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2
from mirante.api.telemetry.v1 import ingest_service_pb2_grpc as ingest_grpc
from mirante.wire import value_from_proto

KEY = "test-key"

Script = Callable[[ingest_pb2.IngestRequest, grpc.ServicerContext], ingest_pb2.IngestResponse | None]
"""What one batch brings; None goes on as usual."""


def abort(
    context: grpc.ServicerContext,
    code: grpc.StatusCode,
    reason: str = "",
    *,
    retry_after: float | None = None,
    field: str = "",
) -> None:
    """End a call as the real service does, with google.rpc details."""
    status = status_pb2.Status(code=code.value[0], message="as the test wants it")
    details: list[Message] = [error_details_pb2.ErrorInfo(reason=reason, domain="mirante")]
    if retry_after is not None:
        delay = duration_pb2.Duration()
        delay.FromNanoseconds(int(retry_after * 1e9))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    if field:
        violation = error_details_pb2.BadRequest.FieldViolation(field=field, description="is wrong")
        details.append(error_details_pb2.BadRequest(field_violations=[violation]))
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(code, status.message)


class FakeTelemetry(ingest_grpc.IngestServiceServicer, identity_grpc.IdentityServiceServicer):
    """
    Takes events as the real service does: once by id, a name beginning with "bad" never.

    `scripts` are taken first, one per batch; `judge` may give an event another status. `delay` is seconds before each
    answer. What came in is in `stored`, `seen` (how often each id was sent), `batches`, `identified` and `aliased`.
    """

    def __init__(self) -> None:
        self.delay = 0.0
        self.scripts: deque[Script] = deque()
        self.judge: Callable[[event_pb2.Event], ingest_pb2.EventStatus.ValueType | None] = lambda _event: None
        self.retry_after = 0.05
        self.stored: dict[bytes, event_pb2.Event] = {}
        self.seen: Counter[bytes] = Counter()
        self.batches: list[int] = []
        self.calls: list[tuple[float, str]] = []
        self.metadata: list[dict[str, str | bytes]] = []
        self.requests: list[ingest_pb2.IngestRequest] = []
        self.identified: list[identity_pb2.IdentifyRequest] = []
        self.aliased: list[identity_pb2.AliasRequest] = []
        self.traits: dict[str, object] = {}
        self._lock = threading.Lock()
        self._server: grpc.Server | None = None
        self.port = 0

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    @property
    def names(self) -> list[str]:
        """The names of what was stored, in the order of arrival."""
        return [event.name for event in self.stored.values()]

    def named(self, name: str) -> list[event_pb2.Event]:
        """What was stored under a name."""
        return [event for event in self.stored.values() if event.name == name]

    def start(self) -> Self:
        """Listen, on the port of last time if there was one."""
        self._server = grpc.server(futures.ThreadPoolExecutor(32), options=[("grpc.so_reuseport", 0)])
        ingest_grpc.add_IngestServiceServicer_to_server(self, self._server)
        identity_grpc.add_IdentityServiceServicer_to_server(self, self._server)
        self.port = self._server.add_insecure_port(self.address)
        self._server.start()
        return self

    def stop(self) -> None:
        """Be gone, as a killed process is."""
        if self._server is not None:
            self._server.stop(grace=None).wait()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def Ingest(  # noqa: N802 - the contract's name
        self, request: ingest_pb2.IngestRequest, context: grpc.ServicerContext
    ) -> ingest_pb2.IngestResponse:
        """Take a batch."""
        self._begin("Ingest", context)
        with self._lock:
            self.requests.append(request)
            self.batches.append(len(request.events))
            self.seen.update(event.id for event in request.events)
            script = self.scripts.popleft() if self.scripts else None
        scripted = script(request, context) if script is not None else None
        return self.take(request) if scripted is None else scripted

    def take(self, request: ingest_pb2.IngestRequest) -> ingest_pb2.IngestResponse:
        """Store what may be stored."""
        response = ingest_pb2.IngestResponse()
        with self._lock:
            for index, event in enumerate(request.events):
                status = self._status(event)
                response.statuses.append(status)
                if status == ingest_pb2.EVENT_STATUS_ACCEPTED:
                    self.stored[event.id] = event
                elif status == ingest_pb2.EVENT_STATUS_REJECTED:
                    response.problems.add(
                        index=index,
                        reason=reasons.ERROR_REASON_CATALOGUE_VIOLATION,
                        field="properties.valor",
                        message="must be a decimal",
                    )
                elif status == ingest_pb2.EVENT_STATUS_RETRY:
                    problem = response.problems.add(index=index, reason=reasons.ERROR_REASON_QUOTA_EXCEEDED)
                    problem.retry_after.FromNanoseconds(int(self.retry_after * 1e9))
        return response

    def Identify(  # noqa: N802 - the contract's name
        self, request: identity_pb2.IdentifyRequest, context: grpc.ServicerContext
    ) -> identity_pb2.IdentifyResponse:
        """Record a call."""
        self._begin("Identify", context)
        if request.user_id == "unwanted":
            abort(context, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", field="user_id")
        with self._lock:
            self.identified.append(request)
        return identity_pb2.IdentifyResponse()

    def Alias(  # noqa: N802 - the contract's name
        self, request: identity_pb2.AliasRequest, context: grpc.ServicerContext
    ) -> identity_pb2.AliasResponse:
        """Record a call."""
        self._begin("Alias", context)
        with self._lock:
            self.aliased.append(request)
        return identity_pb2.AliasResponse()

    def GetTraits(  # noqa: N802 - the contract's name
        self, request: identity_pb2.GetTraitsRequest, context: grpc.ServicerContext
    ) -> identity_pb2.GetTraitsResponse:
        """Return what was identified."""
        self._begin("GetTraits", context)
        response = identity_pb2.GetTraitsResponse()
        for known in self.identified:
            if known.tenant == request.tenant and known.user_id in {request.user_id, ""}:
                target = response.user_traits if known.user_id else response.tenant_traits
                for name, value in known.traits.items():
                    target[name].CopyFrom(value)
        return response

    def IngestStream(  # noqa: N802 - the contract's name
        self, _requests: object, context: grpc.ServicerContext
    ) -> Iterator[ingest_pb2.IngestStreamResponse]:
        """Not here."""
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "a miniature")

    def ImportEvents(  # noqa: N802 - the contract's name
        self, _request: object, context: grpc.ServicerContext
    ) -> ingest_pb2.ImportEventsResponse:
        """Not here."""
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "a miniature")

    def GetImport(  # noqa: N802 - the contract's name
        self, _request: object, context: grpc.ServicerContext
    ) -> ingest_pb2.GetImportResponse:
        """Not here."""
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "a miniature")

    def Unalias(  # noqa: N802 - the contract's name
        self, _request: object, context: grpc.ServicerContext
    ) -> identity_pb2.UnaliasResponse:
        """Not here."""
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "a miniature")

    def ListTraitChanges(  # noqa: N802 - the contract's name
        self, _request: object, context: grpc.ServicerContext
    ) -> Iterator[identity_pb2.ListTraitChangesResponse]:
        """Not here."""
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "a miniature")

    def _begin(self, name: str, context: grpc.ServicerContext) -> None:
        metadata = dict(context.invocation_metadata())
        with self._lock:
            self.calls.append((time.monotonic(), name))
            self.metadata.append(metadata)
        if metadata.get("authorization") != f"Bearer {KEY}":
            abort(context, grpc.StatusCode.UNAUTHENTICATED, "UNKNOWN_KEY")
        if self.delay:
            time.sleep(self.delay)

    def _status(self, event: event_pb2.Event) -> ingest_pb2.EventStatus.ValueType:
        status = self.judge(event)
        if status is not None:
            return status
        if event.name.startswith("bad"):
            return ingest_pb2.EVENT_STATUS_REJECTED
        return ingest_pb2.EVENT_STATUS_DUPLICATE if event.id in self.stored else ingest_pb2.EVENT_STATUS_ACCEPTED


def properties_of(event: event_pb2.Event) -> dict[str, Any]:
    """The properties of an event, as plain values."""
    return {name: value_from_proto(value) for name, value in event.properties.items()}
