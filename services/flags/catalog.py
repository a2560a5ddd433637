"""All rules in memory, following the database."""

import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.flags.environment_rules import EnvironmentRules, Snapshot, load, position_of
from services.flags.store import EnvironmentHead, RulesReader
from services.flags.store.absence import no_environment
from services.runtime.coalesced import Coalesced
from services.runtime.errors import Unavailable

_log = logging.getLogger(__name__)

_MOST_READS: Final = 5
"""Reads of one refresh: more than one only when the lineage changes under it."""


class FlagCatalog:
    """
    Holds every environment at the newest revision that was read. Reading from it never waits.

    Within a lineage an environment never goes back. `on_change` is told the key of an environment after it was
    replaced, and must not wait.
    """

    def __init__(self, reader: RulesReader) -> None:
        self._reader = reader
        self.on_change: Callable[[str], None] = lambda _environment: None
        self._environments: dict[str, EnvironmentRules] = {}
        self._refreshes: dict[str, Coalesced] = {}
        self._loaded = False
        self.token_secret = b""
        """Signs resume tokens; empty until `load` has succeeded."""
        self.read_at = time.monotonic()
        """When the database was last heard of (`time.monotonic`)."""
        self.behind: Mapping[str, int] = {}
        """Revisions that each environment lacked at the last poll."""

    def snapshot(self, environment: str) -> Snapshot:
        """
        Return an environment as it is now.

        Raises:
            NotFound: no such environment.
            Unavailable: nothing has been read yet.
        """
        return self.rules(environment).snapshot

    def rules(self, environment: str) -> EnvironmentRules:
        """Return an environment with its entries; raise as `snapshot` does."""
        rules = self._environments.get(environment)
        if rules is not None:
            return rules
        if not self._loaded:
            raise Unavailable("the service is starting", reason=reasons.ERROR_REASON_NOT_READY)
        raise no_environment(environment)

    def environments(self) -> list[str]:
        """Return the keys of all environments."""
        return list(self._environments)

    async def poll(self) -> None:
        """
        Read where the environments stand, and refresh those that have moved.

        Raises:
            Unavailable: the database does not answer.
        """
        if not self.token_secret:
            self.token_secret = await self._reader.token_secret()
        heads = await self._reader.heads()
        self.behind = {head.key: self._lag(head) for head in heads}
        for head in heads:
            known = self._environments.get(head.key)
            if known is None or known.snapshot.position != position_of(head):
                await self.refresh(head.key)
        self._loaded = True
        self.read_at = time.monotonic()

    async def refresh(self, environment: str) -> None:
        """
        Bring an environment to the revision that the database has now, or a newer one. Many may ask at once.

        Raises:
            NotFound: no such environment.
            Unavailable: the database does not answer; the environment stays as it is.
        """
        refresh = self._refreshes.get(environment)
        if refresh is None:
            refresh = Coalesced(partial(self._follow, environment))
            # Kept for environments that exist only: callers may name any.
            if environment in self._environments:
                self._refreshes[environment] = refresh
        await refresh()

    async def complete_since(self, environment: str, revision: int) -> None:
        """
        Make the changes since `revision` known, if it lies before what was read.

        Raises:
            Unavailable: the database does not answer.
        """
        for _ in range(_MOST_READS):
            rules = self.rules(environment)
            if rules.complete_since <= revision:
                return
            changes = await self._reader.changes_since(environment, revision)
            if rules is self._environments[environment] and position_of(changes.head) == rules.snapshot.position:
                self._environments[environment] = rules.known_since(revision, changes)
                return
            await self.refresh(environment)
        raise Unavailable("the rules change too fast")

    async def start_lineage(self, environment: str, lineage: str, revision: int) -> None:
        """
        Give an environment a new lineage: somebody holds proof of `revision` in `lineage`, which the database lacks.

        Raises:
            Unavailable: the database does not answer.
        """
        head = await self._reader.start_lineage(environment, unless_above=revision, old=lineage)
        _log.warning(
            "the database lacks a revision that it had: it was restored",
            extra={"environment": environment, "lineage": head.lineage, "revision": head.revision},
        )
        await self.refresh(environment)

    async def _follow(self, environment: str) -> None:
        for _ in range(_MOST_READS):
            rules = self._environments.get(environment)
            since = 0 if rules is None else rules.head.revision
            changes = await self._reader.changes_since(environment, since)
            if rules is not None and changes.head.lineage == rules.head.lineage:
                if changes.head.revision < since:
                    await self._reader.start_lineage(environment, unless_above=since, old=rules.head.lineage)
                    continue
                if changes.head.revision == since:
                    return
                self._replace(environment, await rules.after(changes))
                return
            if since:
                changes = await self._reader.changes_since(environment, 0)
            # A restored database may sign with another secret.
            self.token_secret = await self._reader.token_secret()
            self._replace(environment, await load(changes))
            return
        raise Unavailable("the environment's lineage keeps changing")

    def _replace(self, environment: str, rules: EnvironmentRules) -> None:
        self._environments[environment] = rules
        _log.info("rules", extra={"environment": environment, "revision": rules.head.revision})
        self.on_change(environment)

    def _lag(self, head: EnvironmentHead) -> int:
        known = self._environments.get(head.key)
        if known is None or known.head.lineage != head.lineage:
            return head.revision
        return max(0, head.revision - known.head.revision)
