"""Notices what others changed in the flag service: one small question, and the list of flags only when it says so."""

import asyncio
import logging
from collections.abc import Callable

from services.controller.claims import Claims
from services.controller.cluster.following import Name
from services.controller.flag_service import FlagService
from services.controller.statuses import Refused

_log = logging.getLogger(__name__)


class DriftWatch:
    """
    Has the resources looked at whose flags were changed, by whomever.

    Args:
        flags: the flag service.
        claims: who speaks for which flag.
        look: has a resource looked at.
    """

    def __init__(self, flags: FlagService, claims: Claims, look: Callable[[Name], None]) -> None:
        self._flags = flags
        self._claims = claims
        self._look = look
        self._known: dict[str, int] = {}

    async def run(self, seconds: float) -> None:
        """Ask every so often; for ever."""
        reachable = True
        while True:
            try:
                await self.ask()
                reachable = True
            except Refused as error:
                if reachable:
                    _log.warning("the flag service cannot be asked for changes", extra={"error": error.message})
                reachable = False
            await asyncio.sleep(seconds)

    async def ask(self) -> None:
        """
        Ask once.

        Raises:
            Refused: it did not answer; nothing is forgotten.
        """
        for environment, revision in (await self._flags.revisions()).items():
            known = self._known.get(environment)
            if known is not None and known != revision:
                speakers = self._claims.of_environment(environment)
                # A revision that fell is that of a restored database, where anything may differ.
                fell = revision < known
                changed = list(speakers) if fell else await self._flags.changed_since(environment, known)
                for key in changed:
                    if key in speakers:
                        self._look(speakers[key])
            self._known[environment] = revision
