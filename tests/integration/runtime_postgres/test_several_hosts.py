"""Addresses of several hosts, as a database has that fails over."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from services.runtime.postgres.connecting import Connector, connect
from services.runtime.postgres.outages import UNREACHABLE
from services.runtime.postgres.pool import open_pool


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """Yield somebody who takes connections and never says a word, as a lost machine."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        yield listener


def called(listener: socket.socket) -> int:
    """Return how many connections were made since this was last asked."""
    calls = 0
    while True:
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return calls
        calls += 1


def behind(url: str, port: int, query: str = "target_session_attrs=read-write") -> str:
    """Return the address with another host before its own."""
    parts = urlsplit(url)
    login, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{port},{host}", query=query))


async def test_a_silent_host_does_not_take_the_others_time(database_url: str, silent: socket.socket) -> None:
    """The next one is asked before the time is over, and asked first from then on."""
    url = behind(database_url, silent.getsockname()[1])
    connector = Connector(4.0)
    for calls in (1, 0):
        connection = await connector(url)
        assert await connection.fetchval("SELECT 1") == 1
        assert called(silent) == calls
        await connection.close()


async def test_pools_know_such_addresses(database_url: str) -> None:
    """A host that refuses costs nothing."""
    with socket.socket() as refusing:
        refusing.bind(("127.0.0.1", 0))
        url = behind(database_url, refusing.getsockname()[1])
        async with open_pool(url, "test") as pool, pool.connection() as connection:
            assert await connection.fetchval("SELECT 1") == 1


async def test_hosts_that_take_no_writes_are_passed_over(database_url: str) -> None:
    """When none is left, that is an outage."""
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        f'ALTER DATABASE "{urlsplit(database_url).path[1:]}" SET default_transaction_read_only = on'
    )
    await connection.close()
    with pytest.raises(UNREACHABLE):
        await connect(behind(database_url, urlsplit(database_url).port or 0))


async def test_a_wrong_address_is_said_at_once(database_url: str) -> None:
    """It is no outage that anybody should wait for."""
    with pytest.raises(ValueError, match="target_session_attrs"):
        await connect(behind(database_url, 1, "target_session_attrs=nonsense"))
