"""Connecting to a database of several hosts: each may be gone without a word, and one at a time takes writes."""

from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from services.runtime.postgres.outages import CONNECTION_LOST

CONNECT_SECONDS: Final = 5.0


class Connector:
    """
    Connects to the first host that serves as the address asks, beginning with the one that did last.

    asyncpg knows such addresses (`host1:5432,host2:5432/mirante?target_session_attrs=read-write`), but gives the first
    host all the time there is: when a machine is lost and nobody refuses, it never comes to the second.

    Args:
        seconds: how long connecting may take; the hosts share them.
    """

    def __init__(self, seconds: float = CONNECT_SECONDS) -> None:
        self._seconds = seconds
        self._last = ""

    async def __call__(self, url: str, **options: Any) -> Any:
        """
        Return a new connection.

        Args:
            url: "postgresql://user:password@host:port,host:port/database?target_session_attrs=read-write".
            options: of `asyncpg.connect`.

        Raises:
            Exception: what the last host that was tried raised.
        """
        hosts = single_hosts(url)
        if len(hosts) == 1:
            return await asyncpg.connect(url, timeout=self._seconds, **options)
        for host in sorted(hosts, key=lambda each: each != self._last):
            try:
                connection = await asyncpg.connect(host, timeout=self._seconds / len(hosts), **options)
            except CONNECTION_LOST as error:
                if isinstance(error, ValueError):  # the address or the options are wrong, at every host
                    raise
                refused: Exception = error
            else:
                self._last = host
                return connection
        raise refused


async def connect(url: str, seconds: float = CONNECT_SECONDS, **options: Any) -> Any:
    """Return a connection of its own; see `Connector`."""
    return await Connector(seconds)(url, **options)


def single_hosts(url: str) -> list[str]:
    """Return the address of each host that an address names."""
    parts = urlsplit(url)
    login, at, hosts = parts.netloc.rpartition("@")
    return [urlunsplit(parts._replace(netloc=f"{login}{at}{host}")) for host in hosts.split(",")]
