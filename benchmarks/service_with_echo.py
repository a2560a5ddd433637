"""The flag service as it is, with the bare handlers of `bare_server` on the same gRPC server: `python -m` this."""

from typing import Any

import grpc.aio

from benchmarks.bare_server import Bare
from services.flags.app import main

_server = grpc.aio.server


def _with_bare_handlers(*arguments: Any, **options: Any) -> grpc.aio.Server:
    server = _server(*arguments, **options)
    server.add_generic_rpc_handlers((Bare(),))
    return server


if __name__ == "__main__":
    grpc.aio.server = _with_bare_handlers
    main()
