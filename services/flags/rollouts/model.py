"""What a plan is to the scheduler, how far it is, and what is known while it is judged. Pure values."""

import datetime
import enum
from collections.abc import Sequence
from dataclasses import dataclass


class State(enum.Enum):
    """`RolloutState` of `rollout.proto`."""

    DRAFT = "draft"
    RUNNING = "running"
    WAITING_FOR_APPROVAL = "waiting_for_approval"
    HELD = "held"
    PAUSED = "paused"
    BREACHED = "breached"
    ROLLED_BACK = "rolled_back"
    COMPLETED = "completed"


class Hold(enum.Enum):
    """`HoldReason` of `rollout.proto`."""

    FLAG_CHANGED = "flag_changed"
    FLAG_KILLED = "flag_killed"
    FLAG_ARCHIVED = "flag_archived"
    GUARDS_BLIND = "guards_blind"
    FLAG_REFUSED = "flag_refused"


STARTED: frozenset[State] = frozenset(
    {State.RUNNING, State.WAITING_FOR_APPROVAL, State.HELD, State.PAUSED, State.BREACHED}
)
"""A flag has one plan at most in these states."""

SERVING: frozenset[State] = STARTED - {State.BREACHED}
"""Guards are watched in these states, once a stage is served."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What has to be there before the stage after this one begins."""

    soak: datetime.timedelta
    minimum_sample: int = 0
    needs_approval: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The stages, and whether metrics has to see what they do."""

    stages: Sequence[Stage]
    watched: bool

    def stage(self, number: int) -> Stage:
        """Return a stage by its number, counted from 1."""
        return self.stages[number - 1]

    @property
    def last(self) -> int:
        """The number of the last stage."""
        return len(self.stages)


@dataclass(frozen=True, slots=True)
class Progress:
    """
    How far a plan is. Stages are counted from 1; stage 0 is none.

    `looked_at` is when somebody last looked whether something is to be done; `step` grows whenever a stage is begun or
    taken back. Moments are those of the clock of whoever decides.
    """

    state: State
    state_since: datetime.datetime
    stage_since: datetime.datetime
    soaking_since: datetime.datetime
    looked_at: datetime.datetime
    stage: int = 0
    step: int = 0
    last_good_stage: int = 0
    approved_stage: int = 0
    hold: Hold | None = None
    reason: str = ""

    @classmethod
    def draft(cls, now: datetime.datetime) -> "Progress":
        """Return the progress of a new plan."""
        return cls(State.DRAFT, now, now, now, now)


class FlagFact(enum.Enum):
    """How the flag is, compared with what the plan wrote last."""

    AS_WRITTEN = "as written"
    CHANGED = "changed"
    KILLED = "killed"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class Report:
    """The newest report of the guards: when it came, about which step, and what it says."""

    reported_at: datetime.datetime
    step: int
    sample: int = 0
    blind: bool = False
    blind_reason: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when a plan is judged; without a report metrics has never said anything."""

    flag: FlagFact
    report: Report | None = None
