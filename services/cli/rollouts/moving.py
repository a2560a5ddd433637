"""`mirante rollouts start | pause | resume | step | approve | rollback`."""

from typing import Annotated

import typer
from mirante.api.flags.v1 import rollout_pb2
from mirante.api.flags.v1 import rollout_service_pb2 as pb2

from services.cli.asking import ask
from services.cli.command import command
from services.cli.flags.arguments import Comment, Reason, Yes
from services.cli.plain import plain
from services.cli.rollouts.arguments import Plan, plan_id, read_plan
from services.cli.rollouts.parts import stage_text
from services.cli.rollouts.showing import place_text, state_text
from services.cli.session import Session

moving = typer.Typer()


@command(moving, "start")
def start_rollout(session: Session, plan: Plan, comment: Comment = "") -> None:
    """Begin the first stage of a draft."""
    request = pb2.StartRolloutRequest(
        environment=session.environment, rollout_id=plan_id(session, plan), comment=comment
    )
    _answer(session, session.call(session.rollouts.StartRollout, request).rollout)


@command(moving, "pause")
def pause_rollout(session: Session, plan: Plan, comment: Comment = "") -> None:
    """Stop a plan where it is; what is served stays."""
    request = pb2.PauseRolloutRequest(
        environment=session.environment, rollout_id=plan_id(session, plan), comment=comment
    )
    _answer(session, session.call(session.rollouts.PauseRollout, request).rollout)


@command(moving, "resume")
def resume_rollout(session: Session, plan: Plan, comment: Comment = "") -> None:
    """Go on from a pause, a hold, a roll-back, or, with a comment, a breach."""
    request = pb2.ResumeRolloutRequest(
        environment=session.environment, rollout_id=plan_id(session, plan), comment=comment
    )
    _answer(session, session.call(session.rollouts.ResumeRollout, request).rollout)


@command(moving, "step")
def step_rollout(session: Session, plan: Plan, yes: Yes = False, comment: Comment = "") -> None:
    """Begin the next stage now, or complete the plan after the last one."""
    record = read_plan(session, plan)
    following = record.stage + 1
    stages = record.plan.stages
    what = f"begin stage {following}, {stage_text(stages[following - 1])}" if record.stage < len(stages) else "complete"
    ask(session.output, f"{record.plan.flag_key}: {what} now?", yes=yes)
    request = pb2.StepRolloutRequest(
        environment=session.environment, rollout_id=record.id, stage=following, comment=comment
    )
    _answer(session, session.call(session.rollouts.StepRollout, request).rollout)


@command(moving, "approve")
def approve_stage(
    session: Session,
    plan: Plan,
    stage: Annotated[int, typer.Option(min=0, help="Number of the stage; the next one unless given.")] = 0,
    comment: Comment = "",
) -> None:
    """Agree to a stage, and all before it."""
    record = read_plan(session, plan)
    request = pb2.ApproveStageRequest(
        environment=session.environment, rollout_id=record.id, stage=stage or record.stage + 1, comment=comment
    )
    _answer(session, session.call(session.rollouts.ApproveStage, request).rollout)


@command(moving, "rollback")
def roll_back(
    session: Session,
    plan: Plan,
    reason: Reason,
    to_nothing: Annotated[
        bool, typer.Option("--to-nothing", help="What was served before the plan, not the last good stage.")
    ] = False,
) -> None:
    """Go back to the last good stage."""
    target = pb2.ROLL_BACK_TARGET_NOTHING if to_nothing else pb2.ROLL_BACK_TARGET_LAST_GOOD_STAGE
    request = pb2.RollBackRolloutRequest(
        environment=session.environment, rollout_id=plan_id(session, plan), target=target, reason=reason
    )
    _answer(session, session.call(session.rollouts.RollBackRollout, request).rollout)


def _answer(session: Session, record: rollout_pb2.RolloutRecord) -> None:
    session.output.answer(
        lambda: {"rollout": plain(record)},
        lambda output: output.line(f"{record.plan.flag_key}: {state_text(record)}, stages: {place_text(record)}"),
    )
