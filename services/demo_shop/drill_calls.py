"""What the canary drill asks of the flag service."""

import json
import time
from typing import Any, Final

import grpc
from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import flag_pb2, flag_sync_service_pb2, rollout_guard_pb2, rollout_pb2
from mirante.api.flags.v1 import rollout_service_pb2 as rollouts_pb2
from mirante.api.flags.v1.flag_admin_service_pb2_grpc import FlagAdminServiceStub
from mirante.api.flags.v1.flag_sync_service_pb2_grpc import FlagSyncServiceStub
from mirante.api.flags.v1.rollout_service_pb2_grpc import RolloutServiceStub

from services.demo_shop.rush import CANARY, NEW_VARIANT, ORDERS_FLAG
from services.demo_shop.telemetry_calls import ENVIRONMENT

_CALL_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.02
_VISITS_PER_SECOND: Final = 8
_SOAK_SECONDS: Final = 2
_SAMPLE: Final = 10
_VISIT_SECONDS: Final = 6.0
"""After which everything that a visit does has arrived."""
_REASON: Final = "simulado de canário"
_CLOSED: Final = frozenset(
    {rollout_pb2.ROLLOUT_STATE_DRAFT, rollout_pb2.ROLLOUT_STATE_ROLLED_BACK, rollout_pb2.ROLLOUT_STATE_COMPLETED}
)


class DrillCalls:
    """The calls, with an admin's key. All raise grpc.RpcError."""

    def __init__(self, channel: grpc.Channel, admin_key: str) -> None:
        self._flags = FlagAdminServiceStub(channel)
        self._rollouts = RolloutServiceStub(channel)
        self._sync = FlagSyncServiceStub(channel)
        self._metadata = (("authorization", f"Bearer {admin_key}"),)

    def prepare(self) -> None:
        """Bring both flags about, as after a drill that never was: no plan, no kill, off for everybody, no visits."""
        ordered_at = self._ordered_at()
        request = rollouts_pb2.ListRolloutsRequest(environment=ENVIRONMENT, flag_key=CANARY)
        for rollout in self._call(self._rollouts.ListRollouts, request).rollouts:
            if rollout.state not in _CLOSED:
                back = rollouts_pb2.RollBackRolloutRequest(environment=ENVIRONMENT, rollout_id=rollout.id)
                back.target, back.reason = rollouts_pb2.ROLL_BACK_TARGET_NOTHING, _REASON
                self._call(self._rollouts.RollBackRollout, back)
        self._import(self._canary() | _orders("parada"))
        if self._canary_flag().HasField("kill"):
            restore = flags_pb2.RestoreFlagRequest(environment=ENVIRONMENT, flag_key=CANARY, reason=_REASON)
            self._call(self._flags.RestoreFlag, restore)
        # Visits of an earlier drill may still meet its errors.
        time.sleep(min(_VISIT_SECONDS, max(0.0, ordered_at + _VISIT_SECONDS - time.time())))

    def begin(self) -> str:
        """Start a plan of half of the users and all; return its id."""
        create = rollouts_pb2.CreateRolloutRequest(environment=ENVIRONMENT, plan=_plan())
        rollout_id: str = self._call(self._rollouts.CreateRollout, create).rollout.id
        start = rollouts_pb2.StartRolloutRequest(environment=ENVIRONMENT, rollout_id=rollout_id)
        self._call(self._rollouts.StartRollout, start)
        return rollout_id

    def order(self, *, broken: bool | None) -> None:
        """Fill the shop with people who meet the canary; None: no more of them."""
        self._import(_orders("parada" if broken is None else "quebrada" if broken else "inofensiva"))

    def rollout(self, rollout_id: str) -> rollout_pb2.RolloutRecord:
        """Return a plan as it is now."""
        request = rollouts_pb2.GetRolloutRequest(environment=ENVIRONMENT, rollout_id=rollout_id)
        record: rollout_pb2.RolloutRecord = self._call(self._rollouts.GetRollout, request).rollout
        return record

    def killed(self) -> flag_pb2.Kill:
        """Return who killed the canary, and when."""
        return self._canary_flag().kill

    def until_delivered(self, least: int) -> tuple[int, float]:
        """Return how many processes are connected (at least so many), and when all of them have the newest flags."""
        request = flag_sync_service_pb2.GetDeliveryRequest(environment=ENVIRONMENT)
        deadline = time.monotonic() + _CALL_SECONDS
        while True:
            found = self._call(self._sync.GetDelivery, request)
            if found.applied == found.connected >= least:
                return found.connected, time.time()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{found.applied} of {found.connected} processes have the newest flags")
            time.sleep(_POLL_SECONDS)

    def _canary_flag(self) -> flag_pb2.Flag:
        request = flags_pb2.GetFlagRequest(environment=ENVIRONMENT, flag_key=CANARY)
        flag: flag_pb2.Flag = self._call(self._flags.GetFlag, request).record.flag
        return flag

    def _ordered_at(self) -> float:
        """Return when a drill has last changed what the shop does, in seconds since 1970; 0 for never."""
        request = flags_pb2.ListFlagsRequest(environment=ENVIRONMENT, search=ORDERS_FLAG)
        records = self._call(self._flags.ListFlags, request).records
        return max((record.updated_at.ToNanoseconds() / 1e9 for record in records), default=0.0)

    def _import(self, flags: dict[str, Any]) -> None:
        document = json.dumps({"flags": flags}, ensure_ascii=False)  # JSON is YAML
        request = flags_pb2.ImportFlagsRequest(environment=ENVIRONMENT, yaml=document, comment=_REASON)
        self._call(self._flags.ImportFlags, request)

    def _canary(self) -> dict[str, Any]:
        definition = {"description": "Simulado: uma variante que a loja de demonstração recebe", "on": True}
        return {CANARY: definition | {"tags": ["simulado"], "fallthrough": "off"}}

    def _call(self, method: Any, request: Any) -> Any:  # stubs have no types of their own
        return method(request, metadata=self._metadata, timeout=_CALL_SECONDS)


def _orders(served: str) -> dict[str, Any]:
    rush = {"visits_per_second": _VISITS_PER_SECOND}
    variants = {"parada": {}, "inofensiva": rush | {"broken": False}, "quebrada": rush | {"broken": True}}
    return {
        ORDERS_FLAG: {
            "description": f"Enche a loja de demonstração de gente que recebe {CANARY}",
            "tags": ["simulado"],
            "type": "json",
            "variants": variants,
            "on": True,
            "off_variant": "parada",
            "fallthrough": served,
        }
    }


def _plan() -> rollout_pb2.RolloutPlan:
    plan = rollout_pb2.RolloutPlan(flag_key=CANARY, variant=NEW_VARIANT, description=_REASON)
    for coverage in (50_000, 100_000):
        plan.stages.add(coverage=coverage, minimum_sample=_SAMPLE).soak.seconds = _SOAK_SECONDS
    errors = rollout_guard_pb2.Tripwire(
        measure=rollout_guard_pb2.TRIPWIRE_MEASURE_ACTOR_SHARE, events=["erro_frontend"], limit=0.05
    )
    plan.guards.add(name="erros", tripwire=errors, action=rollout_guard_pb2.GUARD_ACTION_KILL)
    sales = rollout_guard_pb2.Guardrail(events=["venda_criada"], harm=rollout_guard_pb2.HARM_DIRECTION_LESS)
    plan.guards.add(name="vendas", guardrail=sales)
    return plan
