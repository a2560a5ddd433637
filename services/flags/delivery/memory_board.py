"""The board in memory, for replicas of one process."""

import time
from collections.abc import Callable, Mapping

from services.flags.delivery.board import POSTED_FOR_SECONDS


class MemoryBoard:
    """The `Board` of one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._posts: dict[tuple[str, str], tuple[float, str]] = {}

    async def post(self, replica: str, texts: Mapping[str, str]) -> None:
        """See `Board`."""
        until = self._clock() + POSTED_FOR_SECONDS
        self._posts.update({(environment, replica): (until, text) for environment, text in texts.items()})

    async def read(self, environment: str) -> Mapping[str, str]:
        """See `Board`."""
        now = self._clock()
        self._posts = {key: post for key, post in self._posts.items() if post[0] > now}
        return {replica: text for (where, replica), (_, text) in self._posts.items() if where == environment}
