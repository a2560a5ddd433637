"""The seam to the flag service, which keeps rollout plans and acts on what is told to it."""

from collections.abc import Sequence
from typing import Final, Protocol

import grpc.aio
from mirante.api.flags.v1 import rollout_guard_pb2, rollout_pb2
from mirante.api.flags.v1 import rollout_service_pb2 as pb2
from mirante.api.flags.v1.rollout_service_pb2_grpc import RolloutGuardServiceStub, RolloutServiceStub

from services.metrics.experiments.outside.calling import CALL_SECONDS, answer_of, own
from services.metrics.guards.plans import WATCHED

_PAGE: Final = 200
_WHOSE: Final = "flag"
_STATES: Final = (*WATCHED, rollout_pb2.ROLLOUT_STATE_BREACHED)


class RolloutPlans(Protocol):
    """Rollout plans. All methods raise the `ServiceError` that is answered, `Unavailable` without an answer."""

    async def watched(self, environment: str) -> Sequence[rollout_pb2.RolloutRecord]:
        """Return the plans that may serve a stage, and those that are breached."""

    async def report(
        self, environment: str, rollout_id: str, step: int, report: rollout_guard_pb2.GuardReport
    ) -> rollout_pb2.RolloutRecord:
        """Tell how the guards are; return how the plan stands."""

    async def breach(
        self, environment: str, rollout_id: str, step: int, evidence: rollout_guard_pb2.GuardEvidence
    ) -> rollout_pb2.RolloutRecord:
        """Tell that a guard is breached; return the plan once it is stopped. Raise `StateConflict` of another step."""


class GrpcRolloutPlans:
    """The `RolloutPlans` by gRPC, with this service's own key."""

    def __init__(self, channel: grpc.aio.Channel, secret: str) -> None:
        self._plans, self._guards = RolloutServiceStub(channel), RolloutGuardServiceStub(channel)
        self._metadata = own(secret)

    async def watched(self, environment: str) -> Sequence[rollout_pb2.RolloutRecord]:
        """See `RolloutPlans`."""
        request = pb2.ListRolloutsRequest(environment=environment, page_size=_PAGE, states=_STATES)
        found: list[rollout_pb2.RolloutRecord] = []
        while True:
            call = self._plans.ListRollouts(request, metadata=self._metadata, timeout=CALL_SECONDS)
            page = await answer_of(call, _WHOSE, "rollout")
            found += page.rollouts
            request.page_token = page.next_page_token
            if not page.next_page_token:
                return found

    async def report(
        self, environment: str, rollout_id: str, step: int, report: rollout_guard_pb2.GuardReport
    ) -> rollout_pb2.RolloutRecord:
        """See `RolloutPlans`."""
        request = pb2.ReportGuardsRequest(environment=environment, rollout_id=rollout_id, step=step, report=report)
        call = self._guards.ReportGuards(request, metadata=self._metadata, timeout=CALL_SECONDS)
        return (await answer_of(call, _WHOSE, "report")).rollout

    async def breach(
        self, environment: str, rollout_id: str, step: int, evidence: rollout_guard_pb2.GuardEvidence
    ) -> rollout_pb2.RolloutRecord:
        """See `RolloutPlans`."""
        request = pb2.ReportBreachRequest(environment=environment, rollout_id=rollout_id, step=step, evidence=evidence)
        call = self._guards.ReportBreach(request, metadata=self._metadata, timeout=CALL_SECONDS)
        return (await answer_of(call, _WHOSE, "evidence")).rollout
