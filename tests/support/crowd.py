"""Many subscribers that come back whenever their stream ends, over any transport."""

import abc
import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tests.support.flag_service_process import PATIENCE_SECONDS, becomes
from tests.support.watch_state import Definition, Ledger, WatchState

ACKNOWLEDGE_WITHIN = (0.02, 0.1)
"""Seconds, as the client does."""


@dataclass(frozen=True)
class Truth:
    """What everybody has to end with."""

    lineage: str
    revision: int
    definitions: dict[Definition, int]


class Crowd(abc.ABC):
    """
    Subscribers of replicas. Each comes back after a random moment, to any replica, or after what a goodbye asks for.

    Args:
        ports: the replicas.
        secret: a key of the role "server".
        hop_seconds: each stream is left for another after a random time between these; None for never.
        retry_seconds: the longest moment between two streams.
    """

    def __init__(
        self,
        ports: Sequence[int],
        secret: str,
        *,
        hop_seconds: tuple[float, float] | None = None,
        retry_seconds: float = 0.5,
    ) -> None:
        self.ports = list(ports)
        self.ledger = Ledger()
        self.states: list[WatchState] = []
        self._secret = secret
        self._hop_seconds = hop_seconds
        self._retry_seconds = retry_seconds
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self, count: int) -> None:
        """Subscribe `count` times at once; return when everybody holds rules."""
        new = [WatchState(f"watcher-{len(self.states) + number}", self.ledger) for number in range(count)]
        self.states += new
        self._tasks += [asyncio.create_task(self._live(state)) for state in new]
        assert await becomes(lambda: all(state.connected for state in new))

    async def reaches(self, truth: Truth) -> list[str]:
        """Wait until everybody holds the truth; return who does not."""

        def late() -> Iterable[str]:
            wanted = (truth.lineage, truth.revision, truth.definitions)
            return (
                f"{state.name} at {state.revision}"
                for state in self.states
                if (state.lineage, state.revision, state.held) != wanted
            )

        await becomes(lambda: next(iter(late()), None) is None, PATIENCE_SECONDS)
        return list(late())

    def stop_hopping(self) -> None:
        """From now on everybody stays with the stream that it has."""
        self._hop_seconds = None

    async def close(self) -> None:
        """End everybody."""
        for task in self._tasks:
            task.cancel()
        outcomes = await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []

    async def _live(self, state: WatchState) -> None:
        port = random.choice(self.ports)
        while True:
            try:
                async with asyncio.timeout(None if self._hop_seconds is None else random.uniform(*self._hop_seconds)):
                    end = await self._stream(port, state)
            except TimeoutError:
                end = "hops"
            except ConnectionError:
                end = "refused connections"
            self.ledger.seen[end if state.connected else f"{end} before a transfer"] += 1
            state.connected = False
            await asyncio.sleep(max(state.retry_after, random.uniform(0, self._retry_seconds)))
            port = random.choice(self.ports)

    @abc.abstractmethod
    async def _stream(self, port: int, state: WatchState) -> str:
        """
        Run one stream to its end and return how it ended, in a word or two; cancelling leaves it.

        Raises:
            ConnectionError: there is nobody to talk to.
        """


class Acknowledger:
    """Sends acknowledgements a random moment after something was applied, the newest only."""

    def __init__(self, state: WatchState, send: Callable[[bytes], object]) -> None:
        self._state = state
        self._send = send
        self._timer: asyncio.TimerHandle | None = None

    def due(self) -> None:
        """Acknowledge soon."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(random.uniform(*ACKNOWLEDGE_WITHIN), self._now)

    def cancel(self) -> None:
        """Acknowledge nothing more."""
        if self._timer is not None:
            self._timer.cancel()

    def _now(self) -> None:
        self._timer = None
        self._send(self._state.acknowledgement())
