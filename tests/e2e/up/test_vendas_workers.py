"""The example backend served by several worker processes, flipped by one `mirante flags kill`."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.up.conftest import Mirante
from tests.support.running_up import PATIENCE_SECONDS, RunningUp
from tests.support.vendas_backend import gunicorn, uvicorn_workers, working

WORKERS = 3
CALLER = {"X-User": "ana", "X-Tenant": "acme"}


@contextlib.contextmanager
def backend(running: RunningUp, command: list[str], folder: Path) -> Iterator[httpx.Client]:
    """Serve the example; the client opens a connection for each request, so that any worker may answer."""
    key = json.loads((running.home / "keys.json").read_text())["server"]
    limits = httpx.Limits(max_keepalive_connections=0)
    with (
        working(command, folder, MIRANTE_ADDRESS=running.address, MIRANTE_API_KEY=key) as url,
        httpx.Client(base_url=url, headers=CALLER, limits=limits, timeout=30) as client,
    ):
        yield client


def ask(client: httpx.Client) -> Any:
    """Return what some worker says of itself; None while the backend is not up."""
    with contextlib.suppress(httpx.TransportError):
        return client.get("/processo").raise_for_status().json()
    return None


def workers_until(client: httpx.Client, condition: Callable[[dict[int, Any]], bool]) -> dict[int, Any]:
    """Ask, many at a time, until the newest answers by pid meet the condition; return them."""
    newest: dict[int, Any] = {}
    deadline = time.monotonic() + PATIENCE_SECONDS
    with ThreadPoolExecutor(8) as pool:
        while time.monotonic() < deadline:
            for answer in pool.map(ask, [client] * 16):
                if answer is not None:
                    newest[answer["pid"]] = answer
            if condition(newest):
                return newest
    pytest.fail(f"the workers never got there: {newest}")


def all_say(value: bool) -> Callable[[dict[int, Any]], bool]:
    """Every worker was heard, and evaluates the flag so."""
    return lambda newest: len(newest) == WORKERS and all(each["nova_ui_vendas"] is value for each in newest.values())


@pytest.mark.parametrize(
    "command",
    [gunicorn(WORKERS), gunicorn(WORKERS, "--preload"), uvicorn_workers(WORKERS)],
    ids=["gunicorn", "gunicorn with one client before the fork", "uvicorn"],
)
def test_one_kill_flips_every_worker(running: RunningUp, mirante: Mirante, tmp_path: Path, command: list[str]) -> None:
    """All of them by pid, and the restore brings all of them back."""
    with backend(running, command, tmp_path) as client:
        before = workers_until(client, all_say(True))
        assert client.get("/vendas").json()["formato"] == 2

        result = mirante("flags", "kill", "nova_ui_vendas", "--reason", "erro no checkout", "--json")
        try:
            assert result.exit_code == 0, result.output
            delivery = json.loads(result.stdout)["delivery"]
            assert delivery["connected"] >= WORKERS
            assert delivery["applied"] == delivery["connected"]
            # Whoever acknowledged the kill evaluates it: no worker may answer the old value any more.
            after = workers_until(client, lambda newest: len(newest) == WORKERS)
            assert after.keys() == before.keys()
            assert {(each["nova_ui_vendas"], each["reason"]) for each in after.values()} == {(False, "killed")}
            assert client.get("/vendas").json() == []
        finally:
            mirante("flags", "restore", "nova_ui_vendas", "--reason", "corrigido")
        workers_until(client, all_say(True))
