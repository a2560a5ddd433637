"""Keeps the traits of an environment in ClickHouse, for as long as this process leads."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from services.metrics.analytics.clickhouse import traits
from services.metrics.analytics.clickhouse.server import ClickHouseServer
from services.metrics.analytics.clickhouse.tables import builds_of
from services.metrics.analytics.clickhouse.traits import TraitState
from services.metrics.analytics.store.trait_keeping import LOOK_SECONDS, Changes, TraitSource, text_of
from services.metrics.analytics.store.wire.decoding import actor_number
from services.metrics.following import LogRestored
from services.runtime.errors import Unavailable

_log = logging.getLogger(__name__)

_CHANGES_AT_ONCE: Final = 50_000


class ClickHouseTraitKeeper:
    """
    Writes the traits of an environment while this process leads. What is inserted twice is the same rows.

    Args:
        environment: its key.
        server: where the tables are.
        source: of traits.
        leads: whether this process leads.
        look_seconds: how often changes are looked for.
    """

    def __init__(
        self,
        environment: str,
        server: ClickHouseServer,
        source: TraitSource,
        leads: Callable[[], bool],
        *,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._environment = environment
        self._server = server
        self._source = source
        self._leads = leads
        self._look_seconds = look_seconds
        self._known: TraitState | None = None

    async def run(self) -> None:
        """Keep them whenever this process leads; for ever."""
        while True:
            if not self._leads():
                self._known = None
            else:
                try:
                    await self.step()
                except Unavailable as error:
                    self._known = None
                    _log.warning(
                        "traits of users are not kept in ClickHouse: trying again",
                        extra={"environment": self._environment, "error": f"{type(error).__name__}: {error}"},
                    )
            await asyncio.sleep(self._look_seconds)

    async def step(self) -> None:
        """Take in what has changed; raise Unavailable when telemetry or the server does not answer."""
        builds = await asyncio.to_thread(builds_of, self._server, self._environment)
        live = next((build for build in builds if build.live_since), None)
        if live is None:
            return
        known = self._known
        if known is None:
            known = await asyncio.to_thread(traits.state_of, self._server, self._environment)
        # Readers of the table before have had the time to be done.
        await asyncio.to_thread(traits.drop_others, self._server, known)
        origin = traits.origin_of(live.manifest)
        now = known
        if known.origin != origin or not known.table:
            now = await asyncio.to_thread(traits.begun, self._server, known, origin)
        gone = frozenset(actor for actors in live.manifest.condemned.values() for actor in actors)
        try:
            now, changed = await self._taken(now, gone)
        except LogRestored:
            self._known = replace(known, origin="")
            return
        if changed or now.table != known.table:
            now = await asyncio.to_thread(traits.saved, self._server, now)
        self._known = now

    async def _taken(self, known: TraitState, gone: frozenset[int]) -> tuple[TraitState, bool]:
        """Insert what has changed, but for who is gone; return where to go on, and whether there was anything."""
        changes: Changes = {}
        count = 0
        async with aclosing(self._source.changes(self._environment, known.cursor)) as responses:
            async for response in responses:
                for change in response.changes:
                    actor = actor_number(change.actor_id)
                    if actor not in gone:
                        changes[change.tenant, actor, change.name] = text_of(change.value)
                        count += 1
                if len(changes) > _CHANGES_AT_ONCE:
                    await asyncio.to_thread(traits.add, self._server, known, changes)
                    changes = {}
                if response.cursor:
                    known = replace(known, cursor=response.cursor)
        await asyncio.to_thread(traits.add, self._server, known, changes)
        return known, count > 0
