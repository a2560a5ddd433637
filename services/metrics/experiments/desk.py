"""Changes of experiments, from the draft to the archive."""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import asyncpg
from mirante.api.metrics.v1 import experiment_pb2 as pb2
from mirante.evaluation.model import Violation

from services.metrics.experiments.designing.allocation import check_flag, check_serving, drawing
from services.metrics.experiments.designing.checks import check_arms, check_design
from services.metrics.experiments.designing.defaults import WHOLE
from services.metrics.experiments.designing.events import check_events
from services.metrics.experiments.designing.records import end, latest, planned
from services.metrics.experiments.designing.starting import check_free, range_for
from services.metrics.experiments.outside import Catalogue, Flags, Rollouts
from services.metrics.experiments.storing.experiments import (
    Noted,
    experiments_in,
    insert_record,
    lock_environment,
    record_for_change,
    replace_record,
)
from services.runtime.access import Caller
from services.runtime.errors import AlreadyExists, InvalidRequest, StateConflict
from services.runtime.postgres.pool import PostgresPool
from services.runtime.texts import check_text

LONGEST_COMMENT: Final = 1_000

State: TypeAlias = pb2.ExperimentState.ValueType
LIVE: Final = (pb2.EXPERIMENT_STATE_RUNNING, pb2.EXPERIMENT_STATE_PAUSED)
"""The flag draws."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which experiment is to be changed, by whom, and what was said about it; without an etag whatever it is now."""

    environment: str
    key: str
    etag: str
    comment: str
    caller: Caller


class ExperimentDesk:
    """
    Changes experiments. Whatever is raised, nothing was changed; but a flag may draw already when the database goes
    away at the end of a start: then start it again.

    Every method raises `Unavailable` when the database or a service that it needs does not answer.
    """

    def __init__(
        self,
        pool: PostgresPool,
        flags: Flags,
        rollouts: Rollouts,
        catalogue: Catalogue,
        clock: Callable[[], float],
    ) -> None:
        self._pool = pool
        self._flags = flags
        self._rollouts = rollouts
        self._catalogue = catalogue
        self._clock = clock

    async def create(
        self, environment: str, experiment: pb2.Experiment, comment: str, caller: Caller
    ) -> pb2.ExperimentRecord:
        """
        Make a draft.

        Raises:
            InvalidRequest: a field is wrong.
            NotFound: there is no such flag.
            AlreadyExists: the key is taken.
        """
        await self.check(environment, experiment, comment)
        record = pb2.ExperimentRecord(experiment=planned(experiment), state=pb2.EXPERIMENT_STATE_DRAFT)
        async with self._pool.transaction() as connection:
            await lock_environment(connection, environment)
            made = await insert_record(connection, environment, record, self.noted("create", caller, comment))
        if made is None:
            raise AlreadyExists(
                f"there is or was an experiment {experiment.key!r}", metadata={"experiment_key": experiment.key}
            )
        return made

    async def update(self, asked: Asked, experiment: pb2.Experiment) -> pb2.ExperimentRecord:
        """
        Replace a draft.

        Raises:
            InvalidRequest: a field is wrong.
            NotFound: there is no such experiment or flag.
            EtagMismatch: it was changed since it was read.
            StateConflict: it has started, and is frozen.
        """
        if not asked.etag:
            raise InvalidRequest.of("etag", "is required: that of the version that was read")
        await self.check(asked.environment, experiment, asked.comment)
        async with self._pool.transaction() as connection:
            record = await self.for_change(connection, asked, (pb2.EXPERIMENT_STATE_DRAFT,))
            record.experiment.CopyFrom(planned(experiment))
            return await replace_record(
                connection, asked.environment, record, self.noted("update", asked.caller, asked.comment)
            )

    async def start(self, asked: Asked, frozen: pb2.Experiment) -> pb2.ExperimentRecord:
        """
        Freeze a design and make its flag draw.

        Args:
            asked: which; its etag is that of the draft that was frozen.
            frozen: the design, with what the past has set.

        Raises:
            InvalidRequest: the design does not fit the flag or the catalogue any more.
            NotFound: there is no such experiment or flag.
            EtagMismatch: the draft, or the flag, was changed meanwhile.
            StateConflict: it has started, its layer is full, or the flag is off, killed, taken or being rolled out.
        """
        await self.check(asked.environment, frozen, asked.comment)
        async with self._pool.transaction() as connection:
            record = await self.for_change(connection, asked, (pb2.EXPERIMENT_STATE_DRAFT,))
            others = await experiments_in(connection, asked.environment, LIVE)
            flag = await self._flags.get(asked.environment, frozen.flag_key)
            check_flag(flag.flag, frozen)
            check_serving(flag.flag)
            check_free(frozen, others)
            await self._check_not_rolled_out(asked.environment, frozen.flag_key)
            record.experiment.CopyFrom(frozen)
            record.state = pb2.EXPERIMENT_STATE_RUNNING
            record.layer_range.CopyFrom(range_for(frozen, others))
            phase = record.phases.add(arms=frozen.arms, coverage=frozen.coverage)
            await self._draw(asked, record, phase, "starts")
            # Only from now on, so that what was served before counts as little as can be.
            now = self.now()
            record.started_at.FromDatetime(now)
            phase.started_at.FromDatetime(now)
            noted = self.noted("start", asked.caller, asked.comment)
            return await replace_record(connection, asked.environment, record, noted)

    async def reallocate(self, asked: Asked, arms: Sequence[pb2.ExperimentArm], coverage: int) -> pb2.ExperimentRecord:
        """
        Begin a phase with other weights or another coverage.

        Raises:
            InvalidRequest: the arms are not those of the experiment, or a weight is wrong.
            NotFound: there is no such experiment.
            EtagMismatch: it, or the flag, was changed since it was read.
            StateConflict: it is not running.
        """
        check_text("comment", asked.comment, LONGEST_COMMENT)
        found = [Violation(field, problem) for field, problem in check_arms("arms", arms)]
        if coverage > WHOLE:
            found.append(Violation("coverage", f"may be {WHOLE:,} at most"))
        if found:
            raise InvalidRequest(found)
        async with self._pool.transaction() as connection:
            record = await self.for_change(connection, asked, LIVE)
            if {arm.variant for arm in arms} != {arm.variant for arm in record.experiment.arms}:
                raise InvalidRequest.of("arms", "must be those of the experiment")
            # In the order of the design, so that nobody gets another variant without need.
            weights = {arm.variant: arm for arm in arms}
            phase = record.phases.add(coverage=coverage, arms=[weights[arm.variant] for arm in record.experiment.arms])
            await self._draw(asked, record, phase, "changes its allocation")
            # Clocks may differ, and be set back; phases follow one another.
            phase.started_at.CopyFrom(latest(self.now(), record.phases[-2].started_at))
            noted = self.noted("allocate", asked.caller, asked.comment)
            return await replace_record(connection, asked.environment, record, noted)

    async def pause(self, asked: Asked) -> pb2.ExperimentRecord:
        """Let nobody new take part; raise `NotFound`, `EtagMismatch`, or `StateConflict` when it is not running."""

        def change(record: pb2.ExperimentRecord) -> None:
            record.state = pb2.EXPERIMENT_STATE_PAUSED
            record.pauses.add().started_at.FromDatetime(self.now())

        return await self._change(asked, "pause", (pb2.EXPERIMENT_STATE_RUNNING,), change)

    async def resume(self, asked: Asked) -> pb2.ExperimentRecord:
        """End a pause; raise `NotFound`, `EtagMismatch`, or `StateConflict` when it is not paused."""

        def change(record: pb2.ExperimentRecord) -> None:
            record.state = pb2.EXPERIMENT_STATE_RUNNING
            record.pauses[-1].ended_at.CopyFrom(latest(self.now(), record.pauses[-1].started_at))

        return await self._change(asked, "resume", (pb2.EXPERIMENT_STATE_PAUSED,), change)

    async def stop(self, asked: Asked) -> pb2.ExperimentRecord:
        """Let nobody new take part for good; raise as `pause` does."""

        def change(record: pb2.ExperimentRecord) -> None:
            record.state = pb2.EXPERIMENT_STATE_STOPPED
            end(record, self.now())

        return await self._change(asked, "stop", LIVE, change)

    async def check(self, environment: str, experiment: pb2.Experiment, comment: str) -> None:
        """
        Check a design against its flag and the catalogue.

        Raises:
            InvalidRequest: a field is wrong.
            NotFound: there is no such flag.
        """
        check_design(experiment)
        check_text("comment", comment, LONGEST_COMMENT)
        check_events(experiment, await self._catalogue.events(environment))
        check_flag((await self._flags.get(environment, experiment.flag_key)).flag, experiment)

    async def for_change(
        self, connection: asyncpg.Connection, asked: Asked, states: Sequence[State]
    ) -> pb2.ExperimentRecord:
        """Lock the environment and return the experiment; raise `NotFound`, `EtagMismatch` or `StateConflict`."""
        await lock_environment(connection, asked.environment)
        record = await record_for_change(connection, asked.environment, asked.key, asked.etag)
        if record.state not in states:
            is_, may = _name(record.state), " or ".join(_name(state) for state in states)
            raise StateConflict(f"the experiment is {is_}; this needs one that is {may}")
        return record

    def noted(self, action: str, caller: Caller, comment: str) -> Noted:
        """Return a change that is made now."""
        return Noted(action, caller.actor, self.now(), comment)

    def now(self) -> datetime.datetime:
        """Return the time."""
        return datetime.datetime.fromtimestamp(self._clock(), datetime.UTC)

    async def _check_not_rolled_out(self, environment: str, flag_key: str) -> None:
        plan = await self._rollouts.under_way(environment, flag_key)
        if plan:
            raise StateConflict(f"the flag {flag_key!r} is being rolled out by the plan {plan}: end that first")

    async def _change(
        self, asked: Asked, action: str, states: Sequence[State], change: Callable[[pb2.ExperimentRecord], None]
    ) -> pb2.ExperimentRecord:
        check_text("comment", asked.comment, LONGEST_COMMENT)
        async with self._pool.transaction() as connection:
            record = await self.for_change(connection, asked, states)
            change(record)
            noted = self.noted(action, asked.caller, asked.comment)
            return await replace_record(connection, asked.environment, record, noted)

    async def _draw(self, asked: Asked, record: pb2.ExperimentRecord, phase: pb2.AllocationPhase, why: str) -> None:
        held = await self._flags.get(asked.environment, record.experiment.flag_key)
        await self._flags.update(
            asked.environment,
            drawing(held.flag, record, phase),
            etag=held.etag,
            comment=f"experiment {asked.key} {why}",
            caller=asked.caller,
        )


def _name(state: State) -> str:
    return pb2.ExperimentState.Name(state).removeprefix("EXPERIMENT_STATE_").lower()
