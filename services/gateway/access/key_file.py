"""The `KeyMemory` of a process without a database: a file in the home folder. It holds no secrets: keys are hashes."""

import asyncio
import os
from pathlib import Path

from services.runtime.errors import Unavailable


class FileKeyMemory:
    """Keeps the last answer of the flag service; replaced as a whole, readable by its owner alone."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def load(self) -> bytes | None:
        """See `KeyMemory`."""
        try:
            return await asyncio.to_thread(self._path.read_bytes)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unavailable(f"the remembered keys cannot be read: {error.strerror}") from error

    async def save(self, response: bytes) -> None:
        """See `KeyMemory`."""
        try:
            await asyncio.to_thread(self._write, response)
        except OSError as error:
            raise Unavailable(f"the keys cannot be remembered: {error.strerror}") from error

    def _write(self, response: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # A name of its own: several processes may share the folder.
        beside = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(response)
        beside.replace(self._path)
