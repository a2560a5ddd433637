"""A winner goes to the flag service as a plan: once, and nothing stays behind of one that cannot be started."""

from collections.abc import AsyncIterator

import grpc.aio
import pytest
from mirante.api.flags.v1 import rollout_guard_pb2
from mirante.api.flags.v1.rollout_service_pb2_grpc import add_RolloutServiceServicer_to_server
from mirante.api.metrics.v1 import experiment_pb2 as pb2

from services.metrics.experiments.designing.shipping import plan_of
from services.metrics.experiments.outside.grpc_services import GrpcFlags
from services.runtime.access import Caller, Role
from services.runtime.errors import StateConflict
from tests.support.experiment_records import ARMS, design, errors, proportion
from tests.support.plans_servicer import Plans

ANA = Caller("key-1", "ana", Role.EDITOR, frozenset({"production"}))


@pytest.fixture
async def plans() -> AsyncIterator[tuple[Plans, GrpcFlags]]:
    """Yield plans, and the experiments' way to them."""
    server = grpc.aio.server()
    plans = Plans()  # type: ignore[abstract]  # the other calls are not made
    add_RolloutServiceServicer_to_server(plans, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield plans, GrpcFlags(channel, "secret")
    await server.stop(None)


async def _ship(flags: GrpcFlags, variant: str = ARMS[1]) -> str:
    plan = plan_of(design(), variant)
    return await flags.ship("production", plan, template="canary", caller=ANA)


async def test_who_asks_again_gets_the_plan_that_there_is(plans: tuple[Plans, GrpcFlags]) -> None:
    """The answer to the first call may have been lost; a plan of another variant is another plan."""
    kept, flags = plans
    first = await _ship(flags)
    assert await _ship(flags) == first
    assert await _ship(flags, ARMS[2]) != first
    assert [each.plan.origin for each in kept.kept.values()] == ["recomendacao"] * 2


async def test_a_plan_that_cannot_be_started_is_taken_away(plans: tuple[Plans, GrpcFlags]) -> None:
    """Whoever decides again, later, finds no drafts of the times before."""
    kept, flags = plans
    kept.killed = True
    with pytest.raises(StateConflict, match="killed"):
        await _ship(flags)
    assert not kept.kept


def test_a_winner_is_guarded_and_drawn_as_its_experiment_was() -> None:
    """By guardrails that a plan can watch; whole tenants where tenants were drawn."""
    revenue = pb2.ExperimentMetric(key="receita", revenue=pb2.RevenueMeasure())
    sales = proportion("vendas", "venda_criada", margin=0.01)
    wanted = design(guardrails=[errors(), revenue, sales])
    plan = plan_of(wanted, ARMS[1])
    assert (plan.variant, plan.baseline_variant, plan.bucket_by) == (ARMS[1], ARMS[0], "")
    assert [(each.name, list(each.guardrail.events), each.guardrail.harm) for each in plan.guards] == [
        ("erros", ["erro_frontend"], rollout_guard_pb2.HARM_DIRECTION_MORE),
        ("vendas", ["venda_criada"], rollout_guard_pb2.HARM_DIRECTION_LESS),
    ]
    wanted.unit = pb2.RANDOMIZATION_UNIT_TENANT
    tenants = plan_of(wanted, ARMS[1])
    assert (tenants.bucket_by, list(tenants.guards)) == ("tenant_id", [])
