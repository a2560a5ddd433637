"""Drafts of plans: nothing is served yet."""

import datetime
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from mirante.api.flags.v1 import rollout_pb2

from services.flags.rollouts.finding import found
from services.flags.rollouts.model import Progress, State
from services.flags.rollouts.records import Happening, RolloutAction, StoredRollout
from services.flags.rollouts.stage_writing import StageWriter
from services.flags.rollouts.templates import stages_of
from services.flags.store import Kind
from services.flags.texts import check_comment, require_key
from services.flags.writer import Writer
from services.runtime.access import Caller
from services.runtime.errors import InvalidRequest, StateConflict

_MOST_DRAFTS: Final = 50
"""Of one flag."""


class DraftDesk:
    """
    Makes and changes drafts. Raises as `RolloutDesk` does.

    Args:
        writer: of changes.
        stages: knows what flags can be.
        clock: an aware moment.
    """

    def __init__(self, writer: Writer, stages: StageWriter, clock: Callable[[], datetime.datetime]) -> None:
        self._writer = writer
        self._stages = stages
        self._clock = clock

    async def create(
        self,
        environment: str,
        plan: rollout_pb2.RolloutPlan,
        *,
        template: str,
        ring_segments: Sequence[str],
        comment: str,
        caller: Caller,
    ) -> StoredRollout:
        """Draft a plan; one without stages gets those of the template."""
        plan = _completed(plan, template, ring_segments)
        require_key(Kind.FLAG, plan.flag_key, "plan.flag_key")
        check_comment(comment)
        async with self._writer.change(environment, caller) as change:
            await self._stages.require_sound_plan(change, plan)
            if await change.rollouts.drafts(plan.flag_key) >= _MOST_DRAFTS:
                raise StateConflict(f"the flag has {_MOST_DRAFTS} drafts already", metadata={"state": "full"})
            now = self._clock()
            stored = StoredRollout(
                id=str(uuid.uuid4()),
                environment=environment,
                plan=plan,
                progress=Progress.draft(now),
                version=0,
                created_at=now,
                created_by=caller.actor,
                updated_at=now,
                updated_by=caller.actor,
            )
            return change.rollouts.put(stored, Happening(RolloutAction.CREATE, caller.actor, comment), at=now)

    async def update(
        self,
        environment: str,
        rollout_id: str,
        plan: rollout_pb2.RolloutPlan,
        *,
        etag: str,
        comment: str,
        caller: Caller,
    ) -> StoredRollout:
        """Replace the plan of a draft; its flag stays."""
        plan = _completed(plan, "", ())
        check_comment(comment)
        if not etag:
            raise InvalidRequest.of("etag", "is required: read first what you are about to change")
        async with self._writer.change(environment, caller) as change:
            stored = await found(change, rollout_id, etag)
            _require_draft(stored)
            if plan.flag_key != stored.plan.flag_key:
                raise InvalidRequest.of("plan.flag_key", f"is {stored.plan.flag_key} since the draft was made")
            await self._stages.require_sound_plan(change, plan)
            happening = Happening(RolloutAction.UPDATE, caller.actor, comment)
            return change.rollouts.put(replace(stored, plan=plan), happening, at=self._clock())

    async def delete(self, environment: str, rollout_id: str, caller: Caller) -> None:
        """Remove a draft."""
        async with self._writer.change(environment, caller) as change:
            _require_draft(await found(change, rollout_id))
            change.rollouts.remove(rollout_id)


def _completed(given: rollout_pb2.RolloutPlan, template: str, ring_segments: Sequence[str]) -> rollout_pb2.RolloutPlan:
    plan = rollout_pb2.RolloutPlan()
    plan.CopyFrom(given)
    plan.DiscardUnknownFields()
    if template and plan.stages:
        raise InvalidRequest.of("template", "is for plans without stages")
    if template:
        plan.stages.extend(stages_of(template, ring_segments))
    return plan


def _require_draft(stored: StoredRollout) -> None:
    if stored.progress.state is not State.DRAFT:
        raise StateConflict("the rollout is no draft any more", metadata={"state": stored.progress.state.value})
