"""What is counted of one step of a rollout: windows of tripwires, and the arms that are compared. Pure."""

import enum
from collections.abc import Sequence
from typing import Final

from services.metrics.guards.bounds import Arm, guardrail_reading, not_judged, ratio_p, ratio_reading
from services.metrics.guards.plans import Watching
from services.metrics.guards.readings import Reading
from services.metrics.guards.tripwires import TripwireWindow

MOST_ACTORS: Final = 200_000
"""Of one rollout: units that are compared, and users whose events are attributed."""


class Side(enum.Enum):
    """Which arm a unit is in."""

    TREATMENT = enum.auto()
    CONTROL = enum.auto()
    BOTH = enum.auto()
    """Given both within one step: counted in neither arm."""


class StepCounts:
    """Counts of one step."""

    def __init__(self, watching: Watching) -> None:
        self.reached: set[bytes] = set()
        self.windows = [TripwireWindow(each) for each in watching.tripwires]
        names = {name for each in watching.tripwires for name in each.events}
        self._wires = {name: [each for each in self.windows if name in each.tripwire.events] for name in names}
        names = {name for each in watching.guardrails for name in each.events}
        self._rails = {name: [each.name for each in watching.guardrails if name in each.events] for name in names}
        self._units: dict[bytes, Side] = {}
        self._arms = {Side.TREATMENT: Arm(), Side.CONTROL: Arm()}
        self._had: dict[str, set[bytes]] = {each.name: set() for each in watching.guardrails}
        self._smallest_p = 1.0

    def windows_of(self, event: str) -> Sequence[TripwireWindow]:
        """Return the windows that count an event."""
        return self._wires.get(event, ())

    def compare(self, actor: bytes, side: Side) -> None:
        """Put a unit into an arm; one that was in the other is in neither."""
        known = self._units.get(actor)
        if known is None:
            if len(self._units) < MOST_ACTORS:
                self._units[actor] = side
                if side in self._arms:
                    self._arms[side].units += 1
        elif known is not side and known is not Side.BOTH:
            self._units[actor] = Side.BOTH
            self._leave(known, actor)

    def converts(self, actor: bytes, event: str) -> None:
        """Note an event of a unit, which counts once for each guardrail; of somebody else it counts for nothing."""
        side = self._units.get(actor)
        if side is not None:
            for rail in self._rails.get(event, ()):
                self._convert(actor, rail, side)

    def becomes(self, actor: bytes, other: bytes) -> None:
        """Note that somebody is found to be somebody else."""
        side, reached = self._units.get(actor), actor in self.reached
        had = [name for name, actors in self._had.items() if actor in actors]
        self.forget(actor)
        if reached:
            self.reached.add(other)
        if side is not None:
            self.compare(other, side)
        now = self._units.get(other)
        for rail in had if now is not None else ():
            self._convert(other, rail, now or Side.BOTH)

    def forget(self, actor: bytes) -> None:
        """Forget somebody."""
        self.reached.discard(actor)
        for window in self.windows:
            window.forget(actor)
        side = self._units.pop(actor, None)
        if side is not None:
            self._leave(side, actor)
        for actors in self._had.values():
            actors.discard(actor)

    def readings(self, watching: Watching, now: float) -> list[Reading]:
        """Return what all guards say at a time of the log."""
        found = [window.reading(now) for window in self.windows]
        comparison = watching.comparison
        if comparison is None:
            names = [*(each.name for each in watching.guardrails), *watching.ratios]
            return [*found, *(not_judged(name, now) for name in names)]
        treatment, control = self._arms[Side.TREATMENT], self._arms[Side.CONTROL]
        found += [guardrail_reading(rail, treatment, control, now, watching.since) for rail in watching.guardrails]
        if watching.ratios:
            self._smallest_p = min(self._smallest_p, ratio_p(comparison, treatment, control))
            found += [
                ratio_reading(name, comparison, treatment, control, self._smallest_p, now=now, since=watching.since)
                for name in watching.ratios
            ]
        return found

    def _convert(self, actor: bytes, rail: str, side: Side) -> None:
        if actor not in self._had[rail]:
            self._had[rail].add(actor)
            if side in self._arms:
                converted = self._arms[side].converted
                converted[rail] = converted.get(rail, 0) + 1

    def _leave(self, side: Side, actor: bytes) -> None:
        arm = self._arms.get(side)
        if arm is None:
            return
        arm.units -= 1
        for rail, actors in self._had.items():
            if actor in actors:
                arm.converted[rail] -= 1
