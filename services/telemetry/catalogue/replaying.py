"""Takes dead letters through the present catalogue again."""

import enum
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol, TypeAlias
from uuid import UUID

from services.telemetry.catalogue.store import DeadLetterReader, DeadLetterRow

BATCH: Final = 500
"""The most dead letters that are replayed at once."""

_FIRST_ID: Final = UUID(int=0)

Refresh: TypeAlias = Callable[[], Awaitable[None]]
"""Takes over the catalogues as they are stored now; raises `Unavailable`."""


class ReplayOutcome(enum.Enum):
    """What became of a dead letter."""

    STORED = enum.auto()
    """It is in the log now, and `replayed_at` is set."""
    DUPLICATE = enum.auto()
    """Its event was in the log already, and `replayed_at` is set."""
    LEFT = enum.auto()
    """It stays as it is: it still violates the catalogue, was refused for another reason, or is gone meanwhile."""


class Replayer(Protocol):
    """What stores the events of dead letters; the seam to taking events in."""

    async def replay(self, environment: str, letters: Sequence[DeadLetterRow]) -> Sequence[ReplayOutcome]:
        """
        Take dead letters of one environment through its present catalogue, and store those that are valid now.

        An event keeps its own id, its `occurred_at` and its `time_marks` as the dead letter has them; it is received
        now. Judged and masked again, it gets the present definition's version. Neither the window for old ids nor
        quotas apply. Storing the event, with everything that storing one brings with it, and setting the dead letter's
        `replayed_at` happen in one transaction; if that fails, neither has happened. Any number of processes may
        replay the same dead letters at once: each event is stored once. Erased subjects are left.

        Args:
            environment: of all these letters.
            letters: at most `BATCH`, none of them replayed when it was read.

        Returns:
            one outcome for each letter, in their order.

        Raises:
            Unavailable: the database does not answer; see `LogWriter` for what is known then.
        """


class Replay:
    """The use case: finds what waits, in batches of bounded size."""

    def __init__(self, letters: DeadLetterReader, replayer: Replayer, refresh: Refresh) -> None:
        self._letters = letters
        self._replayer = replayer
        self._refresh = refresh

    async def __call__(self, environment: str, name: str, ids: Sequence[UUID]) -> Counter[ReplayOutcome]:
        """
        Replay what waits now, oldest first; return how many had which outcome.

        What becomes a dead letter meanwhile is left to the next replay. A call that is cut short has done a part, and
        the next one goes on with the rest.

        Args:
            environment: whose.
            name: of the events; empty for all.
            ids: only these; empty for all. Those that do not wait are not counted.

        Raises:
            Unavailable: the database does not answer.
        """
        outcomes: Counter[ReplayOutcome] = Counter()
        until = await self._letters.newest(environment)
        if until is None:
            return outcomes
        await self._refresh()
        after = _FIRST_ID
        while batch := await self._letters.waiting(environment, name, ids=ids, after=after, until=until, most=BATCH):
            outcomes.update(await self._replayer.replay(environment, batch))
            after = batch[-1].id
        return outcomes
