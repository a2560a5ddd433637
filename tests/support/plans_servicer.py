"""Rollout plans in memory, behind the contract of the flag service."""

import grpc.aio
from mirante.api.flags.v1 import rollout_pb2
from mirante.api.flags.v1 import rollout_service_pb2 as pb2
from mirante.api.flags.v1.rollout_service_pb2_grpc import RolloutServiceServicer


class Plans(RolloutServiceServicer):
    """Plans in memory; `killed` is whether their flag is, so that none can be started."""

    def __init__(self) -> None:
        self.kept: dict[str, rollout_pb2.RolloutRecord] = {}
        self.killed = False

    async def ListRollouts(self, request: pb2.ListRolloutsRequest, _: object) -> pb2.ListRolloutsResponse:
        """See `RolloutService`."""
        found = [
            each
            for each in self.kept.values()
            if each.plan.flag_key == request.flag_key and each.state in request.states
        ]
        return pb2.ListRolloutsResponse(rollouts=found)

    async def CreateRollout(self, request: pb2.CreateRolloutRequest, _: object) -> pb2.CreateRolloutResponse:
        """See `RolloutService`."""
        made = rollout_pb2.RolloutRecord(
            id=f"plan {len(self.kept)}", plan=request.plan, state=rollout_pb2.ROLLOUT_STATE_DRAFT
        )
        self.kept[made.id] = made
        return pb2.CreateRolloutResponse(rollout=made)

    async def StartRollout(
        self,
        request: pb2.StartRolloutRequest,
        context: grpc.aio.ServicerContext[pb2.StartRolloutRequest, pb2.StartRolloutResponse],
    ) -> pb2.StartRolloutResponse:
        """See `RolloutService`."""
        if self.killed:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "the flag is killed")
        self.kept[request.rollout_id].state = rollout_pb2.ROLLOUT_STATE_RUNNING
        return pb2.StartRolloutResponse(rollout=self.kept[request.rollout_id])

    async def DeleteRollout(self, request: pb2.DeleteRolloutRequest, _: object) -> pb2.DeleteRolloutResponse:
        """See `RolloutService`."""
        del self.kept[request.rollout_id]
        return pb2.DeleteRolloutResponse()
