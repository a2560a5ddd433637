"""Other services by gRPC."""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Final

import grpc.aio
from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import flag_pb2, rollout_pb2, rollout_service_pb2
from mirante.api.flags.v1.flag_admin_service_pb2_grpc import FlagAdminServiceStub
from mirante.api.flags.v1.rollout_service_pb2_grpc import RolloutServiceStub
from mirante.api.telemetry.v1 import catalogue_service_pb2 as catalogue_pb2
from mirante.api.telemetry.v1.catalogue_service_pb2_grpc import CatalogueServiceStub

from services.metrics.experiments.outside.calling import CALL_SECONDS, Metadata, answer_of, on_behalf_of, own
from services.runtime.access import Caller
from services.runtime.errors import ServiceError

_FLAGS = "flag"
_TELEMETRY = "telemetry"
_UNDER_WAY: Final = (
    rollout_pb2.ROLLOUT_STATE_RUNNING,
    rollout_pb2.ROLLOUT_STATE_WAITING_FOR_APPROVAL,
    rollout_pb2.ROLLOUT_STATE_HELD,
    rollout_pb2.ROLLOUT_STATE_PAUSED,
)


class GrpcFlags:
    """The `Flags` and the `Rollouts` of the flag service."""

    def __init__(self, channel: grpc.aio.Channel, secret: str) -> None:
        self._flags = FlagAdminServiceStub(channel)
        self._rollouts = RolloutServiceStub(channel)
        self._secret = secret

    async def get(self, environment: str, key: str) -> flags_pb2.FlagRecord:
        """See `Flags`."""
        request = flags_pb2.GetFlagRequest(environment=environment, flag_key=key)
        call = self._flags.GetFlag(request, metadata=own(self._secret), timeout=CALL_SECONDS)
        return (await answer_of(call, _FLAGS, "experiment.flag_key")).record

    async def update(
        self, environment: str, flag: flag_pb2.Flag, *, etag: str, comment: str, caller: Caller
    ) -> flags_pb2.FlagRecord:
        """See `Flags`."""
        request = flags_pb2.UpdateFlagRequest(environment=environment, flag=flag, etag=etag, comment=comment)
        metadata = on_behalf_of(self._secret, caller)
        call = self._flags.UpdateFlag(request, metadata=metadata, timeout=CALL_SECONDS)
        return (await answer_of(call, _FLAGS, "experiment.flag_key")).record

    async def ship(self, environment: str, plan: rollout_pb2.RolloutPlan, *, template: str, caller: Caller) -> str:
        """See `Rollouts`."""
        metadata = on_behalf_of(self._secret, caller)
        started = await self._started(environment, plan, metadata)
        if started:
            return started
        create = rollout_service_pb2.CreateRolloutRequest(environment=environment, plan=plan, template=template)
        made = self._rollouts.CreateRollout(create, metadata=metadata, timeout=CALL_SECONDS)
        rollout = (await answer_of(made, _FLAGS, "rollout_template")).rollout
        start = rollout_service_pb2.StartRolloutRequest(environment=environment, rollout_id=rollout.id)
        begun = self._rollouts.StartRollout(start, metadata=metadata, timeout=CALL_SECONDS)
        try:
            return (await answer_of(begun, _FLAGS, "rollout_template")).rollout.id
        except ServiceError:
            # Of one that was started after all nothing is deleted.
            delete = rollout_service_pb2.DeleteRolloutRequest(environment=environment, rollout_id=rollout.id)
            gone = self._rollouts.DeleteRollout(delete, metadata=metadata, timeout=CALL_SECONDS)
            with contextlib.suppress(ServiceError):
                await answer_of(gone, _FLAGS, "rollout_template")
            raise

    async def under_way(self, environment: str, flag_key: str) -> str:
        """See `Rollouts`."""
        plans = await self._under_way(environment, flag_key, own(self._secret))
        return plans[0].id if plans else ""

    async def _started(self, environment: str, plan: rollout_pb2.RolloutPlan, metadata: Metadata) -> str:
        """Return the id of such a plan that is under way: the answer to who has started it may have been lost."""
        found = await self._under_way(environment, plan.flag_key, metadata)
        return next((each.id for each in found if _wanted(each.plan) == _wanted(plan)), "")

    async def _under_way(
        self, environment: str, flag_key: str, metadata: Metadata
    ) -> Sequence[rollout_pb2.RolloutRecord]:
        request = rollout_service_pb2.ListRolloutsRequest(environment=environment, flag_key=flag_key, states=_UNDER_WAY)
        call = self._rollouts.ListRollouts(request, metadata=metadata, timeout=CALL_SECONDS)
        return (await answer_of(call, _FLAGS, "experiment.flag_key")).rollouts


class GrpcCatalogue:
    """The `Catalogue` of the telemetry service."""

    def __init__(self, channel: grpc.aio.Channel, secret: str) -> None:
        self._stub = CatalogueServiceStub(channel)
        self._secret = secret

    async def events(self, environment: str) -> Mapping[str, catalogue_pb2.EventDefinition]:
        """See `Catalogue`."""
        request = catalogue_pb2.GetCatalogueRequest(environment=environment)
        call = self._stub.GetCatalogue(request, metadata=own(self._secret), timeout=CALL_SECONDS)
        catalogue = (await answer_of(call, _TELEMETRY, "experiment.primary")).catalogue
        return {event.name: event for event in catalogue.events}


def _wanted(plan: rollout_pb2.RolloutPlan) -> tuple[str, str, str]:
    return plan.origin, plan.variant, plan.baseline_variant
