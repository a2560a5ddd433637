"""`mirante up` runs services until told to stop, with a small service and datastores that run elsewhere."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.running_up import PATIENCE_SECONDS, RunningUp, free_port, running_up

TINY = "tests.support.tiny_service"
ELSEWHERE = {"DATABASE_URL": "postgresql://elsewhere/mirante", "REDIS_URL": "redis://elsewhere"}


@contextlib.contextmanager
def up(home: Path, *arguments: str, mode: str = "", port: int = 0) -> Iterator[RunningUp]:
    """Start it with the small service."""
    command = [sys.executable, "-m", "tests.support.hold_up", *arguments]
    with running_up(command, home, port=port, environment={**ELSEWHERE, "TINY_MODE": mode}) as running:
        yield running


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_drains_and_ends_with_zero(tmp_path: Path, number: signal.Signals) -> None:
    """One line says ready, the service finishes, nothing is left."""
    with up(tmp_path) as running:
        running.until("ready")
        service = running.service(TINY)
        running.process.send_signal(number)
        assert running.end() == 0
        assert not service.is_running()
        assert len([line for line in running.lines if "ready" in line]) == 1
        assert f"localhost:{running.port}" in "\n".join(running.lines)
        assert "tiny: warning: drained, demo 1" in running.lines


def test_terminal_is_quiet_and_the_file_has_all(tmp_path: Path) -> None:
    """Warnings are shown in words, the rest is in the log."""
    with up(tmp_path, "--no-demo") as running:
        running.until("ready")
        running.process.terminate()
        running.end()
        assert "tiny: warning: drained, demo 0" in running.lines
        assert not any("not for the terminal" in line for line in running.lines)
    log = (tmp_path / "logs/tiny.log").read_text().splitlines()
    assert [json.loads(line)["message"] for line in log] == ["not for the terminal", "drained, demo 0"]


def test_ready_is_json_for_programs(tmp_path: Path) -> None:
    """One document once everything answers."""
    with up(tmp_path, "--json") as running:
        assert json.loads(running.until("ready")) == {
            "event": "ready",
            "addresses": {"tiny": f"localhost:{running.port}"},
            "keys": None,
        }


def test_service_that_dies_is_started_again(tmp_path: Path) -> None:
    """On the same port, and people are told."""
    with up(tmp_path) as running:
        running.until("ready")
        first = running.service(TINY)
        for _ in range(2):
            running.service(TINY).kill()
            running.until("tiny ended with exit code -9 and is started again")
            running.until("tiny answers again")
        assert running.service(TINY).pid != first.pid
        running.process.terminate()
        assert running.end() == 0


def test_second_signal_does_not_wait(tmp_path: Path) -> None:
    """A service that does not stop is killed at once when asked twice."""
    with up(tmp_path, mode="stubborn") as running:
        running.until("ready")
        service = running.service(TINY)
        running.process.send_signal(signal.SIGINT)
        running.until("tiny: warning: no")
        running.process.send_signal(signal.SIGINT)
        assert running.end() == 0
        assert not service.is_running()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's signal at a parent's death is Linux's")
def test_services_do_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    """Not even `kill -9` leaves one behind."""
    with up(tmp_path) as running:
        running.until("ready")
        service = running.service(TINY)
        running.process.kill()
        assert service.wait(PATIENCE_SECONDS) is None


def test_service_that_cannot_start_is_a_refusal(tmp_path: Path) -> None:
    """Its last words are shown, and it is not tried again."""
    with up(tmp_path, mode="broken") as running:
        assert running.end() == 1
        assert running.lines == [
            "tiny: error: cannot start: no reason given",
            "error: tiny ended with exit code 3 while starting",
            f"hint: its log is {tmp_path / 'logs/tiny.log'}",
        ]


def test_taken_port_is_named(tmp_path: Path) -> None:
    """Before anything is started, with the variable that helps."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with up(tmp_path, port=port) as running:
            assert running.end() == 1
            assert running.lines[0] == f"error: port {port} is taken"
            assert "MIRANTE_FLAGS_PORT=" in running.lines[1]
    assert not (tmp_path / "logs").exists()


@pytest.mark.parametrize(
    ("variable", "value"), [("DATABASE_URL", "mysql://x"), ("REDIS_URL", ""), ("MIRANTE_FLAGS_PORT", "70000")]
)
def test_wrong_setting_is_named(tmp_path: Path, variable: str, value: str) -> None:
    """One error, no traceback."""
    environment = {**os.environ, "MIRANTE_HOME": str(tmp_path), "MIRANTE_FLAGS_PORT": str(free_port()), variable: value}
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.hold_up"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {variable} ")
    assert len(done.stderr.splitlines()) == 1
