"""Results and plans of experiments, computed from the analytics store off the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar, TypeVarTuple

import duckdb
from mirante.api.metrics.v1 import experiment_pb2 as pb2
from mirante.api.metrics.v1 import experiment_result_pb2 as result_pb2

from services.metrics.analytics.store import StoreUnavailable
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.reading import AnalyticsStore, Snapshot
from services.metrics.experiments.data.measuring import measured
from services.metrics.experiments.data.past import past_caps
from services.metrics.experiments.data.questions import Question
from services.metrics.experiments.data.tallies import Measured
from services.metrics.experiments.designing.asking import question_of
from services.metrics.experiments.designing.defaults import by_tenant, metrics
from services.metrics.experiments.designing.past import ACTIVITY, EXPOSURES, FEWEST_EXPOSED, past_question
from services.metrics.experiments.designing.planning import past_of, plan_message
from services.metrics.experiments.results.computing import results_of
from services.metrics.experiments.storing.looks import PostgresLooks
from services.runtime.errors import Overloaded, StateConflict

WEEKS: Final = 4
"""Of the past, that designs are made by."""
_AT_ONCE: Final = 2
_RETRY_SECONDS: Final = 5.0
_REMEMBERED: Final = 64
_FRESH_US: Final = 5_000_000
"""Results are not computed again before the store is further by so much: many look at the same ones."""

Arguments = TypeVarTuple("Arguments")
Done = TypeVar("Done")
_Asked = tuple[str, str, int, str]


class ResultsDesk:
    """
    Computes results and plans.

    Args:
        store: the analytics store.
        looks: what all looks have said.
        clock: seconds since 1970.
    """

    def __init__(self, store: AnalyticsStore, looks: PostgresLooks, clock: Callable[[], float]) -> None:
        self._store = store
        self._looks = looks
        self._clock = clock
        # Not the loop's own threads: what nobody waits for any more still holds one of these.
        self._threads = ThreadPoolExecutor(_AT_ONCE, "experiments")
        self._running: dict[_Asked, asyncio.Task[result_pb2.ExperimentResults]] = {}
        self._known: dict[object, result_pb2.ExperimentResults] = {}

    async def results(
        self, environment: str, record: pb2.ExperimentRecord, breakdown: str = ""
    ) -> result_pb2.ExperimentResults:
        """
        Return what an experiment says now, and keep what this look says. Who asks the same at once shares the work.

        Raises:
            StateConflict: it has not started.
            InvalidRequest: the breakdown has too many values.
            Unavailable: the analytics store or the database cannot be read.
        """
        if not record.phases:
            raise StateConflict("the experiment has not started: there are no results yet")
        asked = (environment, record.experiment.key, record.version, breakdown)
        task = self._running.get(asked)
        if task is None:
            task = self._running[asked] = asyncio.create_task(self._results(environment, record, breakdown))
            task.add_done_callback(lambda _: self._running.pop(asked, None))
        return await asyncio.shield(task)

    async def plan(
        self, environment: str, experiment: pb2.Experiment, weeks: int, power: float
    ) -> result_pb2.ExperimentPlan:
        """Return what a design costs, by the last weeks; raise `Unavailable` when the store cannot be read."""
        snapshot = await self._in_thread(self._store.snapshot, environment)
        return await self._in_thread(plan_from_past, experiment, snapshot, weeks, power)

    async def freeze(self, environment: str, experiment: pb2.Experiment) -> pb2.Experiment:
        """
        Return a design with the caps and variances that the past sets.

        Raises:
            StateConflict: a metric is to have a cap, and the past says nothing of it.
            Unavailable: the analytics store cannot be read.
        """
        snapshot = await self._in_thread(self._store.snapshot, environment)
        frozen = await self._in_thread(design_from_past, experiment, snapshot)
        for field, metric in metrics(frozen):
            if metric.cap_quantile and not metric.HasField("cap"):
                raise StateConflict(f"{field}.cap: the past says nothing of {metric.key}: give the cap, or none")
        return frozen

    async def _results(
        self, environment: str, record: pb2.ExperimentRecord, breakdown: str
    ) -> result_pb2.ExperimentResults:
        snapshot = await self._in_thread(self._store.snapshot, environment)
        until = snapshot.watermark.complete_us
        build, _, splits = snapshot.key(None)
        place = (environment, record.experiment.key, record.version, breakdown, build, splits, snapshot.forgets)
        known = self._known.get(place)
        if known is not None and until - known.complete_until.ToMicroseconds() < _FRESH_US:
            return known
        before = await self._looks.load(environment, record.experiment.key)
        question = question_of(record, until, breakdown)
        found = await self._in_thread(_measured, question, snapshot)
        results, kept = await self._in_thread(results_of, record, question, found, before)
        await self._looks.save(environment, record.experiment.key, kept)
        results.computed_at.FromMicroseconds(int(self._clock() * 1_000_000))
        results.exploratory_property = breakdown
        self._remember(place, results)
        return results

    async def _in_thread(self, work: Callable[[*Arguments], Done], *arguments: *Arguments) -> Done:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: work(*arguments))
        except (MemoryError, duckdb.OutOfMemoryException) as error:
            raise Overloaded("this needs more memory than there is now", retry_seconds=_RETRY_SECONDS) from error

    def _remember(self, place: object, results: result_pb2.ExperimentResults) -> None:
        self._known[place] = results
        while len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]


def plan_from_past(
    experiment: pb2.Experiment, snapshot: Snapshot, weeks: int, power: float
) -> result_pb2.ExperimentPlan:
    """Return what a design costs, by the last weeks. Blocking."""
    capped, question, found, population = _past(experiment, snapshot, weeks)
    return plan_message(capped, question, found, population=population, power=power)


def design_from_past(experiment: pb2.Experiment, snapshot: Snapshot) -> pb2.Experiment:
    """Return a design with the caps and variances that the past sets. Blocking."""
    frozen, _, found, _ = _past(experiment, snapshot, WEEKS)
    for _, metric in metrics(frozen):
        spread = past_of(metric, found, tenants=by_tenant(frozen)).spread
        if spread is not None:
            metric.planned_spread = spread
    return frozen


def _past(experiment: pb2.Experiment, snapshot: Snapshot, weeks: int) -> tuple[pb2.Experiment, Question, Measured, str]:
    """Return the design with caps, what was asked about the past and what it said, and who stood for the exposed."""
    until, capped = snapshot.watermark.complete_us, pb2.Experiment()
    capped.CopyFrom(experiment)
    quantiles = {
        metric.key: metric.cap_quantile
        for _, metric in metrics(capped)
        if metric.cap_quantile and not metric.HasField("cap")
    }
    population = EXPOSURES
    question = past_question(capped, population, until, weeks)
    found = _measured(question, snapshot)
    if found.exposures[..., -1].sum() < FEWEST_EXPOSED:
        population = ACTIVITY
        question = past_question(capped, population, until, weeks)
        found = _measured(question, snapshot)
    if quantiles:
        caps = past_caps(question, quantiles, snapshot, Limits())
        for _, metric in metrics(capped):
            if metric.key in caps:
                metric.cap = caps[metric.key]
        question = past_question(capped, population, until, weeks)
        found = _measured(question, snapshot)
    return capped, question, found, population


def _measured(question: Question, snapshot: Snapshot) -> Measured:
    try:
        return measured(question, snapshot, Limits())
    except duckdb.IOException as error:
        snapshot.report_damage()
        raise StoreUnavailable("files of the analytics store could not be read: ask again") from error
