"""A plan as it is stored, and what happened to it."""

import datetime
import enum
from dataclasses import dataclass

from mirante.api.flags.v1 import rollout_guard_pb2, rollout_pb2

from services.flags.rollouts.model import Plan, Progress, Report, Stage
from services.flags.rollouts.stage_rules import Base


class RolloutAction(enum.Enum):
    """`RolloutAction` of `rollout.proto`."""

    CREATE = "create"
    UPDATE = "update"
    START = "start"
    ADVANCE = "advance"
    STEP = "step"
    APPROVE = "approve"
    WAIT_FOR_APPROVAL = "wait_for_approval"
    HOLD = "hold"
    GO_ON = "go_on"
    PAUSE = "pause"
    RESUME = "resume"
    ROLL_BACK = "roll_back"
    BREACH = "breach"
    COMPLETE = "complete"
    SOAK_ANEW = "soak_anew"


@dataclass(frozen=True, slots=True)
class StoredRollout:
    """
    A plan and how far it is.

    `base` is there once the plan was started; `version` counts its changes, `flag_version` is that of the flag as the
    plan wrote it last; `breach` is the evidence of the newest breach.
    """

    id: str
    environment: str
    plan: rollout_pb2.RolloutPlan
    progress: Progress
    version: int
    created_at: datetime.datetime
    created_by: str
    updated_at: datetime.datetime
    updated_by: str
    base: Base | None = None
    flag_version: int = 0
    breach: rollout_guard_pb2.GuardEvidence | None = None

    @property
    def etag(self) -> str:
        """Differs between any two versions."""
        return f"{self.version}-{self.id[:8]}"


@dataclass(frozen=True, slots=True)
class StoredReport:
    """The newest report of a plan's guards, and about which step."""

    step: int
    message: rollout_guard_pb2.GuardReport


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happens to a plan; `evidence` of breaches and roll-backs."""

    action: RolloutAction
    actor: str
    comment: str = ""
    evidence: rollout_guard_pb2.GuardEvidence | None = None


def plan_of(message: rollout_pb2.RolloutPlan) -> Plan:
    """Return what the scheduler needs of a plan. One without guards and samples does not need metrics."""
    stages = tuple(Stage(each.soak.ToTimedelta(), each.minimum_sample, each.needs_approval) for each in message.stages)
    return Plan(stages, watched=bool(message.guards) or any(each.minimum_sample for each in stages))


def report_of(stored: StoredReport | None) -> Report | None:
    """Return what the scheduler needs of a report."""
    if stored is None:
        return None
    message = stored.message
    reported_at = message.reported_at.ToDatetime(datetime.UTC)
    return Report(reported_at, stored.step, message.sample, message.blind, message.blind_reason)
