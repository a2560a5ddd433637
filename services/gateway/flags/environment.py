"""The rules of one environment, held in this process."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.client.in_process import InProcessRules
from mirante.client.settings import ClientSettings
from mirante.evaluation.ruleset import Ruleset

from services.gateway.flags.changes import Pulses
from services.gateway.flags.flips import flips_of, last_flip, next_flip
from services.runtime.errors import Unavailable


class FlagRules(Protocol):
    """The rules of one environment."""

    @property
    def pulses(self) -> Pulses:
        """Beat when answers may have changed."""

    def ruleset(self) -> Ruleset:
        """Return the rules as they are now; raise Unavailable when none have come yet. Never waits."""

    def position(self, now: float) -> str:
        """Return what names the present answers: equal on all processes that hold the same rules."""


class ReplicatedRules:
    """
    The `FlagRules` that the flag service's watch stream keeps current.

    While that service is away the last rules answer, from disk after a restart.
    """

    def __init__(self, settings: ClientSettings, clock: Callable[[], float] = time.time) -> None:
        self.pulses = Pulses.new()
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._rules = InProcessRules(settings)
        self._visible: frozenset[str] = frozenset()
        self._flips: tuple[float, ...] = ()
        self._timer: asyncio.TimerHandle | None = None
        self._rules.listeners.on_change(self._changed_on_thread, None)
        self._changed(frozenset(self._rules.replica.ruleset.flags), self._read_flips())

    @property
    def has_rules(self) -> bool:
        """Whether there are any."""
        return self._rules.replica.has_rules

    def ruleset(self) -> Ruleset:
        """See `FlagRules`."""
        if not self.has_rules:
            raise Unavailable(
                "the flags of this environment have not arrived yet", reason=reasons.ERROR_REASON_NOT_READY
            )
        return self._rules.replica.ruleset

    def position(self, now: float) -> str:
        """See `FlagRules`."""
        stamp = self._rules.replica.ruleset.stamp
        return f"{stamp.lineage}.{stamp.revision}.{last_flip(self._flips, now):.0f}"

    async def close(self) -> None:
        """Let go of the stream."""
        if self._timer is not None:
            self._timer.cancel()
        await asyncio.to_thread(self._rules.close)

    def _changed_on_thread(self, keys: frozenset[str]) -> None:
        flips = self._read_flips()
        try:
            self._loop.call_soon_threadsafe(self._changed, keys, flips)
        except RuntimeError:
            return  # the loop has ended, and nobody listens

    def _read_flips(self) -> tuple[float, ...]:
        return flips_of(self._rules.replica.full_transfer().flags)

    def _changed(self, keys: frozenset[str], flips: tuple[float, ...]) -> None:
        before, flags = self._visible, self._rules.replica.ruleset.flags
        self._visible = frozenset(key for key, flag in flags.items() if flag.client_visible)
        self._flips = flips
        self.pulses.beat(visible=not keys.isdisjoint(before | self._visible))
        self._expect_flip()

    def _expect_flip(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._clock()
        upcoming = next_flip(self._flips, now)
        if upcoming is not None:
            # Not further than a timer may reach; then it is looked at again.
            self._timer = self._loop.call_later(min(upcoming - now, 3_600.0), self._flip, upcoming)

    def _flip(self, expected: float) -> None:
        # Timers may come a moment early by the wall clock.
        if self._clock() >= expected:
            self.pulses.beat(visible=True)
        self._expect_flip()
