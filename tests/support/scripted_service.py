"""A gRPC server whose answers a test writes down, for what a real service does only on a bad day."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from mirante.api.flags.v1 import (
    access_admin_service_pb2,
    evaluation_service_pb2,
    flag_admin_service_pb2,
    flag_sync_service_pb2,
    people_service_pb2,
    rollout_service_pb2,
    segment_admin_service_pb2,
)
from mirante.api.metrics.v1 import analytics_service_pb2, programme_service_pb2
from mirante.api.telemetry.v1 import (
    catalogue_service_pb2,
    event_log_service_pb2,
    identity_service_pb2,
    ingest_service_pb2,
    privacy_service_pb2,
)

_MODULES = (
    access_admin_service_pb2,
    evaluation_service_pb2,
    flag_admin_service_pb2,
    flag_sync_service_pb2,
    people_service_pb2,
    rollout_service_pb2,
    segment_admin_service_pb2,
    analytics_service_pb2,
    programme_service_pb2,
    catalogue_service_pb2,
    event_log_service_pb2,
    identity_service_pb2,
    ingest_service_pb2,
    privacy_service_pb2,
)


@dataclass
class Refused(Exception):
    """An answer that is an error, with google.rpc details."""

    code: grpc.StatusCode
    reason: str
    message: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    violations: Sequence[tuple[str, str]] = ()
    retry_seconds: int = 0

    def status(self) -> status_pb2.Status:
        """Return what travels in the trailer."""
        info = error_details_pb2.ErrorInfo(reason=self.reason, domain="mirante", metadata=dict(self.metadata))
        details: list[Message] = [info]
        if self.violations:
            request = error_details_pb2.BadRequest()
            for name, description in self.violations:
                request.field_violations.add(field=name, description=description)
            details.append(request)
        if self.retry_seconds:
            delay = duration_pb2.Duration(seconds=self.retry_seconds)
            details.append(error_details_pb2.RetryInfo(retry_delay=delay))
        packed = []
        for detail in details:
            envelope = any_pb2.Any()
            envelope.Pack(detail)
            packed.append(envelope)
        return status_pb2.Status(code=self.code.value[0], message=self.message, details=packed)


@dataclass
class ScriptedService(grpc.GenericRpcHandler):
    """
    Answers by method name: a function of the request, or of the stream of requests for streams.

    `calls` holds the names and requests in the order of their arrival, `authorizations` the header of each.
    """

    answers: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    calls: list[tuple[str, Any]] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"localhost:{self.port}"

    def requests(self, name: str) -> list[Any]:
        """Return the requests that a method got."""
        return [request for called, request in self.calls if called == name]

    def service(self, handler_call_details: Any) -> "grpc.RpcMethodHandler[Any, Any] | None":
        """Return the handler of a method of the contracts, scripted or not."""
        service_name, _, name = handler_call_details.method.removeprefix("/").partition("/")
        for module in _MODULES:
            service = module.DESCRIPTOR.services_by_name.get(service_name.rpartition(".")[2])
            if service is not None:
                return self._handler(module, service.methods_by_name[name])
        return None

    def _handler(self, module: Any, method: Any) -> "grpc.RpcMethodHandler[Any, Any]":
        request_type = getattr(module, method.input_type.name)
        coding = {"request_deserializer": request_type.FromString, "response_serializer": _serialized}

        def answer(request: Any, context: grpc.ServicerContext) -> Any:
            self.calls.append((method.name, request))
            with self._refusing(context):
                return self._answer(method.name, request, context)

        def answer_stream(requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Any]:
            with self._refusing(context):
                yield from self._answer(method.name, requests, context)

        if method.server_streaming:
            return grpc.stream_stream_rpc_method_handler(answer_stream, **coding)
        return grpc.unary_unary_rpc_method_handler(answer, **coding)

    def _answer(self, name: str, request: Any, context: grpc.ServicerContext) -> Any:
        self.authorizations.append(str(dict(context.invocation_metadata()).get("authorization", "")))
        if name not in self.answers:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{name} is not scripted")
        return self.answers[name](request)

    @contextlib.contextmanager
    def _refusing(self, context: grpc.ServicerContext) -> Iterator[None]:
        try:
            yield
        except Refused as refused:
            details = ("grpc-status-details-bin", refused.status().SerializeToString())
            context.set_trailing_metadata((details,))
            context.abort(refused.code, refused.message)


@contextlib.contextmanager
def scripted_service(port: int = 0) -> Iterator[ScriptedService]:
    """Serve on a port of the loopback, a free one unless told, until the block ends."""
    service = ScriptedService()
    server = grpc.server(ThreadPoolExecutor(8), handlers=[service])
    service.port = server.add_insecure_port(f"localhost:{port}")
    server.start()
    try:
        yield service
    finally:
        server.stop(None).wait()


def _serialized(message: Message) -> bytes:
    return message.SerializeToString()
