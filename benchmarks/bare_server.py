"""
The floors: a grpc.aio server of the same kind as ours that does nothing.

/bare/Echo answers with the bytes it was sent. /bare/Watch sends every pushed message to every open stream: the handler
reads the subscriber's messages, and a push writes the same bytes to all streams at once. /bare/Push pushes its bytes.
Run as `python -m benchmarks.bare_server`; prints its port.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
import uvloop

OPTIONS = [
    ("grpc.so_reuseport", 0),
    ("grpc.server.max_pending_requests", 20_000),
    ("grpc.server.max_pending_requests_hard_limit", 20_000),
]


class Bare(grpc.GenericRpcHandler):
    """Bytes in, bytes out."""

    def __init__(self) -> None:
        self._streams: set[grpc.aio.ServicerContext[bytes, bytes]] = set()
        self._handlers: dict[str, Any] = {
            "/bare/Echo": grpc.unary_unary_rpc_method_handler(self._echo),
            "/bare/Push": grpc.unary_unary_rpc_method_handler(self._push),
            "/bare/Watch": grpc.stream_stream_rpc_method_handler(self._watch),
        }

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:  # type: ignore[type-arg]
        """Return the handler of a method."""
        return self._handlers.get(details.method)

    async def _echo(self, request: bytes, _context: object) -> bytes:
        return request

    async def _watch(self, _requests: object, context: "grpc.aio.ServicerContext[bytes, bytes]") -> None:
        await context.read()
        await context.write(b"\x00")
        self._streams.add(context)
        try:
            received: Any = b""
            while received is not grpc.aio.EOF:
                received = await context.read()
        finally:
            self._streams.discard(context)

    async def _push(self, request: bytes, _context: object) -> bytes:
        await _all([context.write for context in self._streams], request)
        return str(len(self._streams)).encode()


async def _all(writes: "list[Callable[[bytes], Awaitable[None]]]", message: bytes) -> None:
    await asyncio.gather(*[write(message) for write in writes])


async def main() -> None:
    """Serve until killed."""
    server = grpc.aio.server(options=OPTIONS)
    server.add_generic_rpc_handlers((Bare(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    uvloop.run(main())
