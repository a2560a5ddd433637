"""Makes changes, and tells whoever waits for them."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

from services.flags.store.absence import no_environment
from services.flags.store.definitions import Change, DefinitionStore
from services.flags.store.records import Author
from services.flags.texts import is_environment
from services.runtime.access import Caller

_log = logging.getLogger(__name__)

OnCommit: TypeAlias = Callable[[str, int, str], Awaitable[None]]
"""Told environment, revision and lineage after a commit. A hint: it may be lost, and its failure fails nothing."""


class Writer:
    """What every use case that changes definitions goes through."""

    def __init__(self, store: DefinitionStore, on_commit: OnCommit) -> None:
        self._store = store
        self._on_commit = on_commit

    @asynccontextmanager
    async def change(self, environment: str, caller: Caller, *, seconds: float | None = None) -> AsyncIterator[Change]:
        """
        Begin a change of an environment; tell of it once it is committed. See `DefinitionStore.change`.

        Raises:
            NotFound: no such environment.
            Unavailable: the database does not answer.
        """
        if not is_environment(environment):
            raise no_environment(environment)
        author = Author(caller.actor, caller.key_id)
        async with self._store.change(environment, author, seconds=seconds) as change:
            yield change
        if change.written:
            await self._tell(environment, change.revision, change.head.lineage)

    async def _tell(self, environment: str, revision: int, lineage: str) -> None:
        try:
            await self._on_commit(environment, revision, lineage)
        except Exception:  # noqa: BLE001 - logged with its trace
            # The change is made and must be answered so; replicas also look by themselves.
            _log.exception("the hint of a new revision could not be sent", extra={"revision": revision})
