"""What a guard says at a moment. Pure."""

import datetime
from dataclasses import dataclass

from mirante.api.flags.v1 import rollout_guard_pb2 as pb2


@dataclass(frozen=True, slots=True)
class Reading:
    """
    `GuardReading` of `rollout_guard.proto`; times are seconds since 1970.

    `start` and `end` are the time that was judged, `first_event` when the first event came in that counts against it.
    """

    guard: str
    state: pb2.GuardState.ValueType
    sample: int
    end: float
    start: float | None = None
    observed: float | None = None
    limit: float | None = None
    distance: float | None = None
    first_event: float | None = None
    text: str = ""

    @property
    def breached(self) -> bool:
        """Whether the rollout has to be stopped."""
        return self.state == pb2.GUARD_STATE_BREACHED

    def message(self) -> pb2.GuardReading:
        """Return it for a report."""
        message = pb2.GuardReading(guard=self.guard, state=self.state, sample=self.sample)
        message.as_of.FromDatetime(_moment(self.end))
        for name in ("observed", "limit", "distance"):
            value = getattr(self, name)
            if value is not None:
                setattr(message, name, value)
        return message

    def evidence(self, now: float) -> pb2.GuardEvidence:
        """Return it as the reason of a breach that is detected now."""
        message = pb2.GuardEvidence(
            guard=self.guard,
            observed=self.observed or 0.0,
            limit=self.limit or 0.0,
            sample=self.sample,
            text=self.text[:500],
        )
        message.end_time.FromDatetime(_moment(self.end))
        message.detected_at.FromDatetime(_moment(now))
        if self.start is not None:
            message.start_time.FromDatetime(_moment(self.start))
        if self.first_event is not None:
            message.first_event_at.FromDatetime(_moment(self.first_event))
        return message


def _moment(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)
