"""One feed for each tenant that somebody watches, shared by all its sockets."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Final

from services.gateway.live.feed import Feed
from services.gateway.live.following import Following
from services.gateway.live.source import LiveSource

LINGER_SECONDS: Final = 10.0
"""A feed that nobody watches any more goes on for this long: reloading a page begins no new one."""


class Feeds:
    """The feeds that are open."""

    def __init__(self, source: LiveSource, linger_seconds: float = LINGER_SECONDS) -> None:
        self._source = source
        self._linger = linger_seconds
        self._followings: dict[str, Following] = {}

    @property
    def count(self) -> int:
        """How many are open."""
        return sum(len(each.feeds) for each in self._followings.values())

    @contextlib.contextmanager
    def watching(self, environment: str, tenant: str) -> Iterator[Feed]:
        """Hold the feed of a tenant until the block ends."""
        following = self._followings.get(environment)
        if following is None:
            following = self._followings[environment] = Following(self._source, environment)
        feed = following.feeds.get(tenant) or following.add(tenant)
        feed.watchers += 1
        try:
            yield feed
        finally:
            feed.watchers -= 1
            if not feed.watchers:
                asyncio.get_running_loop().call_later(self._linger, self._let_go, environment, tenant, feed)

    def close(self) -> None:
        """End all."""
        for following in self._followings.values():
            following.stop()
        self._followings.clear()

    def _let_go(self, environment: str, tenant: str, feed: Feed) -> None:
        following = self._followings.get(environment)
        if feed.watchers or following is None or following.feeds.get(tenant) is not feed:
            return
        following.remove(tenant)
        if not following.feeds:
            del self._followings[environment]
            following.stop()
