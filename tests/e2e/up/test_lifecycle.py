"""`mirante up` with its embedded datastores: what it writes, what survives, what it leaves behind."""

import contextlib
import json
import signal
import stat
from pathlib import Path

import psutil

from tests.e2e.up.conftest import MIRANTE, command_line
from tests.support.running_up import PATIENCE_SECONDS, running_up

SERVICE = "services.flags"


def test_first_start_writes_keys_for_every_role(tmp_path: Path) -> None:
    """In .mirante beside the checkout, readable by the owner alone; interrupting leaves no process behind."""
    with running_up([MIRANTE, "up"], tmp_path / ".mirante", default_home=True) as running:
        running.until("ready")
        keys = tmp_path / ".mirante/keys.json"
        assert set(json.loads(keys.read_text())) == {"server", "admin", "browser", "reader", "editor", "internal"}
        assert stat.S_IMODE(keys.stat().st_mode) == 0o600
        processes = running.descendants()
        assert len(processes) >= 3
        assert running.stop(signal.SIGINT) == 0
        assert [process for process in processes if process.is_running()] == []
        assert len([line for line in running.lines if "ready" in line]) == 1
        assert [path.name for path in tmp_path.iterdir()] == [".mirante"]


def test_data_and_keys_survive_a_restart(tmp_path: Path) -> None:
    """A kill above all."""
    with running_up([MIRANTE, "up"], tmp_path) as running:
        running.until("ready")
        keys = (tmp_path / "keys.json").read_text()
        assert command_line(running)("flags", "kill", "dark_mode", "--reason", "feio").exit_code == 0
        assert running.stop() == 0
    with running_up([MIRANTE, "up"], tmp_path) as running:
        running.until("ready")
        assert (tmp_path / "keys.json").read_text() == keys
        assert "feio" in command_line(running)("flags", "get", "dark_mode").stdout
        assert running.stop() == 0


def test_start_after_everything_was_killed(tmp_path: Path) -> None:
    """`kill -9` of every process, at once, and the next start needs no help."""
    with running_up([MIRANTE, "up"], tmp_path) as running:
        running.until("ready")
        assert command_line(running)("flags", "create", "antes").exit_code == 0
        processes = [psutil.Process(running.process.pid), *running.descendants()]
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):  # the first death may take others along
                process.kill()
        running.process.wait(PATIENCE_SECONDS)
        psutil.wait_procs(processes, timeout=PATIENCE_SECONDS)
    with running_up([MIRANTE, "up"], tmp_path) as running:
        running.until("ready")
        assert command_line(running)("flags", "get", "antes").exit_code == 0
        assert running.stop() == 0


def test_killed_service_comes_back(tmp_path: Path) -> None:
    """The supervisor starts it again, on the same data."""
    with running_up([MIRANTE, "up"], tmp_path) as running:
        running.until("ready")
        running.service(SERVICE).kill()
        running.until("flags answers again")
        assert command_line(running)("flags", "get", "dark_mode").exit_code == 0
        assert running.stop() == 0


def test_home_in_use_is_a_refusal(tmp_path: Path) -> None:
    """Two starts on one home would share its data."""
    with running_up([MIRANTE, "up"], tmp_path) as running:
        running.until("ready")
        with running_up([MIRANTE, "up"], tmp_path) as second:
            assert second.end() == 1
            assert "is in use by process" in second.lines[0]
        assert running.stop() == 0


def test_start_without_the_demo(tmp_path: Path) -> None:
    """It is empty, and the admin key of the first start makes it useful."""
    with running_up([MIRANTE, "up", "--no-demo"], tmp_path) as running:
        running.until("ready")
        mirante = command_line(running)
        assert json.loads(mirante("flags", "list", "--json").stdout)["records"] == []
        assert mirante("flags", "create", "minha_flag", "--on").exit_code == 0
        assert "minha_flag" in mirante("flags", "list").stdout
        assert running.stop() == 0
