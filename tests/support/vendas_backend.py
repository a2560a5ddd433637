"""The example backend on a real socket: in a thread of the test, or in worker processes of its own."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import uvicorn
from fastapi import FastAPI

from tests.support.eventually import eventually
from tests.support.running_up import PATIENCE_SECONDS, free_port

_BINARIES = Path(sys.executable).parent


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


def gunicorn(workers: int, *arguments: str) -> list[str]:
    """Return a command that serves the example."""
    how = ["gunicorn", "--workers", str(workers), "--worker-class", "asgi", *arguments]
    return [*how, "examples.vendas_api.app:create_app()"]


def uvicorn_workers(workers: int) -> list[str]:
    """Return a command that serves the example."""
    return ["uvicorn", "--workers", str(workers), "--factory", "examples.vendas_api.app:create_app"]


@contextlib.contextmanager
def working(command: list[str], folder: Path, **environment: str) -> Iterator[str]:
    """Run a command that serves the example, with its files in a folder, until the block ends; yield its URL."""
    port = free_port()
    server, *rest = command
    bind = ["--bind", f"127.0.0.1:{port}"] if server == "gunicorn" else ["--port", str(port)]
    variables = {
        **os.environ,
        "VENDAS_CACHE": str(folder),
        "HOME": str(folder),  # gunicorn keeps a socket there
        **environment,
    }
    with (folder / "backend.log").open("w") as log:
        process = subprocess.Popen(
            [str(_BINARIES / server), *bind, *rest], env=variables, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        below = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE_SECONDS)
        process.kill()
        for child in below:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        process.wait()
