"""Rows of rollout plans as values, and values as rows."""

import datetime

import asyncpg
from mirante.api.flags.v1 import flag_pb2, rollout_guard_pb2, rollout_pb2

from services.flags.rollouts.model import Hold, Progress, State
from services.flags.rollouts.records import Happening, RolloutAction, StoredReport, StoredRollout
from services.flags.rollouts.stage_rules import Base

COLUMNS = (
    "id, environment, flag_key, plan, state, hold_reason, reason, state_since, stage_since, soaking_since, looked_at, "
    "stage, step, last_good_stage, approved_stage, base_on, base_fallthrough, base_uncovered, flag_version, breach, "
    "version, created_at, created_by, updated_at, updated_by"
)
"""In the order of `rollout_row`."""


def rollout(row: asyncpg.Record) -> StoredRollout:
    """Return the plan in a row of `rollouts`."""
    return StoredRollout(
        id=str(row["id"]),
        environment=row["environment"],
        plan=rollout_pb2.RolloutPlan.FromString(row["plan"]),
        progress=Progress(
            state=State(row["state"]),
            state_since=row["state_since"],
            stage_since=row["stage_since"],
            soaking_since=row["soaking_since"],
            looked_at=row["looked_at"],
            stage=row["stage"],
            step=row["step"],
            last_good_stage=row["last_good_stage"],
            approved_stage=row["approved_stage"],
            hold=None if row["hold_reason"] is None else Hold(row["hold_reason"]),
            reason=row["reason"],
        ),
        version=row["version"],
        created_at=row["created_at"],
        created_by=row["created_by"],
        updated_at=row["updated_at"],
        updated_by=row["updated_by"],
        base=_base(row),
        flag_version=row["flag_version"],
        breach=None if row["breach"] is None else rollout_guard_pb2.GuardEvidence.FromString(row["breach"]),
    )


def rollout_row(stored: StoredRollout) -> tuple[object, ...]:
    """Return the values of a plan's row."""
    progress, base = stored.progress, stored.base
    return (
        *(stored.id, stored.environment, stored.plan.flag_key, stored.plan.SerializeToString()),
        *(progress.state.value, None if progress.hold is None else progress.hold.value, progress.reason),
        *(progress.state_since, progress.stage_since, progress.soaking_since, progress.looked_at),
        *(progress.stage, progress.step, progress.last_good_stage, progress.approved_stage),
        *(
            (None, None, None)
            if base is None
            else (base.on, base.fallthrough.SerializeToString(), base.uncovered.SerializeToString())
        ),
        *(stored.flag_version, None if stored.breach is None else stored.breach.SerializeToString()),
        *(stored.version, stored.created_at, stored.created_by, stored.updated_at, stored.updated_by),
    )


def event_row(stored: StoredRollout, happening: Happening, revision: int, at: datetime.datetime) -> tuple[object, ...]:
    """Return the values of a row of `rollout_events`, in the order of its columns."""
    evidence = happening.evidence
    return (
        *(stored.id, stored.version, at, happening.actor, happening.action.value),
        *(stored.progress.stage, stored.progress.step, revision, happening.comment),
        None if evidence is None else evidence.SerializeToString(),
    )


def event(row: asyncpg.Record) -> rollout_pb2.RolloutEvent:
    """Return the message of a row of `rollout_events`."""
    message = rollout_pb2.RolloutEvent(
        actor=row["actor"],
        action=rollout_pb2.RolloutAction.Value(f"ROLLOUT_ACTION_{RolloutAction(row['action']).name}"),
        stage=row["stage"],
        step=row["step"],
        revision=row["revision"],
        comment=row["comment"],
    )
    message.at.FromDatetime(row["at"])
    if row["evidence"] is not None:
        message.evidence.MergeFromString(row["evidence"])
    return message


def report(row: asyncpg.Record) -> StoredReport | None:
    """Return the report in a row that has the columns `report_step` and `report`."""
    if row["report"] is None:
        return None
    return StoredReport(row["report_step"], rollout_guard_pb2.GuardReport.FromString(row["report"]))


def _base(row: asyncpg.Record) -> Base | None:
    if row["base_on"] is None:
        return None
    return Base(
        row["base_on"],
        flag_pb2.Serve.FromString(row["base_fallthrough"]),
        flag_pb2.Serve.FromString(row["base_uncovered"]),
    )
