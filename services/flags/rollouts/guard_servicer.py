"""`RolloutGuardService`: decodes, calls the use case, encodes."""

from mirante.api.flags.v1 import rollout_service_pb2 as pb2
from mirante.api.flags.v1 import rollout_service_pb2_grpc as pb2_grpc

from services.flags.rollouts.guard_desk import GuardDesk
from services.flags.rollouts.messages import rollout_message
from services.runtime.access import current_caller


class RolloutGuardServicer(pb2_grpc.RolloutGuardServiceServicer):
    """What metrics says of the guards."""

    def __init__(self, desk: GuardDesk) -> None:
        self._desk = desk

    async def ReportGuards(self, request: pb2.ReportGuardsRequest, _: object) -> pb2.ReportGuardsResponse:
        """Keep a report."""
        environment = current_caller.get().environment(request.environment)
        found = await self._desk.report(environment, request.rollout_id, request.step, request.report)
        return pb2.ReportGuardsResponse(rollout=rollout_message(*found))

    async def ReportBreach(self, request: pb2.ReportBreachRequest, _: object) -> pb2.ReportBreachResponse:
        """Do what the guard's action says."""
        caller = current_caller.get()
        stored = await self._desk.breach(
            caller.environment(request.environment), request.rollout_id, request.step, request.evidence, caller
        )
        return pb2.ReportBreachResponse(rollout=rollout_message(stored))
