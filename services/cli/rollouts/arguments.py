"""Arguments of the commands about rollouts, and which plan they mean."""

import uuid
from typing import Annotated

import typer
from mirante.api.flags.v1 import rollout_pb2
from mirante.api.flags.v1 import rollout_service_pb2 as pb2

from services.cli.command import complete_flag_keys
from services.cli.refusals import Refusal
from services.cli.session import Session

Plan = Annotated[
    str,
    typer.Argument(
        help="Id of the plan, or the key of its flag: then the one that is started, else the newest.",
        autocompletion=complete_flag_keys,
        show_default=False,
    ),
]

STARTED = (
    rollout_pb2.ROLLOUT_STATE_RUNNING,
    rollout_pb2.ROLLOUT_STATE_WAITING_FOR_APPROVAL,
    rollout_pb2.ROLLOUT_STATE_HELD,
    rollout_pb2.ROLLOUT_STATE_PAUSED,
    rollout_pb2.ROLLOUT_STATE_BREACHED,
)
"""A flag has one plan at most in these states."""


def read_plan(session: Session, plan: str) -> rollout_pb2.RolloutRecord:
    """Return the plan that is meant, with what happened to it; raise Refusal when there is none."""
    request = pb2.GetRolloutRequest(environment=session.environment, rollout_id=plan_id(session, plan))
    return session.call(session.rollouts.GetRollout, request).rollout


def plan_id(session: Session, plan: str) -> str:
    """Return the id of the plan that is meant; raise Refusal when the flag has none."""
    try:
        return str(uuid.UUID(plan))
    except ValueError:
        pass
    for states in (STARTED, ()):
        request = pb2.ListRolloutsRequest(environment=session.environment, flag_key=plan, page_size=1, states=states)
        found = session.call(session.rollouts.ListRollouts, request).rollouts
        if found:
            return found[0].id
    raise Refusal(f"flag {plan!r} has no rollout plan", "draft one with `mirante rollouts create`")
