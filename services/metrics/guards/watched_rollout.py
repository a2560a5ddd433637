"""One rollout as the log shows it: who was given what, and what happened to them. Pure: times come with events."""

import math
from collections import OrderedDict
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.common.v1 import value_pb2
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1 import event_pb2
from mirante.evaluation.model import Reason

from services.metrics.guards.plans import Watching
from services.metrics.guards.readings import Reading
from services.metrics.guards.step_counts import MOST_ACTORS, Side, StepCounts

EXPOSURE = "flag_exposta"
_BY_NO_LOT: Final = frozenset(
    each.value
    for each in (Reason.KILLED, Reason.OFF, Reason.SCHEDULE, Reason.PREREQUISITE_FAILED, Reason.TARGET, Reason.ERROR)
)
"""Whom no rule has decided about for these reasons, the stage has not left out."""


class WatchedRollout:
    """
    Counts for the guards of a rollout, step by step.

    Who was given the variant last is remembered while stages follow one another, the earliest being forgotten first;
    what is compared, and what is in windows, begins anew with each step. Times are seconds since 1970, of receipt.
    """

    def __init__(self, watching: Watching) -> None:
        self.watching = watching
        self._given: OrderedDict[bytes, None] = OrderedDict()
        self._from_version = 0
        self._step = StepCounts(watching)

    def follow(self, watching: Watching) -> None:
        """Go on with what the rollout is now."""
        before, self.watching = self.watching, watching
        if watching.step == before.step:
            return
        if watching.stage <= before.stage:
            # Taken back or resumed: who has the variant now is not known before they are seen to be given it.
            self._given.clear()
            self._from_version = watching.flag_version
        self._step = StepCounts(watching)

    @property
    def sample(self) -> int:
        """How many users were given the variant since the step began."""
        return len(self._step.reached)

    def apply(self, entry: log_pb2.LogEntry) -> bool:
        """Count an entry of the log; return whether it may have broken a tripwire."""
        match entry.WhichOneof("kind"):
            case "event":
                return self._event(entry.event)
            case "merge":
                self.becomes(entry.merge.from_actor_id, entry.merge.into_actor_id)
            case "erasure":
                for actor in entry.erasure.actor_ids:
                    self.forget(actor)
            case _:
                pass  # `WatchedLog` reads the log again
        return False

    def exposed(self, actor: bytes, *, variant: str, rule_id: str, version: int, at: float, reason: str = "") -> None:
        """Note that somebody was given a variant of the flag; `reason` is why, as clients name it."""
        watching = self.watching
        if version < self._from_version:
            return
        given = variant == watching.variant
        if given:
            self._given[actor] = None
            self._given.move_to_end(actor)
            if len(self._given) > MOST_ACTORS:
                self._given.popitem(last=False)
        else:
            self._given.pop(actor, None)
        if version < watching.flag_version or at < watching.since:
            return
        if given and len(self._step.reached) < MOST_ACTORS:
            self._step.reached.add(actor)
        comparison = watching.comparison
        if comparison is not None and given and rule_id == comparison.rule_id:
            self._step.compare(actor, Side.TREATMENT)
        elif comparison is not None and not given and not rule_id and reason not in _BY_NO_LOT:
            self._step.compare(actor, Side.CONTROL)

    def happened(self, actor: bytes, event: str, at: float, of: "event_pb2.Event | None" = None) -> bool:
        """
        Note an event of somebody; return whether a tripwire counts it.

        `of` is the event itself, in which quantiles find their numbers.
        """
        self._step.converts(actor, event)
        if actor not in self._given:
            return False
        for window in self._step.windows:
            window.seen(actor, at)
        windows = self._step.windows_of(event)
        for window in windows:
            name = window.tripwire.property
            number = None if not name or of is None else _number(of.properties.get(name))
            window.happened(actor, at, number)
        return bool(windows)

    def becomes(self, actor: bytes, other: bytes) -> None:
        """Note that somebody is found to be somebody else."""
        if actor in self._given:
            del self._given[actor]
            self._given[other] = None
        self._step.becomes(actor, other)

    def forget(self, actor: bytes) -> None:
        """Forget somebody."""
        self._given.pop(actor, None)
        self._step.forget(actor)

    def readings(self, now: float) -> list[Reading]:
        """Return what all guards say at a time of the log."""
        return self._step.readings(self.watching, now)

    def _event(self, stored: event_pb2.StoredEvent) -> bool:
        actor = stored.actor_id
        if not actor or stored.imported:
            return False
        event = stored.event
        at = _seconds(stored.received_at)
        if event.name == EXPOSURE:
            properties = event.properties
            if properties["flag"].string_value == self.watching.flag_key:
                self.exposed(
                    actor,
                    variant=properties["variant"].string_value,
                    rule_id=properties["rule_id"].string_value,
                    version=int(_number(properties.get("version")) or 0),
                    at=at,
                    reason=properties["reason"].string_value,
                )
        if _seconds(stored.occurred_at) < self.watching.since:
            return False  # it happened before the stage began, and came late
        return self.happened(actor, event.name, at, event)


def _seconds(moment: Timestamp) -> float:
    return moment.seconds + moment.nanos / 1e9


def _number(value: value_pb2.Value | None) -> float | None:
    if value is None:
        return None
    match value.WhichOneof("kind"):
        case "int_value":
            return float(value.int_value)
        case "double_value":
            number = value.double_value
        case "string_value":
            try:
                number = float(value.string_value)
            except ValueError:
                return None
        case _:
            return None
    return number if math.isfinite(number) else None
