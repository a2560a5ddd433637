"""The feed as texts."""

import json
from collections.abc import AsyncIterator

from services.flags.change_feed import Hint, Notice, RulesChanged
from services.runtime.hints import HintFeed, Missed


class TextFeed:
    """The `ChangeFeed` on a feed of texts."""

    def __init__(self, texts: HintFeed) -> None:
        self._texts = texts

    async def publish(self, hint: Hint) -> None:
        """See `ChangeFeed`."""
        await self._texts.publish(
            json.dumps([hint.environment, hint.revision] if isinstance(hint, RulesChanged) else [hint.value])
        )

    async def hints(self) -> AsyncIterator[Hint]:
        """See `ChangeFeed`."""
        async for text in self._texts.hints():
            yield Notice.MISSED if isinstance(text, Missed) else _decoded(text)


def _decoded(text: str) -> Hint:
    try:
        match json.loads(text):
            case [str(environment), int(revision)]:
                return RulesChanged(environment, revision)
            case [str(notice)]:
                return Notice(notice)
    except ValueError:
        pass
    # Of a newer version, or not ours: read everything rather than miss something.
    return Notice.MISSED
