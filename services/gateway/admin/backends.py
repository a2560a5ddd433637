"""Calls to the services, by method, in bytes: each call carries who asks, and every failure is a problem."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import grpc
import grpc.aio
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from services.gateway.admin.services import SERVICE_OF_PACKAGE, own_methods, path_of
from services.gateway.http.problems import Problem, problem_of_call
from services.gateway.http.tracing import trace_metadata

Metadata: TypeAlias = tuple[tuple[str, str], ...]
MessageStream: TypeAlias = "grpc.aio.UnaryStreamCall[Any, Any]"

SECONDS: Final = 75.0
"""For a call that answers once: services end a question of their own accord sooner, a statement of SQL after 60 s."""

_STATUSES: Final = {
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.ABORTED: 412,
}
"""What callers of this API can cause, beside what anybody can."""


@dataclass(frozen=True, slots=True)
class Method:
    """A method: its two messages, the service that answers it, and how it is called, with bytes for bytes."""

    request: type[Message]
    answer: type[Message]
    service: str
    is_stream: bool
    _call: Any

    async def ask(self, request: bytes, metadata: Metadata) -> bytes:
        """
        Return the answer of a method that answers once.

        Raises:
            Problem: the service refused, or does not answer.
        """
        try:
            answer: bytes = await self._call(request, metadata=(*metadata, *trace_metadata()), timeout=SECONDS)
        except grpc.RpcError as error:
            raise self.problem(error) from error
        return answer

    def stream(self, request: bytes, metadata: Metadata) -> MessageStream:
        """Return the call of a method that answers with a stream; whoever holds it has to cancel it."""
        call: MessageStream = self._call(request, metadata=(*metadata, *trace_metadata()))
        return call

    def problem(self, error: grpc.RpcError) -> Problem:
        """Return the problem of a call that failed."""
        code = error.code() if isinstance(error, grpc.aio.AioRpcError) else grpc.StatusCode.UNKNOWN
        if code is grpc.StatusCode.DEADLINE_EXCEEDED:
            detail = f"the {self.service} service took longer than {SECONDS:g} s; it may have done what was asked"
            return Problem(504, "DEADLINE_EXCEEDED", detail)
        if code is grpc.StatusCode.INTERNAL:
            return Problem(500, "INTERNAL", f"the {self.service} service failed; the cause is in its log")
        if code is grpc.StatusCode.UNIMPLEMENTED:
            detail = f"the {self.service} service is older than this gateway, and does not know this call"
            return Problem(501, "NOT_IMPLEMENTED", detail)
        return problem_of_call(error, self.service, _STATUSES)


def open_methods(channels: Mapping[str, grpc.aio.Channel]) -> Mapping[str, Method]:
    """Return the methods of the API by their addresses; `channels` are by the names of `SERVICE_OF_PACKAGE`."""
    return {path_of(method): _method(method, channels) for method in own_methods()}


def _method(method: MethodDescriptor, channels: Mapping[str, grpc.aio.Channel]) -> Method:
    service = SERVICE_OF_PACKAGE[method.containing_service.file.package]
    channel = channels[service]
    name = f"/{method.containing_service.full_name}/{method.name}"
    call: Any = channel.unary_stream(name) if method.server_streaming else channel.unary_unary(name)
    return Method(
        GetMessageClass(method.input_type), GetMessageClass(method.output_type), service, method.server_streaming, call
    )
