"""Lives of flags, asked of the metrics service and shown."""

from collections.abc import Sequence
from typing import Final

from mirante.api.metrics.v1 import programme_service_pb2 as pb2
from rich.text import Text

from services.cli.output import Output, local_time, styled
from services.cli.plain import enum_name
from services.cli.session import Session

SECONDS: Final = 30.0
"""All exposures there are have to be read."""
_STAGES: Final = pb2.FlagStage.DESCRIPTOR
_STYLES: Final = {
    pb2.FLAG_STAGE_KILLED: "bold red",
    pb2.FLAG_STAGE_STALE: "yellow",
    pb2.FLAG_STAGE_FULLY_ON: "green",
}


def ask_lives(
    session: Session, keys: Sequence[str] = (), *, days: int = 0, stale_days: int = 0, seconds: float = SECONDS
) -> pb2.ListFlagLifecyclesResponse:
    """Return the lives of these flags, of all when none are named; raise Refusal."""
    request = pb2.ListFlagLifecyclesRequest(
        environment=session.environment, flag_keys=keys, days=days, stale_days=stale_days
    )
    return session.call(session.programme.ListFlagLifecycles, request, timeout_seconds=seconds)


def show_lives(output: Output, answer: pb2.ListFlagLifecyclesResponse, lives: Sequence[pb2.FlagLifecycle]) -> None:
    """Print one row a flag."""
    rows = [
        (
            life.flag_key,
            stage_text(life.stage),
            life.served_to_all or "varies",
            local_time(life.updated_at),
            "?" if answer.exposures_unknown else local_time(life.last_evaluated_at) or "never",
            shares_text(life),
            ", ".join([*life.experiments, *(["rollout"] if life.rollout_id else [])]),
            life.owner,
        )
        for life in lives
    ]
    output.table(("FLAG", "STAGE", "SERVES", "CHANGED", "EVALUATED", "SHARES", "UNDER WAY", "OWNER"), rows)
    remark_on_exposures(output, answer)


def remark_on_exposures(output: Output, answer: pb2.ListFlagLifecyclesResponse) -> None:
    """Say until when exposures are known, or why they are not."""
    if answer.exposures_unknown:
        output.remark(f"who evaluates flags is not known: {answer.exposures_unknown}")
    else:
        output.remark(f"evaluations are exposures that clients recorded, until {local_time(answer.complete_until)}")


def stage_text(stage: pb2.FlagStage.ValueType) -> Text:
    """Return a stage in words."""
    return styled(enum_name(_STAGES, stage).replace("_", " "), _STYLES.get(stage, ""))


def shares_text(life: pb2.FlagLifecycle) -> str:
    """Return how exposures are shared, as "on 90% (1,204), off 10% (133)"."""
    return ", ".join(f"{each.variant or '?'} {each.share:.0%} ({each.exposures:,})" for each in life.variants)
