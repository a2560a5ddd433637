"""Keeps the traits of users beside the store of an environment, as they are now."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final, Protocol, TypeVar

from mirante.api.common.v1 import value_pb2
from mirante.api.telemetry.v1 import identity_service_pb2 as pb2

from services.metrics.analytics.store.folders import StoreFolder
from services.metrics.analytics.store.manifest import Manifest
from services.metrics.analytics.store.traits import TraitFile, read_traits, traits_of, with_changes, write_traits
from services.metrics.analytics.store.wire.decoding import actor_number
from services.metrics.analytics.store.wire.properties import json_of, json_text
from services.metrics.following import LogRestored
from services.runtime.errors import Unavailable

_log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 10.0
"""How often changes are looked for."""
_REST: Final = 20
"""So many times as long as changing the file took nothing is done."""
_LONGEST_REST_SECONDS: Final = 120.0
_CHANGES_AT_ONCE: Final = 500_000

Done = TypeVar("Done")
Changes = dict[tuple[str, int, str], str | None]


class TraitSource(Protocol):
    """Knows the traits of users."""

    def changes(self, environment: str, cursor: bytes) -> AsyncGenerator[pb2.ListTraitChangesResponse, None]:
        """
        Yield what changed since a cursor (empty: everything); the last response has the next cursor.

        Raises:
            LogRestored: the cursor is from before a restore.
            Unavailable: it does not answer.
        """


class TraitKeeper:
    """
    Keeps the traits of an environment while this process leads.

    They are told by telemetry, and taken in every few seconds. Whenever the store forgets somebody they are read anew
    from the beginning, so that the file holds nothing of who was erased; readers leave those out at once.

    Args:
        environment: its key.
        folder: of its store.
        source: of traits.
        leads: whether this process leads.
        look_seconds: how often changes are looked for.
    """

    def __init__(
        self,
        environment: str,
        folder: StoreFolder,
        source: TraitSource,
        leads: Callable[[], bool],
        *,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._environment = environment
        self._folder = folder
        self._source = source
        self._leads = leads
        self._look_seconds = look_seconds
        self._known: TraitFile | None = None
        self._worked = 0.0

    async def run(self) -> None:
        """Keep them whenever this process leads; for ever."""
        while True:
            self._worked = 0.0
            if not self._leads():
                # Whoever leads meanwhile writes another file.
                self._known = None
            else:
                try:
                    await self.step()
                except (Unavailable, OSError) as error:
                    _log.warning(
                        "traits of users are not kept: trying again",
                        extra={"environment": self._environment, "error": f"{type(error).__name__}: {error}"},
                    )
            await asyncio.sleep(max(self._look_seconds, min(_REST * self._worked, _LONGEST_REST_SECONDS)))

    async def step(self) -> None:
        """
        Take in what has changed.

        Raises:
            Unavailable: telemetry does not answer.
            OSError: the file cannot be written.
        """
        live = await asyncio.to_thread(self._folder.live)
        if live is None:
            return
        manifest = live[1]
        known = self._known
        if known is None:
            known = await asyncio.to_thread(read_traits, self._folder.path)
        origin = f"{manifest.build}:{manifest.forgets}"
        if known.origin != origin:
            # What is erased goes now; what is left is told again.
            known = await self._written(replace(known, cursor=b"", origin=""), manifest)
            known = replace(known, table=known.table.slice(0, 0))
        try:
            now = await self._taken(known)
        except LogRestored:
            self._known = replace(known, cursor=b"", origin="")
            return
        if now.table is not known.table or known.origin != origin:
            now = await self._written(replace(now, origin=origin), manifest)
        self._known = now

    async def _taken(self, known: TraitFile) -> TraitFile:
        changes: Changes = {}
        async with aclosing(self._source.changes(self._environment, known.cursor)) as responses:
            async for response in responses:
                for change in response.changes:
                    changes[change.tenant, actor_number(change.actor_id), change.name] = text_of(change.value)
                if len(changes) > _CHANGES_AT_ONCE:
                    known = await self._changed(known, changes)
                    changes = {}
                if response.cursor:
                    known = replace(known, cursor=response.cursor)
        return await self._changed(known, changes)

    async def _changed(self, known: TraitFile, changes: Changes) -> TraitFile:
        if not changes:
            return known
        return replace(known, table=await self._working(lambda: with_changes(known.table, changes)))

    async def _written(self, known: TraitFile, manifest: Manifest) -> TraitFile:
        gone = [actor for actors in manifest.condemned.values() for actor in actors]

        def write() -> TraitFile:
            left = replace(known, table=traits_of(known.table, None, gone))
            with self._folder.alone():
                return write_traits(self._folder.path, left)

        return await self._working(write)

    async def _working(self, work: Callable[[], Done]) -> Done:
        def measured() -> Done:
            began = time.perf_counter()
            done = work()
            self._worked += time.perf_counter() - began
            return done

        return await asyncio.to_thread(measured)


def text_of(value: value_pb2.Value) -> str | None:
    """Return a trait as text, as properties of events are looked at; None when there is no value."""
    found: Any = json_of(value)
    if found is None or isinstance(found, str):
        return found
    if isinstance(found, bool):
        return "true" if found else "false"
    return str(found) if isinstance(found, int | float) else json_text(found)
