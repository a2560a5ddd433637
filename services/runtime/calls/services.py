"""The handlers of our services: a server is started with them, and they may be added later."""

from collections.abc import Sequence
from typing import Any, cast

import grpc
import grpc.aio


class LateServices(grpc.GenericRpcHandler):
    """
    Takes the place of a server in the generated `add_...Servicer_to_server` functions.

    gRPC wants to know all handlers before the server starts; ours exist once the database has answered.
    """

    def __init__(self) -> None:
        self._handlers: list[Any] = []

    @property
    def as_server(self) -> grpc.aio.Server:
        """Return this as what the generated functions want. Of a server they call only what follows."""
        return cast("grpc.aio.Server", self)

    def add_generic_rpc_handlers(self, handlers: Sequence[Any]) -> None:
        """Add the handlers of a service."""
        self._handlers.extend(handlers)

    def add_registered_method_handlers(self, _service: str, _handlers: object) -> None:
        """Generated code calls this too; it would bypass what is added later."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """Return the handler of a method; None when there is no such method (yet)."""
        for handler in self._handlers:
            found = handler.service(handler_call_details)
            if found is not None:
                return found
        return None
