"""Several processes, several homes, and folders that the servers' account cannot enter."""

import os
import shutil
import signal
import stat
import tempfile
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from services.runtime.datastores import open_datastores
from services.runtime.embedded.account import Account, can_reach, reachable_installation
from services.runtime.embedded.binaries import find_postgres, find_valkey
from services.runtime.embedded.child import run_to_end
from services.runtime.embedded.errors import HomeInUse, HomeUnusable
from tests.integration.runtime_datastores.rows import read, write
from tests.integration.runtime_datastores.supervised import PATIENCE_S, start, supervised
from tests.support.datastores import LocalSettings, processes_below

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes to another account")


@pytest.mark.parametrize("loop", [(), ("--uvloop",)], ids=["asyncio", "uvloop"])
def test_ctrl_c_leaves_no_process(home: Path, loop: tuple[str, ...]) -> None:
    """Ctrl-C in the terminal ends the supervisor, which stops the servers in an orderly way."""
    with supervised(home, *loop) as run:
        assert {process.pid for process in processes_below(home)} >= set(run.pids)
        assert run.interrupt() == 0
        assert processes_below(home) == []
        assert [pid for pid in run.pids if psutil.pid_exists(pid)] == []
    assert "database system is shut down" in (home / "postgres" / "server.log").read_text()
    assert "ready to exit" in (home / "valkey" / "server.log").read_text()


def test_sigterm_during_the_first_start_leaves_no_process(home: Path) -> None:
    """A supervisor that ends at any moment of the first start takes everything with it, and the next start works."""
    process = start(home)
    while not (home / "postgres" / "data.new").exists():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE_S)
    assert processes_below(home) == []
    with supervised(home) as run:
        assert run.interrupt() == 0


async def test_two_homes_run_side_by_side(home: Path) -> None:
    """Two checkouts do not see each other's data, and a crash of one leaves the other alone."""
    other = home.with_name("other")
    with supervised(home) as one, supervised(other) as two:
        await write(one.database_url, one.redis_url, "one")
        await write(two.database_url, two.redis_url, "two")
        one.kill_everything()
        with supervised(home) as again:
            assert await read(again.database_url, again.redis_url) == (["one"], ["one"])
            assert await read(two.database_url, two.redis_url) == (["two"], ["two"])
        assert two.process.poll() is None


async def test_second_process_on_the_same_home_is_refused(home: Path) -> None:
    """The error names the process that holds the home and the ways out, and the first process does not notice."""
    with supervised(home) as run:
        with pytest.raises(HomeInUse) as refused:
            async with open_datastores(LocalSettings(home)):
                pass
        for needed in (f"process {run.process.pid},", "MIRANTE_HOME", "DATABASE_URL", "REDIS_URL"):
            assert needed in str(refused.value)
        await write(run.database_url, run.redis_url, "a")
    async with open_datastores(LocalSettings(home)) as datastores:
        assert await read(datastores.database_url, datastores.redis_url) == (["a"], ["a"])


async def test_home_may_be_deep_and_strange(home: Path) -> None:
    """A home whose path is long, has spaces and letters outside ASCII works like any other."""
    deep = home.joinpath("relatórios de vendas", *["quite-a-long-name-of-a-folder"] * 6)
    async with open_datastores(LocalSettings(deep)) as datastores:
        await write(datastores.database_url, datastores.redis_url, "a")


@needs_root
async def test_home_below_a_folder_that_only_root_can_enter(home: Path) -> None:
    """As root, servers drop to another account, keep their data in the home, and no folder is opened up for them."""
    assert stat.S_IMODE(home.parent.stat().st_mode) == 0o700
    async with open_datastores(LocalSettings(home)) as datastores:
        await write(datastores.database_url, datastores.redis_url, "a")
        assert {process.uids().effective for process in processes_below(home)} == {65534}
    assert stat.S_IMODE(home.parent.stat().st_mode) == 0o700
    assert [path for path in home.glob("*/data") if path.is_symlink()] == []
    async with open_datastores(LocalSettings(home)) as datastores:
        assert await read(datastores.database_url, datastores.redis_url) == (["a"], ["a"])


@needs_root
async def test_home_that_everybody_can_enter() -> None:
    """As root with an open home, the servers know their data by its real path."""
    with tempfile.TemporaryDirectory() as parent:
        Path(parent).chmod(0o755)
        home = Path(parent) / "home"
        async with open_datastores(LocalSettings(home)) as datastores:
            await write(datastores.database_url, datastores.redis_url, "a")
            assert datastores.postgres is not None
            assert str(home / "postgres" / "data") in psutil.Process(datastores.postgres.pid).cmdline()


@needs_root
async def test_home_of_an_ordinary_user_is_run_as_that_user(home: Path) -> None:
    """Root takes over a home that a user began: the servers run as the user, who keeps the data."""
    user = 12345
    async with open_datastores(LocalSettings(home)):
        pass
    for path in (home, *home.rglob("*")):
        os.chown(path, user, user)
    async with open_datastores(LocalSettings(home)) as datastores:
        await write(datastores.database_url, datastores.redis_url, "a")
        assert {process.uids().effective for process in processes_below(home)} == {user}


@needs_root
async def test_binaries_below_a_folder_that_only_root_can_enter(tmp_path: Path) -> None:
    """Binaries in a private virtual environment are copied, once, to where the servers' account can run them."""
    nobody = Account(65534, 65534)
    found, valkey = find_postgres(), find_valkey()
    with tempfile.TemporaryDirectory() as public:
        Path(public).chmod(0o755)
        cache = Path(public) / "cache"
        for installation, names in ((found, ("postgres", "initdb", "psql")), (valkey[0], (valkey[1],))):
            private = replace(installation, root=tmp_path / installation.label)
            for part in installation.parts:
                shutil.copytree(installation.root / part, private.root / part)
            tmp_path.chmod(0o700)
            assert can_reach(nobody, private.binary(names[0])) is False
            copies = [reachable_installation(private, names[0], nobody, cache) for _ in range(2)]
            assert copies[0] == copies[1]
            for name in names:
                code, output = await run_to_end(
                    [str(copies[0].binary(name)), "--version"], folder=Path("/"), account=nobody
                )
                assert (code, output != "") == (0, True)
        assert len([path for path in cache.iterdir() if path.is_dir()]) == 2


@needs_root
def test_a_cache_that_others_can_write_is_refused(tmp_path: Path) -> None:
    """Binaries are never run from a folder in which somebody else could have put them."""
    installation = replace(find_valkey()[0], root=tmp_path)
    binary = installation.binary(find_valkey()[1])
    binary.parent.mkdir(parents=True)
    binary.touch(mode=0o700)
    cache = tmp_path / "cache"
    cache.mkdir()
    cache.chmod(0o777)
    with pytest.raises(HomeUnusable, match="writable by nobody else"):
        reachable_installation(installation, binary.name, Account(65534, 65534), cache)
