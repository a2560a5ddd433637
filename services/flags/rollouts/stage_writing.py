"""Writes what a plan's progress makes of its flag, together with the progress, within one change."""

import datetime
import re
from dataclasses import dataclass, replace
from typing import Final

from mirante.api.flags.v1 import flag_pb2, rollout_pb2
from mirante.evaluation.model import Violation

from services.flags.definition_checks import require_sound
from services.flags.preconditions import live
from services.flags.references import References
from services.flags.rollouts.model import FlagFact, Progress
from services.flags.rollouts.plan_checks import require_sound_plan
from services.flags.rollouts.records import Happening, StoredRollout
from services.flags.rollouts.stage_rules import (
    EVERYBODY,
    Base,
    base_of,
    base_to_go_back_to,
    is_stage_rule,
    serves_alike,
    stage_of_rule,
    with_stage,
    without_stages,
)
from services.flags.store import Kind
from services.flags.store.definitions import Change
from services.flags.store.records import Action, Record, parsed_flag, serialised
from services.flags.texts import MAX_COMMENT
from services.runtime.access import Caller
from services.runtime.errors import InvalidRequest

_RULE: Final = re.compile(r"flag\.rules\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class FlagNow:
    """
    How a plan's flag is, within a change.

    `written` is what the plan wrote last, and `by` who has changed it since, if anybody.
    """

    record: Record | None
    fact: FlagFact
    written: flag_pb2.Flag | None = None
    by: str = ""

    @property
    def version(self) -> int:
        """Its version; 0 when there is none."""
        return 0 if self.record is None else self.record.version


@dataclass(frozen=True, slots=True)
class Writing:
    """
    How a stage is written: what the history says, whether the flag is killed or restored with it, and whether one that
    is off may be switched on.
    """

    action: Action
    comment: str
    kill: bool | None = None
    switches_on: bool = True


class StageWriter:
    """Looks at flags and writes them, for all that moves a plan."""

    def __init__(self, references: References) -> None:
        self._references = references

    async def flag_now(self, change: Change, stored: StoredRollout) -> FlagNow:
        """Return how the flag of a started plan is, compared with what the plan wrote last."""
        key = stored.plan.flag_key
        record = await change.find(Kind.FLAG, key)
        if record is None or record.archived:
            return FlagNow(record, FlagFact.ARCHIVED)
        flag = parsed_flag(record)
        past = None
        if record.version != stored.flag_version:
            past = await change.version(Kind.FLAG, key, stored.flag_version)
        written = flag if record.version == stored.flag_version else None if past is None else parsed_flag(past)
        if flag.HasField("kill"):
            return FlagNow(record, FlagFact.KILLED, written, record.updated_by)
        alike = written is not None and serves_alike(written, flag)
        return FlagNow(record, FlagFact.AS_WRITTEN if alike else FlagFact.CHANGED, written, record.updated_by)

    async def write(
        self,
        change: Change,
        stored: StoredRollout,
        progress: Progress,
        happening: Happening,
        *,
        base: Base,
        writing: Writing,
        caller: Caller,
        at: datetime.datetime,
    ) -> StoredRollout:
        """
        Write the flag as a stage makes it, and the plan, and return the plan as it will be.

        Raises:
            InvalidRequest: the flag would not be sound; the fields are those of the plan.
            StateConflict: it is archived.
        """
        key = stored.plan.flag_key
        record = live(Kind.FLAG, key, await change.find(Kind.FLAG, key))
        before = parsed_flag(record)
        flag = with_stage(before, base, stored.plan, progress.stage)
        flag.on = flag.on and (before.on or writing.switches_on)
        if writing.kill:
            _kill(flag, change, writing.comment, caller)
        elif writing.kill is False:
            flag.ClearField("kill")
        if serialised(flag) != record.definition:
            await self.require_sound(change, flag)
            record = change.put(flag, record, writing.action, comment=writing.comment[:MAX_COMMENT])
        new = replace(stored, progress=progress, base=base, flag_version=record.version)
        return change.rollouts.put(new, happening, at=at)

    async def take_back(
        self,
        change: Change,
        stored: StoredRollout,
        progress: Progress,
        happening: Happening,
        *,
        writing: Writing,
        caller: Caller,
        at: datetime.datetime,
    ) -> StoredRollout:
        """
        Write an earlier stage, also over what somebody has changed; of an archived flag only the plan is written.

        A flag that somebody has switched off stays off.
        """
        now = await self.flag_now(change, stored)
        if now.fact is FlagFact.ARCHIVED or now.record is None or stored.base is None:
            return change.rollouts.put(replace(stored, progress=progress), happening, at=at)
        base = stored.base
        if now.written is not None:
            base = base_to_go_back_to(parsed_flag(now.record), now.written, base, stored.plan)
        writing = replace(writing, switches_on=False)
        return await self.write(change, stored, progress, happening, base=base, writing=writing, caller=caller, at=at)

    async def kill(
        self,
        change: Change,
        stored: StoredRollout,
        progress: Progress,
        happening: Happening,
        *,
        caller: Caller,
        at: datetime.datetime,
    ) -> StoredRollout:
        """Kill the flag as it is, and write the plan; raise `StateConflict` of a flag that is archived."""
        key = stored.plan.flag_key
        record = live(Kind.FLAG, key, await change.find(Kind.FLAG, key))
        flag = parsed_flag(record)
        _kill(flag, change, happening.comment, caller)
        if serialised(flag) != record.definition:
            record = change.put(flag, record, Action.KILL, comment=happening.comment[:MAX_COMMENT])
        return change.rollouts.put(replace(stored, progress=progress, flag_version=record.version), happening, at=at)

    async def require_sound_plan(self, change: Change, plan: rollout_pb2.RolloutPlan) -> None:
        """
        Return when a plan can be started on its flag as it is now.

        Raises:
            NotFound: no such flag.
            InvalidRequest: the plan is not sound, or the flag would not be with all of its stages.
            StateConflict: the flag is archived, or serves the variant to everybody already.
        """
        key = plan.flag_key
        flag = without_stages(parsed_flag(live(Kind.FLAG, key, await change.find(Kind.FLAG, key))))
        require_sound_plan(plan, flag)
        whole = rollout_pb2.RolloutPlan()
        whole.CopyFrom(plan)
        for stage in whole.stages:
            # Full coverage of everybody would leave the rules of the other stages out.
            stage.coverage = min(stage.coverage, EVERYBODY - 1)
        await self.require_sound(change, with_stage(flag, base_of(flag, plan), whole, len(whole.stages)))

    async def require_sound(self, change: Change, flag: flag_pb2.Flag) -> None:
        """Raise `InvalidRequest` if a flag is not sound; fields of stages' rules are named as the plan's."""
        try:
            require_sound(flag, "flag")
            await self._references.require_sound(change, flag)
        except InvalidRequest as error:
            found = [Violation(_plan_field(each.field, flag), each.description) for each in error.violations]
            raise InvalidRequest(found, reason=error.reason) from None


def _kill(flag: flag_pb2.Flag, change: Change, reason: str, caller: Caller) -> None:
    """Kill a flag that is not killed yet."""
    if not flag.HasField("kill"):
        flag.kill.by, flag.kill.reason = caller.actor, reason[:MAX_COMMENT]
        flag.kill.at.FromDatetime(change.at)


def _plan_field(field: str, flag: flag_pb2.Flag) -> str:
    found = _RULE.match(field)
    if found is None:
        return field
    rule = flag.rules[int(found[1])]
    if not is_stage_rule(rule.id):
        return field
    return f"plan.stages[{stage_of_rule(rule.id) - 1}].audience"
