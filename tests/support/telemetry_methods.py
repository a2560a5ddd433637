"""Every method of the telemetry contracts, to be called with any bytes."""

import asyncio
import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import grpc.aio
import mirante.api.telemetry.v1 as contracts
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from tests.support.serving import PATIENCE_SECONDS, Metadata, Refused


def services() -> list[ServiceDescriptor]:
    """Return every service of the contracts."""
    modules = [
        importlib.import_module(f"{contracts.__name__}.{module.name}")
        for module in pkgutil.iter_modules(contracts.__path__)
        if module.name.endswith("_pb2")
    ]
    return [service for module in modules for service in module.DESCRIPTOR.services_by_name.values()]


METHODS: dict[str, MethodDescriptor] = {
    f"/{service.full_name}/{method.name}": method for service in services() for method in service.methods
}


def request_class(method: str) -> type[Message]:
    """Return the message that a method takes."""
    return GetMessageClass(METHODS[method].input_type)


def request_for(method: str, environment: str) -> bytes:
    """Return a request that names an environment and nothing else."""
    request: Any = request_class(method)()
    holder = request.batch if method.endswith("/IngestStream") else request
    holder.environment = environment
    return bytes(request.SerializeToString())


async def outcome(channel: grpc.aio.Channel, method: str, request: bytes, metadata: Metadata = ()) -> Refused:
    """Return how a call with these bytes ends; a stream that begins to answer counts as OK and is cancelled."""
    descriptor = METHODS[method]
    call: Any
    any_channel: Any = channel  # its type parameters can't be told
    async with asyncio.timeout(PATIENCE_SECONDS):
        if descriptor.client_streaming:
            call = any_channel.stream_stream(method)(metadata=metadata)
            await _written(call, request)
        elif descriptor.server_streaming:
            call = any_channel.unary_stream(method)(request, metadata=metadata)
        else:
            call = any_channel.unary_unary(method)(request, metadata=metadata)
            return Refused.of(await call.code(), await call.details(), await call.trailing_metadata())
        return await _stream_outcome(call)


def texts_of(message: Descriptor, depth: int = 3) -> Iterator[tuple[FieldDescriptor, ...]]:
    """Return the paths of all texts in a message, through messages and the values of maps."""
    for field in message.fields:
        if field.type == FieldDescriptor.TYPE_STRING:
            yield (field,)
        elif field.message_type is not None and depth:
            for rest in texts_of(field.message_type, depth - 1):
                yield (field, *rest)


def encoded(path: tuple[FieldDescriptor, ...], text: bytes) -> bytes:
    """Return a message with nothing but one text, which need not be valid, at a path."""
    content = text
    for field in reversed(path):
        content = _tag(field.number) + _varint(len(content)) + content
    return content


async def _written(call: Any, request: bytes) -> None:
    try:
        await call.write(request)
        await call.done_writing()
    except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
        return  # it was refused before it was read


async def _stream_outcome(call: Any) -> Refused:
    try:
        if await call.read() is not grpc.aio.EOF:
            call.cancel()
            return Refused("OK")
    except grpc.aio.AioRpcError:
        pass
    return Refused.of(await call.code(), await call.details(), await call.trailing_metadata())


def _tag(number: int) -> bytes:
    return _varint(number << 3 | 2)


def _varint(number: int) -> bytes:
    digits = []
    while number > 127:
        digits.append(number & 127 | 128)
        number >>= 7
    return bytes((*digits, number))
