"""Clients whose servers are all gone: killed with -9, datastores included."""

import contextlib
import json
from functools import partial
from pathlib import Path

import psutil
from mirante import ClientState, Mirante
from mirante.client.settings import Timing

from tests.e2e.up.conftest import MIRANTE, command_line
from tests.support.eventually import eventually
from tests.support.running_up import PATIENCE_SECONDS, RunningUp, free_port, running_up

CONTEXT = {"targeting_key": "user-7", "tenant_id": "acme"}
TIMING = Timing(grace=0.5, retry_longest=1.0)


def kill_everything(running: RunningUp) -> None:
    """End all processes at once, with no chance to say goodbye."""
    processes = [psutil.Process(running.process.pid), *running.descendants()]
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):  # the first death may take others along
            process.kill()
    running.process.wait(PATIENCE_SECONDS)
    psutil.wait_procs(processes, timeout=PATIENCE_SECONDS)


def answers(client: Mirante) -> dict[str, object]:
    """The value of every flag, by key."""
    return {key: evaluation.value for key, evaluation in client.all_flags(CONTEXT).items()}


def is_restored(client: Mirante) -> bool:
    """Whether the flag is no longer killed here."""
    return client.details("dark_mode", CONTEXT).reason.value != "KILLED"


def test_clients_outlive_their_servers(tmp_path: Path) -> None:
    """One that was connected goes on, one that starts anew answers from disk; later both are current by themselves."""
    home, cache, port = tmp_path / "home", tmp_path / "cache", free_port()
    address = f"127.0.0.1:{port}"
    with contextlib.ExitStack() as stack:
        with running_up([MIRANTE, "up"], home, port=port) as running:
            running.until("ready")
            key = json.loads((home / "keys.json").read_text())["server"]
            connected = stack.enter_context(Mirante(address, api_key=key, cache_dir=cache, timing=TIMING))
            assert connected.wait_until_ready(PATIENCE_SECONDS)
            assert command_line(running)("flags", "kill", "dark_mode", "--reason", "feio").exit_code == 0
            assert eventually(lambda: connected.details("dark_mode", CONTEXT).reason.value == "KILLED")
            before = answers(connected)
            assert len(before) >= 13
            revision = connected.status.revision
            assert eventually(
                lambda: any(
                    f'"revision": {revision}'.encode() in file.read_bytes() for file in cache.glob("*.snapshot")
                )
            )
            kill_everything(running)

        assert eventually(lambda: connected.status.state is ClientState.STALE)
        started = stack.enter_context(Mirante(address, api_key=key, cache_dir=cache, timing=TIMING))
        for client in (connected, started):
            assert answers(client) == before
            assert client.details("dark_mode", CONTEXT).stale is True
            assert client.status.revision == revision

        with running_up([MIRANTE, "up"], home, port=port) as running:
            running.until("ready")
            for client in (connected, started):
                assert client.wait_until_ready(PATIENCE_SECONDS)
                assert client.details("dark_mode", CONTEXT).reason.value == "KILLED"
            assert command_line(running)("flags", "restore", "dark_mode", "--reason", "bonito").exit_code == 0
            for client in (connected, started):
                assert eventually(partial(is_restored, client))
                assert client.details("dark_mode", CONTEXT).stale is False
            assert running.stop() == 0
