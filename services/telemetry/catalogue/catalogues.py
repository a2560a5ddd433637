"""The present catalogues in memory, following the database."""

import asyncio
import logging
from typing import Final

from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2

from services.runtime.coalesced import Coalesced
from services.runtime.errors import Unavailable
from services.telemetry.catalogue.judge import CatalogueJudge
from services.telemetry.catalogue.store import CatalogueHead, CatalogueStore
from services.telemetry.events.judging import Judge

_log = logging.getLogger(__name__)

_NOTHING: Final = CatalogueJudge(pb2.Catalogue(policy=pb2.POLICY_OPEN), b"", "")
"""Of environments without a catalogue: open, and declares nothing."""


class Catalogues:
    """
    The `Judges`.

    While the database is away everything stays as it is. A change made by another process counts here after a poll.
    """

    def __init__(self, store: CatalogueStore, secret: bytes) -> None:
        """
        Hold nothing yet: `refresh` has to succeed once before events are judged.

        Args:
            store: where the catalogues are.
            secret: the installation's `hash_secret`.
        """
        self._store = store
        self._secret = secret
        self._judges: dict[str, Judge] = {}
        self._heads: dict[str, CatalogueHead] = {}
        self._loaded = False
        self._reachable = True
        self._refresh = Coalesced(self._read)

    def of(self, environment: str) -> Judge:
        """
        See `Judges`.

        Raises:
            Unavailable: nothing has been read yet. An open catalogue instead would store personal data as it is.
        """
        if not self._loaded:
            raise Unavailable("the service is starting", reason=reasons.ERROR_REASON_NOT_READY)
        return self._judges.get(environment, _NOTHING)

    async def refresh(self) -> None:
        """
        Take over what is stored now, in all environments. Many may ask at once.

        Raises:
            Unavailable: the database does not answer.
        """
        await self._refresh()

    async def poll(self, seconds: float) -> None:
        """Refresh every so often; for ever."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await self.refresh()
            except Unavailable:
                if self._reachable:
                    _log.warning("the database does not answer: going on with the catalogues as they are")
                self._reachable = False
            else:
                self._reachable = True

    async def _read(self) -> None:
        heads = {head.environment: head for head in await self._store.heads()}
        for environment, head in heads.items():
            if self._heads.get(environment) != head:
                await self._take_over(environment, head)
        for environment in self._heads.keys() - heads.keys():
            # Only in a database that was restored.
            del self._heads[environment], self._judges[environment]
        self._loaded = True

    async def _take_over(self, environment: str, head: CatalogueHead) -> None:
        catalogue = await self._store.present(environment)
        self._judges[environment] = CatalogueJudge(catalogue, self._secret, environment)
        # If it is newer than the head by now, the next poll reads it once more.
        self._heads[environment] = head
        _log.info("catalogue", extra={"environment": environment, "version": catalogue.version})
