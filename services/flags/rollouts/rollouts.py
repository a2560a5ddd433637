"""Rollout plans, put together on one store. Called from `administration`."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from services.flags.references import References
from services.flags.rollouts.desk import RolloutDesk
from services.flags.rollouts.drafts import DraftDesk
from services.flags.rollouts.guard_desk import GuardDesk
from services.flags.rollouts.guard_servicer import RolloutGuardServicer
from services.flags.rollouts.reading import RolloutReading
from services.flags.rollouts.rollout_servicer import RolloutServicer
from services.flags.rollouts.scheduler import RolloutScheduler
from services.flags.rollouts.stage_writing import StageWriter
from services.flags.store.rollouts import RolloutStore
from services.flags.writer import Writer


@dataclass(frozen=True, slots=True)
class Rollouts:
    """The servicers, and what moves plans on."""

    plans: RolloutServicer
    guards: RolloutGuardServicer
    scheduler: RolloutScheduler


def rollouts(
    store: RolloutStore, writer: Writer, references: References, clock: Callable[[], datetime.datetime]
) -> Rollouts:
    """Put the services of rollout plans together."""
    stages = StageWriter(references)
    return Rollouts(
        plans=RolloutServicer(
            DraftDesk(writer, stages, clock), RolloutDesk(writer, stages, clock), RolloutReading(store)
        ),
        guards=RolloutGuardServicer(GuardDesk(store, writer, stages, clock)),
        scheduler=RolloutScheduler(store, writer, stages, clock),
    )
