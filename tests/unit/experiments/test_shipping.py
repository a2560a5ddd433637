"""A winner goes to the flag service as a plan: once, and nothing stays behind of one that cannot be started."""

from collections.abc import AsyncIterator

import grpc.aio
import pytest
from mirante.api.flags.v1.rollout_service_pb2_grpc import add_RolloutServiceServicer_to_server

from services.metrics.experiments.outside.grpc_services import GrpcFlags
from services.runtime.access import Caller, Role
from services.runtime.errors import StateConflict
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


async def _ship(flags: GrpcFlags, variant: str = "new") -> str:
    return await flags.ship(
        "production", flag_key="f", variant=variant, baseline="old", template="canary", origin="e", caller=ANA
    )


async def test_who_asks_again_gets_the_plan_that_there_is(plans: tuple[Plans, GrpcFlags]) -> None:
    """The answer to the first call may have been lost; a plan of another variant is another plan."""
    kept, flags = plans
    first = await _ship(flags)
    assert await _ship(flags) == first
    assert await _ship(flags, "newer") != first
    assert [each.plan.origin for each in kept.kept.values()] == ["e", "e"]


async def test_a_plan_that_cannot_be_started_is_taken_away(plans: tuple[Plans, GrpcFlags]) -> None:
    """Whoever decides again, later, finds no drafts of the times before."""
    kept, flags = plans
    kept.killed = True
    with pytest.raises(StateConflict, match="killed"):
        await _ship(flags)
    assert not kept.kept
