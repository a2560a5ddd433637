"""Counts delivery over all replicas."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Final

from services.flags.delivery.board import POSTED_FOR_SECONDS, Board
from services.flags.delivery.presence import (
    MOST_LAGGING,
    Lagging,
    MalformedPresence,
    Presence,
    presence_from_json,
)
from services.runtime.errors import Unavailable

_log = logging.getLogger(__name__)

_COALESCE_SECONDS: Final = 0.1
"""Progress is posted this long after it began: thousands acknowledge one change within it."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Who has a revision; see `GetDeliveryResponse`."""

    connected: int
    applied: int
    lagging: Sequence[Lagging]
    replicas: int
    partial: bool


class DeliveryCount:
    """
    Tells the other replicas how far our subscribers are, and counts theirs.

    Args:
        board: where replicas post.
        presence: our subscribers of an environment.
        environments: the environments that there are.
    """

    def __init__(
        self, board: Board, presence: Callable[[str], Presence], environments: Callable[[], Sequence[str]]
    ) -> None:
        self._board = board
        self._presence = presence
        self._environments = environments
        self._replica = secrets.token_hex(8)
        self._progress = asyncio.Event()

    def progressed(self) -> None:
        """Post soon: subscribers came, went, or acknowledged."""
        self._progress.set()

    async def keep_posting(self) -> None:
        """Post whenever there was progress, and often enough to be counted; for ever."""
        reachable = True
        while True:
            try:
                async with asyncio.timeout(POSTED_FOR_SECONDS / 3):
                    await self._progress.wait()
                await asyncio.sleep(_COALESCE_SECONDS)
            except TimeoutError:
                pass
            self._progress.clear()
            reachable = await self._post(reachable=reachable)

    async def count(self, environment: str, revision: int) -> Delivery:
        """Return who has `revision`. Without the board only our own subscribers are counted."""
        own = self._presence(environment)
        try:
            posts = await self._board.read(environment)
        except Unavailable:
            return _merged([own], revision, partial=True)
        others, partial = [], False
        for replica, text in posts.items():
            if replica == self._replica:
                continue
            try:
                others.append(presence_from_json(text))
            except MalformedPresence:
                partial = True
        return _merged([own, *others], revision, partial=partial)

    async def _post(self, *, reachable: bool) -> bool:
        try:
            texts = {environment: self._presence(environment).to_json() for environment in self._environments()}
            await self._board.post(self._replica, texts)
        except Unavailable:
            if reachable:
                _log.warning("other replicas cannot be told how far our subscribers are")
            return False
        return True


def _merged(presences: Sequence[Presence], revision: int, *, partial: bool) -> Delivery:
    lineage = presences[0].lineage
    # Revisions of another lineage say nothing about this one.
    comparable = [presence for presence in presences if presence.lineage == lineage]
    lagging = [each for presence in comparable for each in presence.lagging(revision)]
    return Delivery(
        connected=sum(presence.connected for presence in presences),
        applied=sum(presence.applied(revision) for presence in comparable),
        lagging=nsmallest(MOST_LAGGING, lagging),
        replicas=len(presences),
        partial=partial,
    )
