"""Decisions: a winner is shipped, or the experiment is killed; what was learned is written down."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from mirante.api.metrics.v1 import experiment_pb2 as pb2
from mirante.api.metrics.v1 import experiment_result_pb2 as result_pb2

from services.metrics.experiments.designing.allocation import serving
from services.metrics.experiments.designing.records import end
from services.metrics.experiments.designing.shipping import plan_of
from services.metrics.experiments.designing.starting import check_free
from services.metrics.experiments.desk import LIVE, LONGEST_COMMENT, Asked, ExperimentDesk
from services.metrics.experiments.outside import Flags, Rollouts
from services.metrics.experiments.reporting import report_of
from services.metrics.experiments.results_desk import ResultsDesk
from services.metrics.experiments.storing.experiments import (
    PostgresExperiments,
    experiments_in,
    replace_record,
)
from services.runtime.errors import InvalidRequest, NotFound, Overloaded, StateConflict, Unavailable
from services.runtime.postgres.pool import PostgresPool
from services.runtime.texts import check_text

_log = logging.getLogger(__name__)

_KILL_SECONDS: Final = 10.0
"""A kill waits for numbers no longer."""
_DECIDABLE: Final = (*LIVE, pb2.EXPERIMENT_STATE_STOPPED)
_ARCHIVABLE: Final = (
    pb2.EXPERIMENT_STATE_DRAFT,
    pb2.EXPERIMENT_STATE_STOPPED,
    pb2.EXPERIMENT_STATE_DECIDED,
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be decided: the variant to ship (empty: the winner), by a template of plans (empty: at once)."""

    kind: pb2.DecisionKind.ValueType
    variant: str = ""
    template: str = ""


class Deciding:
    """
    Decides experiments, archives them, and writes their reports.

    Args:
        pool: the database.
        desk: what checks and locks changes.
        flags: where a variant is served to everybody.
        rollouts: where a winner is rolled out in stages.
        experiments: what was stored.
        results: what the data say.
    """

    def __init__(
        self,
        pool: PostgresPool,
        desk: ExperimentDesk,
        flags: Flags,
        rollouts: Rollouts,
        experiments: PostgresExperiments,
        *,
        results: ResultsDesk,
    ) -> None:
        self._pool = pool
        self._desk = desk
        self._flags = flags
        self._rollouts = rollouts
        self._experiments = experiments
        self._results = results

    async def decide(self, asked: Asked, wish: Wish) -> pb2.ExperimentRecord:
        """
        Decide.

        Raises:
            InvalidRequest: the variant is none of the arms or there is no winner, or the verdict says something else
                and the comment does not say why.
            NotFound: there is no such experiment.
            EtagMismatch: it, or the flag, was changed since it was read.
            StateConflict: it is not running, paused or stopped, or another one draws by the same rule meanwhile.
        """
        check_text("comment", asked.comment, LONGEST_COMMENT)
        record = await self._experiments.get(asked.environment, asked.key)
        seconds = _KILL_SECONDS if wish.kind == pb2.DECISION_KIND_KILL else None
        results = await self.numbers(asked.environment, record, seconds)
        async with self._pool.transaction() as connection:
            record = await self._desk.for_change(connection, asked, _DECIDABLE)
            live = await experiments_in(connection, asked.environment, LIVE)
            check_free(record.experiment, [each for each in live if each.experiment.key != asked.key])
            record.decision.CopyFrom(_decision(record.experiment, wish, asked, results))
            record.decision.by = asked.caller.actor
            record.decision.at.FromDatetime(self._desk.now())
            end(record, self._desk.now())
            record.state = pb2.EXPERIMENT_STATE_DECIDED
            record.decision.rollout_id = await self._serve(asked, record, wish)
            return await replace_record(
                connection,
                asked.environment,
                record,
                self._desk.noted("decide", asked.caller, asked.comment),
                report_of(record, results),
            )

    async def archive(self, asked: Asked) -> pb2.ExperimentRecord:
        """Put an experiment out of the way; raise `NotFound`, `EtagMismatch`, or `StateConflict` while it is live."""
        check_text("comment", asked.comment, LONGEST_COMMENT)
        report = None
        before = await self._experiments.get(asked.environment, asked.key)
        if before.state == pb2.EXPERIMENT_STATE_STOPPED:
            report = report_of(before, await self.numbers(asked.environment, before))
        async with self._pool.transaction() as connection:
            record = await self._desk.for_change(connection, asked, _ARCHIVABLE)
            record.state = pb2.EXPERIMENT_STATE_ARCHIVED
            noted = self._desk.noted("archive", asked.caller, asked.comment)
            return await replace_record(connection, asked.environment, record, noted, report)

    async def report(self, environment: str, key: str) -> str:
        """Return the report that was written, or what it would be now; raise `NotFound`."""
        record = await self._experiments.get(environment, key)
        written = await self._experiments.report(environment, key)
        return report_of(record, await self.numbers(environment, record)) if written is None else written

    async def numbers(
        self, environment: str, record: pb2.ExperimentRecord, seconds: float | None = None
    ) -> result_pb2.ExperimentResults | None:
        """Return the results; None of a draft, or while they cannot be read: a kill has to work all the same."""
        try:
            async with asyncio.timeout(seconds):
                return await self._results.results(environment, record)
        except StateConflict:
            return None
        except TimeoutError:
            reason = "they take too long"
        except (Unavailable, Overloaded) as error:
            reason = error.message
        _log.warning("decided or reported without numbers", extra={"reason": reason})
        return None

    async def _serve(self, asked: Asked, record: pb2.ExperimentRecord, wish: Wish) -> str:
        """Serve the variant of the decision; return the id of the plan that does so in stages, if one does."""
        experiment, decision = record.experiment, record.decision
        if wish.template:
            if experiment.rule_id:
                raise InvalidRequest.of("rollout_template", "plans are for experiments on everybody, not on a rule")
            plan = plan_of(experiment, decision.variant)
            return await self._rollouts.ship(asked.environment, plan, template=wish.template, caller=asked.caller)
        what = "ships" if decision.kind == pb2.DECISION_KIND_SHIP else "is killed, and so everybody gets"
        try:
            flag = await self._flags.get(asked.environment, experiment.flag_key)
        except NotFound:
            raise StateConflict(f"the flag {experiment.flag_key!r} is gone: archive the experiment") from None
        await self._flags.update(
            asked.environment,
            serving(flag.flag, experiment, decision.variant),
            etag=flag.etag,
            comment=f"experiment {experiment.key} {what} {decision.variant}",
            caller=asked.caller,
        )
        return ""


def _decision(
    experiment: pb2.Experiment, wish: Wish, asked: Asked, results: result_pb2.ExperimentResults | None
) -> pb2.ExperimentDecision:
    verdict = result_pb2.ExperimentVerdict() if results is None else results.verdict
    if wish.kind == pb2.DECISION_KIND_KILL:
        if wish.variant or wish.template:
            raise InvalidRequest.of("variant", "has no meaning: everybody gets the control")
        decision = pb2.ExperimentDecision(kind=wish.kind, variant=experiment.control)
        agrees = verdict.kind == result_pb2.VERDICT_KIND_KILL
    elif wish.kind == pb2.DECISION_KIND_SHIP:
        variant = wish.variant or verdict.winner
        if not variant:
            raise InvalidRequest.of("variant", "is required: the data name no winner")
        if variant not in {arm.variant for arm in experiment.arms}:
            raise InvalidRequest.of("variant", "is no arm of the experiment")
        if variant == experiment.control:
            raise InvalidRequest.of("variant", "is the control: kill the experiment instead")
        decision = pb2.ExperimentDecision(kind=wish.kind, variant=variant)
        agrees = verdict.kind == result_pb2.VERDICT_KIND_SHIP and verdict.winner == variant
    else:
        raise InvalidRequest.of("kind", "must be DECISION_KIND_SHIP or DECISION_KIND_KILL")
    decision.comment, decision.against_verdict = asked.comment, not agrees
    if not agrees and not asked.comment.strip():
        raise InvalidRequest.of("comment", "is required: why this is decided although the verdict does not say so")
    return decision
