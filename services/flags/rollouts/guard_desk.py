"""What metrics says of the guards of plans, and what a breach does."""

import datetime
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from mirante.api.flags.v1 import rollout_guard_pb2 as pb2

from services.flags.rollouts.acting import BreachAction, breached, to_nothing
from services.flags.rollouts.finding import no_rollout, require_id
from services.flags.rollouts.plan_checks import checked_evidence
from services.flags.rollouts.records import Happening, RolloutAction, StoredReport, StoredRollout
from services.flags.rollouts.stage_writing import StageWriter, Writing
from services.flags.store.records import Action
from services.flags.store.rollouts import RolloutStore
from services.flags.texts import MAX_COMMENT
from services.flags.writer import Writer
from services.runtime.access import Caller
from services.runtime.errors import InvalidRequest, StateConflict
from services.runtime.texts import check_text

_log = logging.getLogger(__name__)

_READINGS: Final = 20
_ACTIONS: Final = {
    pb2.GUARD_ACTION_KILL: BreachAction.KILL,
    pb2.GUARD_ACTION_ROLL_BACK: BreachAction.ROLL_BACK,
    pb2.GUARD_ACTION_PAUSE: BreachAction.PAUSE,
}


class GuardDesk:
    """
    Takes reports and breaches.

    Args:
        store: of plans.
        writer: of changes.
        stages: writes flags.
        clock: an aware moment.
    """

    def __init__(
        self, store: RolloutStore, writer: Writer, stages: StageWriter, clock: Callable[[], datetime.datetime]
    ) -> None:
        self._store = store
        self._writer = writer
        self._stages = stages
        self._clock = clock

    async def report(
        self, environment: str, rollout_id: str, step: int, given: pb2.GuardReport
    ) -> tuple[StoredRollout, StoredReport | None]:
        """
        Keep a report if it is of the plan's present step; return the plan and its newest report.

        Its sample is the largest that was reported in the step: users who were given the variant stay so.

        Raises:
            NotFound: no such plan.
            InvalidRequest: more readings than a plan has guards.
        """
        rollout_id = require_id(rollout_id)
        if len(given.readings) > _READINGS:
            raise InvalidRequest.of("report.readings", f"may have {_READINGS} at most, got {len(given.readings)}")
        check_text("report.blind_reason", given.blind_reason, MAX_COMMENT)
        message = pb2.GuardReport()
        message.CopyFrom(given)
        message.DiscardUnknownFields()
        message.reported_at.FromDatetime(self._clock())
        stored, known = await self._found(environment, rollout_id)
        if known is not None and known.step == step:
            # Another process of metrics may lead now, which has not seen the beginning of the step.
            message.sample = max(message.sample, known.message.sample)
        if await self._store.report(environment, rollout_id, step, message):
            return stored, StoredReport(step, message)
        return await self._found(environment, rollout_id)

    async def breach(
        self, environment: str, rollout_id: str, step: int, evidence: pb2.GuardEvidence, caller: Caller
    ) -> StoredRollout:
        """
        Do what the guard's action says; nothing when that is done already.

        When the stage to go back to cannot be served any more, it goes to nothing; when that cannot be, it kills.

        Raises:
            NotFound: no such plan.
            InvalidRequest: the plan has no such guard, or the text is wrong.
            StateConflict: the evidence is of another step, or the plan serves no stage.
        """
        rollout_id = require_id(rollout_id)
        evidence = checked_evidence(evidence)
        async with self._writer.change(environment, caller) as change:
            stored = await change.rollouts.find(rollout_id)
            if stored is None:
                raise no_rollout(rollout_id)
            guards = [each for each in stored.plan.guards if each.name == evidence.guard]
            if not guards:
                raise InvalidRequest.of("evidence.guard", f"is none of the rollout's guards: {evidence.guard!r}")
            action, now = action_of(guards[0]), self._clock()
            reason = (f"{evidence.guard}: {evidence.text}" if evidence.text else evidence.guard)[:MAX_COMMENT]
            progress = breached(stored.progress, action, now, reason)
            if progress is None:
                return stored
            if step != stored.progress.step:
                raise StateConflict(
                    f"the evidence is of step {step}, and the rollout at {stored.progress.step}",
                    metadata={"state": stored.progress.state.value, "step": str(stored.progress.step)},
                )
            stored = replace(stored, breach=evidence)
            happening = Happening(RolloutAction.BREACH, caller.actor, reason, evidence)
            if action is BreachAction.PAUSE:
                return change.rollouts.put(replace(stored, progress=progress), happening, at=now)
            kills = action is BreachAction.KILL
            writing = Writing(Action.KILL if kills else Action.ROLL_BACK, reason, kill=True if kills else None)
            for back in (progress, to_nothing(progress)):
                try:
                    return await self._stages.take_back(
                        change, stored, back, happening, writing=writing, caller=caller, at=now
                    )
                except (InvalidRequest, StateConflict) as error:
                    # A segment or variant that it needs is no more, or the environment is full.
                    extra = {"rollout": stored.id, "stage": back.stage, "error": error.message}
                    _log.warning("a stage cannot be gone back to", extra=extra)
            return await self._stages.kill(change, stored, to_nothing(progress), happening, caller=caller, at=now)

    async def _found(self, environment: str, rollout_id: str) -> tuple[StoredRollout, StoredReport | None]:
        found = await self._store.find(environment, rollout_id)
        if found is None:
            raise no_rollout(rollout_id)
        return found


def action_of(guard: pb2.Guard) -> BreachAction:
    """Return what a breach of a guard does."""
    if guard.action in _ACTIONS:
        return _ACTIONS[guard.action]
    return BreachAction.PAUSE if guard.WhichOneof("kind") == "sample_ratio" else BreachAction.ROLL_BACK
