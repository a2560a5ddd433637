"""`ExperimentService`: decodes, calls the use case, encodes."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from mirante.api.metrics.v1 import experiment_pb2
from mirante.api.metrics.v1 import experiment_service_pb2 as pb2
from mirante.api.metrics.v1 import experiment_service_pb2_grpc as pb2_grpc

from services.metrics.experiments.as_drawn import AsDrawn, warned
from services.metrics.experiments.deciding import Deciding, Wish
from services.metrics.experiments.designing.checks import is_key
from services.metrics.experiments.designing.defaults import by_tenant
from services.metrics.experiments.desk import Asked, ExperimentDesk
from services.metrics.experiments.results_desk import WEEKS, ResultsDesk
from services.metrics.experiments.storing.experiments import PostgresExperiments, no_such_experiment
from services.runtime.access import current_caller
from services.runtime.errors import InvalidRequest
from services.runtime.pages import last_key, last_number, page_size

_DEFAULT_PAGE: Final = 100
_MOST_IN_PAGE: Final = 1_000
_DEFAULT_HISTORY: Final = 50
_MOST_HISTORY: Final = 200
_MOST_WEEKS: Final = 26
_POWER: Final = 0.8
_LONGEST_PROPERTY: Final = 100
_UNKNOWN: Final = experiment_pb2.EXPERIMENT_STATE_UNSPECIFIED
_ARCHIVED: Final = experiment_pb2.EXPERIMENT_STATE_ARCHIVED


@dataclass(frozen=True, slots=True)
class ExperimentParts:
    """What the service is made of."""

    experiments: PostgresExperiments
    desk: ExperimentDesk
    results: ResultsDesk
    deciding: Deciding
    as_drawn: AsDrawn


class ExperimentServicer(pb2_grpc.ExperimentServiceServicer):
    """Experiments, from the draft to the archive."""

    def __init__(self, parts: ExperimentParts) -> None:
        self._parts = parts

    async def CreateExperiment(self, request: pb2.CreateExperimentRequest, _: object) -> pb2.CreateExperimentResponse:
        """Make a draft."""
        caller = current_caller.get()
        environment = caller.environment(request.environment)
        record = await self._parts.desk.create(environment, request.experiment, request.comment, caller)
        return pb2.CreateExperimentResponse(record=record)

    async def GetExperiment(self, request: pb2.GetExperimentRequest, _: object) -> pb2.GetExperimentResponse:
        """Return an experiment."""
        return pb2.GetExperimentResponse(record=await self._record(request))

    async def ListExperiments(self, request: pb2.ListExperimentsRequest, _: object) -> pb2.ListExperimentsResponse:
        """Return a page of experiments."""
        environment = current_caller.get().environment(request.environment)
        size = page_size(request.page_size, default=_DEFAULT_PAGE, most=_MOST_IN_PAGE)
        states = request.states or [
            each for each in experiment_pb2.ExperimentState.values() if each not in (_UNKNOWN, _ARCHIVED)
        ]
        if len(request.flag_key) > _LONGEST_PROPERTY * 2 or "\x00" in request.flag_key:
            raise InvalidRequest.of("flag_key", "is not the key of a flag")
        records, token = await self._parts.experiments.page(
            environment, last_key(request.page_token, is_key), size, states=states, flag_key=request.flag_key
        )
        return pb2.ListExperimentsResponse(records=records, next_page_token=token)

    async def UpdateExperiment(self, request: pb2.UpdateExperimentRequest, _: object) -> pb2.UpdateExperimentResponse:
        """Replace a draft."""
        caller = current_caller.get()
        environment = caller.environment(request.environment)
        asked = Asked(environment, request.experiment.key, request.etag, request.comment, caller)
        return pb2.UpdateExperimentResponse(record=await self._parts.desk.update(asked, request.experiment))

    async def PlanExperiment(self, request: pb2.PlanExperimentRequest, _: object) -> pb2.PlanExperimentResponse:
        """Return what a design costs and what it can find."""
        environment = current_caller.get().environment(request.environment)
        if request.weeks > _MOST_WEEKS:
            raise InvalidRequest.of("weeks", f"may be {_MOST_WEEKS} at most")
        if request.power and not 0.5 <= request.power < 1.0:
            raise InvalidRequest.of("power", "must be at least 0.5 and below 1; 0.8 is 80 %")
        await self._parts.desk.check(environment, request.experiment, "")
        plan = await self._parts.results.plan(
            environment, request.experiment, request.weeks or WEEKS, request.power or _POWER
        )
        return pb2.PlanExperimentResponse(plan=plan)

    async def StartExperiment(self, request: pb2.StartExperimentRequest, _: object) -> pb2.StartExperimentResponse:
        """Freeze a design, and begin."""
        asked = _asked(request)
        record = await self._parts.experiments.get(asked.environment, asked.key)
        frozen = record.experiment
        if record.state == experiment_pb2.EXPERIMENT_STATE_DRAFT:
            frozen = await self._parts.results.freeze(asked.environment, record.experiment)
        etag = asked.etag or record.etag
        known = Asked(asked.environment, asked.key, etag, asked.comment, asked.caller)
        return pb2.StartExperimentResponse(record=await self._parts.desk.start(known, frozen))

    async def ChangeAllocation(self, request: pb2.ChangeAllocationRequest, _: object) -> pb2.ChangeAllocationResponse:
        """Begin a phase."""
        record = await self._parts.desk.reallocate(_asked(request), request.arms, request.coverage)
        return pb2.ChangeAllocationResponse(record=record)

    async def PauseExperiment(self, request: pb2.PauseExperimentRequest, _: object) -> pb2.PauseExperimentResponse:
        """Let nobody new take part for a while."""
        return pb2.PauseExperimentResponse(record=await self._parts.desk.pause(_asked(request)))

    async def ResumeExperiment(self, request: pb2.ResumeExperimentRequest, _: object) -> pb2.ResumeExperimentResponse:
        """End a pause."""
        return pb2.ResumeExperimentResponse(record=await self._parts.desk.resume(_asked(request)))

    async def StopExperiment(self, request: pb2.StopExperimentRequest, _: object) -> pb2.StopExperimentResponse:
        """Let nobody new take part for good."""
        return pb2.StopExperimentResponse(record=await self._parts.desk.stop(_asked(request)))

    async def DecideExperiment(self, request: pb2.DecideExperimentRequest, _: object) -> pb2.DecideExperimentResponse:
        """Ship, or kill."""
        wish = Wish(request.kind, request.variant, request.rollout_template)
        return pb2.DecideExperimentResponse(record=await self._parts.deciding.decide(_asked(request), wish))

    async def ArchiveExperiment(
        self, request: pb2.ArchiveExperimentRequest, _: object
    ) -> pb2.ArchiveExperimentResponse:
        """Put an experiment out of the way."""
        return pb2.ArchiveExperimentResponse(record=await self._parts.deciding.archive(_asked(request)))

    async def GetExperimentHistory(
        self, request: pb2.GetExperimentHistoryRequest, _: object
    ) -> pb2.GetExperimentHistoryResponse:
        """Return changes, newest first."""
        environment, key = _named(request)
        size = page_size(request.page_size, default=_DEFAULT_HISTORY, most=_MOST_HISTORY)
        before = last_number(request.page_token)
        changes, token = await self._parts.experiments.history(environment, key, before, size)
        return pb2.GetExperimentHistoryResponse(changes=changes, next_page_token=token)

    async def GetResults(self, request: pb2.GetResultsRequest, _: object) -> pb2.GetResultsResponse:
        """Return what an experiment says now."""
        environment = current_caller.get().environment(request.environment)
        breakdown = request.breakdown_property
        record = await self._record(request)
        if len(breakdown) > _LONGEST_PROPERTY or "\x00" in breakdown:
            raise InvalidRequest.of("breakdown_property", f"has {_LONGEST_PROPERTY} characters at most, no NUL")
        if breakdown and by_tenant(record.experiment):
            raise InvalidRequest.of("breakdown_property", "has no meaning where tenants are drawn")
        results, as_drawn = await asyncio.gather(
            self._parts.results.results(environment, record, breakdown), self._parts.as_drawn.holds(environment, record)
        )
        return pb2.GetResultsResponse(results=results if as_drawn else warned(results))

    async def GetReport(self, request: pb2.GetReportRequest, _: object) -> pb2.GetReportResponse:
        """Return what was learned, in Markdown."""
        return pb2.GetReportResponse(markdown=await self._parts.deciding.report(*_named(request)))

    async def _record(
        self, request: pb2.GetExperimentRequest | pb2.GetResultsRequest
    ) -> experiment_pb2.ExperimentRecord:
        return await self._parts.experiments.get(*_named(request))


def _named(request: Any) -> tuple[str, str]:
    """Return the environment and the key that a request names; raise `NotFound` for what is no key."""
    environment = current_caller.get().environment(request.environment)
    if not is_key(request.experiment_key):
        raise no_such_experiment(request.experiment_key)
    return environment, request.experiment_key


def _asked(request: Any) -> Asked:
    environment, key = _named(request)
    return Asked(environment, key, request.etag, request.comment, current_caller.get())
