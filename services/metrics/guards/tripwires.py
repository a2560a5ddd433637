"""Absolute limits on what happens in a window of seconds that moves on. Pure: the clock is an argument."""

from collections import OrderedDict, deque
from typing import Final

import numpy as np
from mirante.api.flags.v1 import rollout_guard_pb2 as pb2

from services.metrics.experiments.statistics.distributions import beta_share
from services.metrics.guards.plans import Tripwire
from services.metrics.guards.readings import Reading

_MOST_EVENTS: Final = 100_000
"""In a window. Of more, the newest say enough."""
_CHANCE: Final = 1e-4
"""How probable so many may be where the limit is just kept. Few users else break any limit now and then."""


class TripwireWindow:
    """What happened to those who were given the variant, in the window of one tripwire. Times never go back."""

    def __init__(self, tripwire: Tripwire) -> None:
        self.tripwire = tripwire
        self._seen: OrderedDict[bytes, float] = OrderedDict()
        self._bad: OrderedDict[bytes, float] = OrderedDict()
        self._events: deque[tuple[float, float]] = deque(maxlen=_MOST_EVENTS)

    def seen(self, actor: bytes, at: float) -> None:
        """Note that somebody is there."""
        if self.tripwire.measure == pb2.TRIPWIRE_MEASURE_ACTOR_SHARE:
            _newest(self._seen, actor, at)

    def happened(self, actor: bytes, at: float, value: float | None) -> None:
        """Note one of its events; `value` is the number in the property of a quantile, if there is one."""
        if self.tripwire.measure == pb2.TRIPWIRE_MEASURE_QUANTILE:
            if value is not None:
                self._events.append((at, value))
            return
        self._events.append((at, 0.0))
        if self.tripwire.measure == pb2.TRIPWIRE_MEASURE_ACTOR_SHARE:
            _newest(self._bad, actor, at)

    def forget(self, actor: bytes) -> None:
        """Forget somebody who was erased, or has become another."""
        self._seen.pop(actor, None)
        self._bad.pop(actor, None)

    def reading(self, now: float) -> Reading:
        """Return what it says of the window that ends now."""
        start = now - self.tripwire.window
        for actors in (self._seen, self._bad):
            while actors and next(iter(actors.values())) <= start:
                actors.popitem(last=False)
        while self._events and self._events[0][0] <= start:
            self._events.popleft()
        sample, observed = self._measured()
        wire = self.tripwire
        enough = wire.measure == pb2.TRIPWIRE_MEASURE_EVENT_COUNT or sample >= wire.minimum
        broken = enough and observed > wire.limit and self._is_no_chance(sample)
        state = pb2.GUARD_STATE_BREACHED if broken else pb2.GUARD_STATE_CLEAR if enough else pb2.GUARD_STATE_GATHERING
        return Reading(
            guard=wire.name,
            state=state,
            sample=sample,
            end=now,
            start=start,
            observed=observed if enough else None,
            limit=wire.limit,
            distance=_distance(observed, wire.limit) if enough else None,
            first_event=self._events[0][0] if self._events else None,
            text=self._sentence(sample, observed) if broken else "",
        )

    def _measured(self) -> tuple[int, float]:
        match self.tripwire.measure:
            case pb2.TRIPWIRE_MEASURE_ACTOR_SHARE:
                return len(self._seen), len(self._bad) / len(self._seen) if self._seen else 0.0
            case pb2.TRIPWIRE_MEASURE_QUANTILE:
                values = [value for _, value in self._events]
                return len(values), float(np.quantile(values, self.tripwire.quantile)) if values else 0.0
            case _:
                return len(self._events), float(len(self._events))

    def _is_no_chance(self, sample: int) -> bool:
        """Whether the window would hardly be like this if the limit were just kept."""
        wire = self.tripwire
        match wire.measure:
            case pb2.TRIPWIRE_MEASURE_ACTOR_SHARE:
                return _probability(len(self._bad), sample, wire.limit) < _CHANCE
            case pb2.TRIPWIRE_MEASURE_QUANTILE:
                above = sum(value > wire.limit for _, value in self._events)
                return _probability(above, sample, 1.0 - wire.quantile) < _CHANCE
            case _:
                return True

    def _sentence(self, sample: int, observed: float) -> str:
        wire, names = self.tripwire, ", ".join(sorted(self.tripwire.events))
        within = f"within {wire.window:g} seconds"
        match wire.measure:
            case pb2.TRIPWIRE_MEASURE_ACTOR_SHARE:
                return (
                    f"{len(self._bad)} of {sample} users with the variant ({observed:.1%}) had {names} {within}; the "
                    f"limit is {wire.limit:.1%}."
                )
            case pb2.TRIPWIRE_MEASURE_QUANTILE:
                return (
                    f"The {wire.quantile:g} quantile of {wire.property} in {sample} {names} {within} is {observed:g}; "
                    f"the limit is {wire.limit:g}."
                )
            case _:
                return f"{sample} of {names} {within} by users with the variant; the limit is {wire.limit:g}."


def _probability(least: int, of: int, share: float) -> float:
    """Return how probable at least so many are, when each one is with this share."""
    if least <= 0:
        return 1.0
    return float(beta_share(float(least), float(of - least + 1), np.array(share))) if share > 0.0 else 0.0


def _newest(actors: OrderedDict[bytes, float], actor: bytes, at: float) -> None:
    actors[actor] = at
    actors.move_to_end(actor)


def _distance(observed: float, limit: float) -> float:
    if limit <= 0.0:
        return 0.0 if observed > 0.0 else 1.0
    return min(1.0, max(0.0, 1.0 - observed / limit))
