"""`RolloutService`: decodes, calls the use case, encodes."""

from collections.abc import Awaitable, Callable

from mirante.api.flags.v1 import rollout_pb2
from mirante.api.flags.v1 import rollout_service_pb2 as pb2
from mirante.api.flags.v1 import rollout_service_pb2_grpc as pb2_grpc

from services.flags.rollouts.desk import RolloutDesk
from services.flags.rollouts.drafts import DraftDesk
from services.flags.rollouts.messages import rollout_message, state_of
from services.flags.rollouts.reading import RolloutReading
from services.flags.rollouts.records import StoredRollout
from services.flags.rollouts.templates import TEMPLATES
from services.runtime.access import current_caller
from services.runtime.errors import InvalidRequest

_TARGETS = {
    pb2.ROLL_BACK_TARGET_UNSPECIFIED: False,
    pb2.ROLL_BACK_TARGET_LAST_GOOD_STAGE: False,
    pb2.ROLL_BACK_TARGET_NOTHING: True,
}


class RolloutServicer(pb2_grpc.RolloutServiceServicer):
    """Plans as people and their tools manage them."""

    def __init__(self, drafts: DraftDesk, desk: RolloutDesk, reading: RolloutReading) -> None:
        self._drafts = drafts
        self._desk = desk
        self._reading = reading

    async def ListRolloutTemplates(
        self,
        request: pb2.ListRolloutTemplatesRequest,  # noqa: ARG002 - it has no fields
        _: object,
    ) -> pb2.ListRolloutTemplatesResponse:
        """Return stages to begin with."""
        return pb2.ListRolloutTemplatesResponse(templates=TEMPLATES)

    async def CreateRollout(self, request: pb2.CreateRolloutRequest, _: object) -> pb2.CreateRolloutResponse:
        """Draft a plan."""
        caller = current_caller.get()
        stored = await self._drafts.create(
            caller.environment(request.environment),
            request.plan,
            template=request.template,
            ring_segments=request.ring_segments,
            comment=request.comment,
            caller=caller,
        )
        return pb2.CreateRolloutResponse(rollout=rollout_message(stored))

    async def GetRollout(self, request: pb2.GetRolloutRequest, _: object) -> pb2.GetRolloutResponse:
        """Return a plan with what happened to it."""
        environment = current_caller.get().environment(request.environment)
        return pb2.GetRolloutResponse(rollout=await self._reading.get(environment, request.rollout_id))

    async def ListRollouts(self, request: pb2.ListRolloutsRequest, _: object) -> pb2.ListRolloutsResponse:
        """Return a page of plans."""
        environment = current_caller.get().environment(request.environment)
        rollouts, next_token = await self._reading.page(
            environment,
            flag_key=request.flag_key,
            states=[state_of(each) for each in request.states],
            size=request.page_size,
            token=request.page_token,
        )
        return pb2.ListRolloutsResponse(rollouts=rollouts, next_page_token=next_token)

    async def UpdateRollout(self, request: pb2.UpdateRolloutRequest, _: object) -> pb2.UpdateRolloutResponse:
        """Replace the plan of a draft."""
        caller = current_caller.get()
        stored = await self._drafts.update(
            caller.environment(request.environment),
            request.rollout_id,
            request.plan,
            etag=request.etag,
            comment=request.comment,
            caller=caller,
        )
        return pb2.UpdateRolloutResponse(rollout=rollout_message(stored))

    async def DeleteRollout(self, request: pb2.DeleteRolloutRequest, _: object) -> pb2.DeleteRolloutResponse:
        """Remove a draft."""
        caller = current_caller.get()
        await self._drafts.delete(caller.environment(request.environment), request.rollout_id, caller)
        return pb2.DeleteRolloutResponse()

    async def StartRollout(self, request: pb2.StartRolloutRequest, _: object) -> pb2.StartRolloutResponse:
        """Begin the first stage."""
        return pb2.StartRolloutResponse(rollout=await _moved(self._desk.start, request))

    async def PauseRollout(self, request: pb2.PauseRolloutRequest, _: object) -> pb2.PauseRolloutResponse:
        """Stop where it is."""
        return pb2.PauseRolloutResponse(rollout=await _moved(self._desk.pause, request))

    async def ResumeRollout(self, request: pb2.ResumeRolloutRequest, _: object) -> pb2.ResumeRolloutResponse:
        """Go on."""
        return pb2.ResumeRolloutResponse(rollout=await _moved(self._desk.resume, request))

    async def StepRollout(self, request: pb2.StepRolloutRequest, _: object) -> pb2.StepRolloutResponse:
        """Begin the next stage now."""
        caller = current_caller.get()
        stored = await self._desk.step(
            caller.environment(request.environment),
            request.rollout_id,
            request.stage,
            etag=request.etag,
            comment=request.comment,
            caller=caller,
        )
        return pb2.StepRolloutResponse(rollout=rollout_message(stored))

    async def RollBackRollout(self, request: pb2.RollBackRolloutRequest, _: object) -> pb2.RollBackRolloutResponse:
        """Serve an earlier stage, or nothing."""
        caller = current_caller.get()
        if request.target not in _TARGETS:
            raise InvalidRequest.of("target", f"is unknown: {request.target}")
        stored = await self._desk.roll_back(
            caller.environment(request.environment),
            request.rollout_id,
            to_nothing=_TARGETS[request.target],
            reason=request.reason,
            evidence=request.evidence if request.HasField("evidence") else None,
            etag=request.etag,
            caller=caller,
        )
        return pb2.RollBackRolloutResponse(rollout=rollout_message(stored))

    async def ApproveStage(self, request: pb2.ApproveStageRequest, _: object) -> pb2.ApproveStageResponse:
        """Agree to a stage."""
        caller = current_caller.get()
        stored = await self._desk.approve(
            caller.environment(request.environment),
            request.rollout_id,
            request.stage,
            etag=request.etag,
            comment=request.comment,
            caller=caller,
        )
        return pb2.ApproveStageResponse(rollout=rollout_message(stored))


async def _moved(
    move: Callable[..., Awaitable[StoredRollout]],
    request: pb2.StartRolloutRequest | pb2.PauseRolloutRequest | pb2.ResumeRolloutRequest,
) -> rollout_pb2.RolloutRecord:
    caller = current_caller.get()
    environment = caller.environment(request.environment)
    stored = await move(environment, request.rollout_id, etag=request.etag, comment=request.comment, caller=caller)
    return rollout_message(stored)
