"""
The flag service as it is, with bare handlers on the same gRPC server: `python -m` this.

/bare/... are the handlers of `bare_server`. /intercepted/Echo answers with the bytes it was sent after all that happens
around every call of ours: key, role, quota, tracing and measuring.
"""

import importlib
from typing import Any

import grpc
import grpc.aio

from benchmarks.bare_server import Bare
from services.runtime.access import Role

INTERCEPTED_ECHO = "/intercepted/Echo"

_app: Any = importlib.import_module("services.flags.app")
_server = grpc.aio.server
_add_evaluation = _app.add_EvaluationServiceServicer_to_server


def _with_bare_handlers(*arguments: Any, **options: Any) -> grpc.aio.Server:
    server = _server(*arguments, **options)
    server.add_generic_rpc_handlers((Bare(),))
    return server


def _with_intercepted_echo(servicer: Any, server: Any) -> None:
    _add_evaluation(servicer, server)
    echo = grpc.unary_unary_rpc_method_handler(_echo, bytes, bytes)
    server.add_registered_method_handlers("intercepted", {"Echo": echo})


async def _echo(request: bytes, _context: object) -> bytes:
    return request


if __name__ == "__main__":
    grpc.aio.server = _with_bare_handlers
    _app.add_EvaluationServiceServicer_to_server = _with_intercepted_echo
    _app.ROLES = {**_app.ROLES, INTERCEPTED_ECHO: {Role.SERVER}}
    _app.main()
