"""A relay between a client and a Postgres that hides the server's end from the client."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import urlsplit, urlunsplit

_TERMINATE: Final = b"X\x00\x00\x00\x04"
"""The client's last message of Postgres' protocol."""


class LingeringRelay:
    """
    What the server says last arrives; that it hung up shows only to a client that says something more.

    A busy machine does the same for a moment: the two travel apart.
    """

    def __init__(self, url: str) -> None:
        self._server = urlsplit(url)
        self._writers: list[asyncio.StreamWriter] = []
        self.url = ""
        """Where clients connect to."""
        self.hung_up = asyncio.Event()
        """A server has ended a connection, and the client has been sent all that it had said."""

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["LingeringRelay"]:
        """Relay until the block ends."""
        listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        address = f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        user, at, _ = self._server.netloc.rpartition("@")
        self.url = urlunsplit(self._server._replace(netloc=f"{user}{at}{address}"))
        try:
            yield self
        finally:
            listener.close()
            for writer in self._writers:
                writer.close()

    async def _accept(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection(self._server.hostname, self._server.port)
        self._writers += [to_client, to_server]
        answers = asyncio.create_task(self._answer(from_server, to_client))
        with contextlib.suppress(OSError):
            while (data := await from_client.read(65_536)) and not answers.done():
                to_server.write(data)
                await to_server.drain()
                if data.endswith(_TERMINATE):
                    break
        to_server.close()
        await answers
        to_client.close()

    async def _answer(self, from_server: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await from_server.read(65_536):
                to_client.write(data)
                await to_client.drain()
        self.hung_up.set()
