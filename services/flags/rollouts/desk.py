"""What people do with plans: start, pause, resume, step, approve, take back."""

import datetime
from collections.abc import Callable
from dataclasses import replace

from mirante.api.flags.v1 import rollout_guard_pb2

from services.flags.preconditions import live
from services.flags.rollouts import acting
from services.flags.rollouts.finding import found
from services.flags.rollouts.model import FlagFact, State
from services.flags.rollouts.plan_checks import checked_evidence
from services.flags.rollouts.records import Happening, RolloutAction, StoredRollout, plan_of
from services.flags.rollouts.scheduler import stage_comment
from services.flags.rollouts.stage_rules import base_after, base_of, without_stages
from services.flags.rollouts.stage_writing import FlagNow, StageWriter, Writing
from services.flags.store import Kind
from services.flags.store.definitions import Change
from services.flags.store.records import Action, parsed_flag
from services.flags.texts import check_comment, require_reason
from services.flags.writer import Writer
from services.runtime.access import Caller, Role
from services.runtime.errors import InvalidRequest, PermissionDenied, StateConflict


class RolloutDesk:
    """
    Changes plans one at a time.

    Every method returns the plan as it is afterwards, and raises `NotFound` for an environment or plan that does not
    exist, `InvalidRequest` with the fields that are wrong, `EtagMismatch` for an etag that is not the plan's,
    `StateConflict` when its state does not allow the change, and `Unavailable` when the database does not answer.
    Whatever is raised, nothing was changed.

    Args:
        writer: of changes.
        stages: writes flags.
        clock: an aware moment.
    """

    def __init__(self, writer: Writer, stages: StageWriter, clock: Callable[[], datetime.datetime]) -> None:
        self._writer = writer
        self._stages = stages
        self._clock = clock

    async def start(
        self, environment: str, rollout_id: str, *, etag: str, comment: str, caller: Caller
    ) -> StoredRollout:
        """Begin the first stage of a draft, or wait for its approval."""
        check_comment(comment)
        async with self._writer.change(environment, caller) as change:
            stored = await found(change, rollout_id, etag)
            now = self._clock()
            progress = acting.started(plan_of(stored.plan), stored.progress, now)
            await _require_free(change, stored)
            await self._stages.require_sound_plan(change, stored.plan)
            record = live(Kind.FLAG, stored.plan.flag_key, await change.find(Kind.FLAG, stored.plan.flag_key))
            flag = parsed_flag(record)
            if flag.HasField("kill"):
                raise StateConflict(f"flag {flag.key} is killed: restore it first", metadata={"state": "killed"})
            base = base_of(without_stages(flag), stored.plan)
            happening = Happening(RolloutAction.START, caller.actor, comment)
            if progress.stage == 0:
                waiting = replace(stored, progress=progress, base=base, flag_version=record.version)
                return change.rollouts.put(waiting, happening, at=now)
            writing = Writing(Action.UPDATE, comment or stage_comment(stored, progress.stage))
            return await self._stages.write(
                change, stored, progress, happening, base=base, writing=writing, caller=caller, at=now
            )

    async def pause(
        self, environment: str, rollout_id: str, *, etag: str, comment: str, caller: Caller
    ) -> StoredRollout:
        """Stop a plan where it is; what is served stays."""
        check_comment(comment)
        async with self._writer.change(environment, caller) as change:
            stored = await found(change, rollout_id, etag)
            now = self._clock()
            progress = acting.paused(stored.progress, now, comment)
            happening = Happening(RolloutAction.PAUSE, caller.actor, comment)
            return change.rollouts.put(replace(stored, progress=progress), happening, at=now)

    async def resume(
        self, environment: str, rollout_id: str, *, etag: str, comment: str, caller: Caller
    ) -> StoredRollout:
        """Go on from a pause, a hold, a breach or a roll-back, over whatever the flag's own rules are now."""
        check_comment(comment)
        async with self._writer.change(environment, caller) as change:
            stored = await found(change, rollout_id, etag)
            after_breach = stored.progress.state is State.BREACHED
            if after_breach and not comment.strip():
                raise InvalidRequest.of("comment", "is required after a breach: why it is safe now")
            now = self._clock()
            progress = acting.resumed(plan_of(stored.plan), stored.progress, now)
            await _require_free(change, stored)
            flag = await self._stages.flag_now(change, stored)
            record = live(Kind.FLAG, stored.plan.flag_key, flag.record)
            by_breach = after_breach and parsed_flag(record).kill.reason == stored.progress.reason
            if flag.fact is FlagFact.KILLED and not by_breach:
                raise StateConflict("the flag is killed: restore it first", metadata={"state": "killed"})
            base = stored.base or base_of(without_stages(parsed_flag(record)), stored.plan)
            if flag.written is not None:
                base = base_after(parsed_flag(record), flag.written, base, stored.plan)
            happening = Happening(RolloutAction.RESUME, caller.actor, comment)
            restores = flag.fact is FlagFact.KILLED
            writing = Writing(
                Action.RESTORE if restores else Action.UPDATE,
                comment or "rollout resumed",
                kill=False if restores else None,
            )
            return await self._stages.write(
                change, stored, progress, happening, base=base, writing=writing, caller=caller, at=now
            )

    async def step(
        self, environment: str, rollout_id: str, stage: int, *, etag: str, comment: str, caller: Caller
    ) -> StoredRollout:
        """Begin the next stage now, or complete the plan; what was done already changes nothing."""
        check_comment(comment)
        async with self._writer.change(environment, caller) as change:
            stored = await found(change, rollout_id, etag)
            if stage and _is_done(stored, stage):
                return stored
            now = self._clock()
            by_person = caller.role is not Role.INTERNAL
            progress = acting.stepped(plan_of(stored.plan), stored.progress, stage, now, by_person=by_person)
            _require_as_written(await self._stages.flag_now(change, stored))
            if progress.state is State.COMPLETED or stored.base is None:
                done = Happening(RolloutAction.COMPLETE, caller.actor, comment)
                return change.rollouts.put(replace(stored, progress=progress), done, at=now)
            writing = Writing(Action.UPDATE, comment or stage_comment(stored, stage))
            happening = Happening(RolloutAction.STEP, caller.actor, comment)
            return await self._stages.write(
                change, stored, progress, happening, base=stored.base, writing=writing, caller=caller, at=now
            )

    async def roll_back(
        self,
        environment: str,
        rollout_id: str,
        *,
        to_nothing: bool,
        reason: str,
        evidence: rollout_guard_pb2.GuardEvidence | None,
        etag: str,
        caller: Caller,
    ) -> StoredRollout:
        """
        Serve an earlier stage, or what was served before the plan.

        Raises:
            PermissionDenied: the plan is breached, and no person asks.
        """
        require_reason(reason)
        evidence = None if evidence is None else checked_evidence(evidence)
        async with self._writer.change(environment, caller) as change:
            stored = await found(change, rollout_id, etag)
            if stored.progress.state is State.BREACHED and caller.role is Role.INTERNAL:
                raise PermissionDenied("a breached rollout is for people to decide on")
            now = self._clock()
            progress = acting.rolled_back(stored.progress, now, reason, to_nothing=to_nothing)
            # What was taken back before has left the flag to others.
            await _require_free(change, stored)
            happening = Happening(RolloutAction.ROLL_BACK, caller.actor, reason, evidence)
            writing = Writing(Action.ROLL_BACK, reason)
            return await self._stages.take_back(
                change, stored, progress, happening, writing=writing, caller=caller, at=now
            )

    async def approve(
        self, environment: str, rollout_id: str, stage: int, *, etag: str, comment: str, caller: Caller
    ) -> StoredRollout:
        """Agree to a stage and all before it; whoever looks next begins it when all else is there."""
        check_comment(comment)
        async with self._writer.change(environment, caller) as change:
            stored = await found(change, rollout_id, etag)
            progress = acting.approved(plan_of(stored.plan), stored.progress, stage)
            if progress == stored.progress:
                return stored
            happening = Happening(RolloutAction.APPROVE, caller.actor, comment)
            return change.rollouts.put(replace(stored, progress=progress), happening, at=self._clock())


def _is_done(stored: StoredRollout, stage: int) -> bool:
    progress = stored.progress
    if progress.state is State.COMPLETED:
        return stage == progress.stage + 1
    return stage == progress.stage and progress.state in (State.RUNNING, State.PAUSED)


def _require_as_written(flag: FlagNow) -> None:
    if flag.fact is not FlagFact.AS_WRITTEN:
        raise StateConflict(f"the flag is {flag.fact.value}: resume the rollout", metadata={"state": flag.fact.value})


async def _require_free(change: Change, stored: StoredRollout) -> None:
    other = await change.rollouts.started(stored.plan.flag_key)
    if other is not None and other.id != stored.id:
        raise StateConflict(
            f"flag {stored.plan.flag_key} has a rollout already",
            metadata={"state": other.progress.state.value, "rollout_id": other.id},
        )
