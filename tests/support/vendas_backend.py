"""The example backend on a real socket, in a thread of the test."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import httpx
import uvicorn
from fastapi import FastAPI

from tests.support.eventually import eventually


@contextlib.contextmanager
def served(app: FastAPI) -> Iterator[Callable[[], httpx.Client]]:
    """Serve an application until the block ends; yield what makes clients of it."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            assert eventually(lambda: server.started or not thread.is_alive())
            # A connection is closed after a failure, and another request might be on its way in it.
            limits = httpx.Limits(max_keepalive_connections=0)
            yield lambda: httpx.Client(base_url=url, timeout=30, limits=limits)
        finally:
            server.should_exit = True
            thread.join()
