"""
Moves plans on, at any replica: whoever is first locks the environment, looks again, and writes plan and flag together.

A replica that dies has written both or neither, and the next one to look finds what is to be done.
"""

import asyncio
import datetime
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from services.flags.rollouts.deciding import Advance, Decision, Halt, Note, after, next_step
from services.flags.rollouts.model import Facts, FlagFact, Hold
from services.flags.rollouts.records import Happening, RolloutAction, StoredReport, StoredRollout, plan_of, report_of
from services.flags.rollouts.stage_writing import FlagNow, StageWriter, Writing
from services.flags.store.definitions import Change
from services.flags.store.records import Action
from services.flags.store.rollouts import RolloutStore
from services.flags.writer import Writer
from services.runtime.access import ALL_ENVIRONMENTS, Caller, Role
from services.runtime.errors import ServiceError, StateConflict, Unavailable

_log = logging.getLogger(__name__)

ACTOR: Final = "mirante"
_CALLER: Final = Caller(key_id="", actor=ACTOR, role=Role.INTERNAL, environments=frozenset({ALL_ENVIRONMENTS}))
_ACTIONS: Final = {
    Note.SOAK_ANEW: (RolloutAction.SOAK_ANEW, "nobody looked for a while, or the clock jumped: the soak counts anew"),
    Note.GO_ON: (RolloutAction.GO_ON, "metrics reports again"),
    Note.ASK_APPROVAL: (RolloutAction.WAIT_FOR_APPROVAL, ""),
    Note.COMPLETE: (RolloutAction.COMPLETE, ""),
}


class RolloutScheduler:
    """
    Looks at all plans that may go on by themselves.

    Args:
        store: of plans.
        writer: of changes.
        stages: writes flags.
        clock: an aware moment; may differ between replicas, and jump.
    """

    def __init__(
        self, store: RolloutStore, writer: Writer, stages: StageWriter, clock: Callable[[], datetime.datetime]
    ) -> None:
        self._store = store
        self._writer = writer
        self._stages = stages
        self._clock = clock
        self._away = False

    async def run(self, look_seconds: float) -> None:
        """Look for ever, every `look_seconds`."""
        while True:
            try:
                await self.look()
                self._away = False
            except Unavailable as error:
                if not self._away:
                    _log.warning("rollouts are not looked at", extra={"error": error.message})
                self._away = True
            await asyncio.sleep(look_seconds)

    async def look(self) -> None:
        """
        Look once, and do what is to be done.

        Raises:
            Unavailable: the database does not answer.
        """
        for watched in await self._store.watched():
            stored = watched.rollout
            alike = watched.flag_version == stored.flag_version
            fact = FlagFact.AS_WRITTEN if alike else FlagFact.CHANGED
            if alike and self._decided(stored, watched.report, fact) is Note.NOTHING:
                continue
            try:
                async with self._writer.change(stored.environment, _CALLER) as change:
                    await self._move(change, stored.id)
            except Unavailable:
                raise
            except Exception:  # noqa: BLE001 - a fault of one rollout must not stop the others
                _log.exception("a rollout could not be moved", extra={"rollout": stored.id})

    async def _move(self, change: Change, rollout_id: str) -> None:
        """Look again, now that nobody else changes the environment."""
        stored = await change.rollouts.find(rollout_id)
        if stored is None:
            return
        flag = await self._stages.flag_now(change, stored)
        decision = self._decided(stored, await change.rollouts.report(rollout_id), flag.fact)
        if isinstance(decision, Advance):
            try:
                await self._advance(change, stored, decision)
            except Unavailable:
                raise
            except ServiceError as error:
                self._note(change, stored, flag, Halt(Hold.FLAG_REFUSED, error.message))
        elif decision is not Note.NOTHING or (flag.fact is FlagFact.AS_WRITTEN and _elsewhere(stored, flag)):
            self._note(change, stored, flag, decision)

    async def _advance(self, change: Change, stored: StoredRollout, decision: Advance) -> None:
        if stored.base is None:
            raise StateConflict("the rollout was never started", metadata={"state": stored.progress.state.value})
        now = self._clock()
        comment = stage_comment(stored, decision.stage)
        await self._stages.write(
            change,
            stored,
            after(stored.progress, decision, now),
            Happening(RolloutAction.ADVANCE, ACTOR, comment),
            base=stored.base,
            writing=Writing(Action.UPDATE, comment),
            caller=_CALLER,
            at=now,
        )
        _log.info("rollout advances", extra={"rollout": stored.id, "stage": decision.stage})

    def _note(self, change: Change, stored: StoredRollout, flag: FlagNow, decision: Decision) -> None:
        """Write a decision that leaves the flag as it is."""
        now = self._clock()
        happening = None
        if isinstance(decision, Halt):
            decision = _named(decision, flag)
            happening = Happening(RolloutAction.HOLD, ACTOR, decision.reason)
        elif isinstance(decision, Note) and decision in _ACTIONS:
            happening = Happening(_ACTIONS[decision][0], ACTOR, _ACTIONS[decision][1])
        progress = after(stored.progress, decision, now)
        version = flag.version if flag.fact is FlagFact.AS_WRITTEN else stored.flag_version
        change.rollouts.put(replace(stored, progress=progress, flag_version=version), happening, at=now)

    def _decided(self, stored: StoredRollout, report: StoredReport | None, fact: FlagFact) -> Decision:
        return next_step(plan_of(stored.plan), stored.progress, self._clock(), Facts(fact, report_of(report)))


def stage_comment(stored: StoredRollout, stage: int) -> str:
    """Return what the flag's history says of a stage."""
    plan = stored.plan
    name = plan.stages[stage - 1].name
    return f"rollout of {plan.variant}: stage {stage} of {len(plan.stages)}" + (f", {name}" if name else "")


def _elsewhere(stored: StoredRollout, flag: FlagNow) -> bool:
    """Whether somebody has changed what only describes the flag."""
    return flag.version != stored.flag_version


def _named(halt: Halt, flag: FlagNow) -> Halt:
    """Say who was in the way."""
    if halt.hold in (Hold.FLAG_CHANGED, Hold.FLAG_KILLED) and flag.by:
        what = "changed" if halt.hold is Hold.FLAG_CHANGED else "killed"
        return Halt(halt.hold, f"the flag was {what} by {flag.by}, version {flag.version}")
    return halt
