"""What is left, and what is lost, when something ends without warning."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import psutil
import pytest

from services.runtime.datastores import open_datastores
from tests.integration.runtime_datastores.rows import read, write
from tests.integration.runtime_datastores.supervised import PATIENCE_S, supervised, wait_until_none_below
from tests.support.datastores import LocalSettings, ServerHandle, processes_below, unprivileged_user


@pytest.mark.parametrize("all_processes", [False, True], ids=["postmaster", "every process"])
async def test_acknowledged_rows_survive_a_crash(
    postgres_server: ServerHandle, database_url: str, *, all_processes: bool
) -> None:
    """Postgres killed with SIGKILL in the middle of writing comes back by itself with every acknowledged row."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("CREATE TABLE written (number integer PRIMARY KEY)")
    acknowledged: list[int] = []
    enough = asyncio.Event()

    async def write_until_it_breaks() -> None:
        for number in range(1_000_000):
            await connection.execute("INSERT INTO written VALUES ($1)", number)
            acknowledged.append(number)
            if number == 300:
                enough.set()

    writer = asyncio.create_task(write_until_it_breaks())
    await enough.wait()
    if all_processes:
        assert postgres_server.pid is not None
        for child in psutil.Process(postgres_server.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
    await postgres_server.kill()
    assert (await asyncio.wait({writer}, timeout=PATIENCE_S))[0] == {writer}
    assert writer.exception() is not None
    connection.terminate()
    await postgres_server.wait_until_ready()
    again = await asyncpg.connect(database_url)
    found = {row[0] for row in await again.fetch("SELECT number FROM written")}
    await again.close()
    assert set(acknowledged) - found == set()


async def test_next_start_recovers_after_kill_of_everything(home: Path) -> None:
    """Supervisor and servers killed with SIGKILL: the next start needs no help and has the data."""
    with supervised(home) as run:
        await write(run.database_url, run.redis_url, "a")
        run.kill_everything()
    with supervised(home, "--uvloop") as run:
        assert await read(run.database_url, run.redis_url) == (["a"], ["a"])
        assert run.interrupt() == 0
    assert processes_below(home) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
async def test_servers_stop_when_their_supervisor_is_killed(home: Path) -> None:
    """After a SIGKILL of the supervisor the servers stop by themselves, in an orderly way."""
    with supervised(home) as run:
        await write(run.database_url, run.redis_url, "a")
        run.kill()
        wait_until_none_below(home)
    assert "database system is shut down" in (home / "postgres" / "server.log").read_text()


async def test_next_start_ends_servers_left_behind(home: Path) -> None:
    """Servers that outlived their killed supervisor are stopped by the next start, which then has the data."""
    with supervised(home, "--servers-outlive-us") as first:
        await write(first.database_url, first.redis_url, "a")
        first.kill()
        assert {process.pid for process in processes_below(home)} >= set(first.pids)
        with supervised(home) as second:
            assert [pid for pid in first.pids if psutil.pid_exists(pid) and is_live(pid)] == []
            assert await read(second.database_url, second.redis_url) == (["a"], ["a"])
            assert second.interrupt() == 0
        assert processes_below(home) == []


async def test_next_start_ends_orphans_that_nobody_recorded(home: Path) -> None:
    """A backend that outlived its killed postmaster does not keep the next start from recovering."""
    with supervised(home, "--servers-outlive-us") as first:
        await write(first.database_url, first.redis_url, "a")
        postmaster = psutil.Process(first.pids[0])
        frozen = postmaster.children()[0]
        frozen.send_signal(signal.SIGSTOP)  # it cannot notice that its postmaster is gone
        first.kill()
        postmaster.kill()
        (home / "postgres" / "server.json").unlink()
        with supervised(home) as second:
            assert not is_live(frozen.pid)
            assert await read(second.database_url, second.redis_url) == (["a"], ["a"])


def is_live(pid: int) -> bool:
    """Whether a process with this pid runs; a zombie does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_a_stranger_with_the_pid_of_the_last_run_is_left_alone(home: Path) -> None:
    """When another process has got the pids that a crashed run recorded, it lives on and the servers start."""
    with supervised(home) as run:
        await write(run.database_url, run.redis_url, "a")
        run.kill_everything()
    user = unprivileged_user()
    with subprocess.Popen(["/bin/sleep", "600"], user=user, group=user) as stranger:
        try:
            lock = home / "postgres" / "data" / "postmaster.pid"
            lock.write_text("\n".join([str(stranger.pid), *lock.read_text().splitlines()[1:], ""]))
            for record in home.glob("*/server.json"):
                record.write_text(f'{{"pid": {stranger.pid}, "birthmark": "of somebody else"}}')
            async with open_datastores(LocalSettings(home)) as datastores:
                assert await read(datastores.database_url, datastores.redis_url) == (["a"], ["a"])
            assert stranger.poll() is None
        finally:
            stranger.kill()


async def test_an_interrupted_first_start_is_begun_again(home: Path) -> None:
    """Half a data folder, as a SIGKILL during initdb leaves it, is not taken for a whole one."""
    unfinished = home / "postgres" / "data.new"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    async with open_datastores(LocalSettings(home)) as datastores:
        await write(datastores.database_url, datastores.redis_url, "a")
    assert not unfinished.exists()


async def test_a_server_that_keeps_dying_is_started_again_each_time(home: Path) -> None:
    """Each of several crashes in a row is followed by a restart on the same port."""
    async with open_datastores(LocalSettings(home)) as datastores:
        assert datastores.valkey is not None
        await write(datastores.database_url, datastores.redis_url, "a")
        pids = set()
        for _ in range(4):
            pid = datastores.valkey.pid
            assert pid is not None
            pids.add(pid)
            os.kill(pid, signal.SIGKILL)
            async with asyncio.timeout(PATIENCE_S):
                while datastores.valkey.pid in {None, *pids}:
                    await asyncio.sleep(0.01)
                await datastores.valkey.wait_until_ready()
        assert len(pids) == 4
        assert await read(datastores.database_url, datastores.redis_url) == (["a"], ["a"])
