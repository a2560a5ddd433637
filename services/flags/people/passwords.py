"""Passwords, kept as Argon2id hashes in PHC format."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from argon2 import Parameters, PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from services.runtime.errors import Overloaded

Result = TypeVar("Result")

PARAMETERS: Final = dataclasses.replace(RFC_9106_LOW_MEMORY, parallelism=1)
"""64 MiB and about a tenth of a second. One lane: a login may not take every core from the evaluations."""

_MOST_WAITING: Final = 20


class Passwords:
    """
    Hashes and checks, one at a time, on a thread of its own.

    Every method raises `Overloaded` when too many wait already: memory and time are bounded, whoever asks.
    """

    def __init__(self, executor: ThreadPoolExecutor, parameters: Parameters) -> None:
        self._hasher = PasswordHasher.from_parameters(parameters)
        self._executor = executor
        self._waiting = 0
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """Return a hash of a password, with a salt of its own."""
        return await self._run(lambda: self._hasher.hash(password.encode(errors="surrogatepass")))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether a hash is of this password. None stands for nobody's: it takes as long, and never is."""
        return await self._run(lambda: self._is_of(password_hash, password.encode(errors="surrogatepass")))

    def is_outdated(self, password_hash: str) -> bool:
        """Whether a hash was made with other parameters than are used now."""
        return self._hasher.check_needs_rehash(password_hash)

    def _is_of(self, password_hash: str | None, password: bytes) -> bool:
        if self._nobodys is None:
            self._nobodys = self._hasher.hash(b"")
        try:
            return self._hasher.verify(password_hash or self._nobodys, password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= _MOST_WAITING:
            raise Overloaded("too many logins are being checked", retry_seconds=2.0)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            self._waiting -= 1


@asynccontextmanager
async def open_passwords(parameters: Parameters = PARAMETERS) -> AsyncIterator[Passwords]:
    """Start the thread; it ends with the block."""
    executor = ThreadPoolExecutor(1, thread_name_prefix="passwords")
    try:
        yield Passwords(executor, parameters)
    finally:
        await asyncio.to_thread(executor.shutdown, cancel_futures=True)
