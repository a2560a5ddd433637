"""The feed in memory, for replicas of one process."""

from services.flags.change_feed.texts import TextFeed
from services.runtime.hints.memory import MemoryHints


class MemoryFeed(TextFeed):
    """The `ChangeFeed` of one process."""

    def __init__(self) -> None:
        super().__init__(MemoryHints())
