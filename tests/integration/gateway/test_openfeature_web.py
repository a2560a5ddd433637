"""
OpenFeature's own SDK and OFREP provider for browsers, as they come from the registry.

The provider listens to the gateway's event stream by itself, and does not poll.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from mirante.api.common.v1 import value_pb2
from mirante.api.flags.v1 import flag_pb2

from tests.integration.gateway.test_ofrep import bool_flag, draft, visible
from tests.support.flag_messages import percentage_flag, value_flag
from tests.support.gateway_serving import GatewayServing
from tests.support.node_program import NodeProgram, node_program
from tests.support.serving import Serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANA = {"targetingKey": "ana", "plano": "premium"}


@pytest_asyncio.fixture(loop_scope="module")
async def openfeature() -> AsyncIterator[NodeProgram]:
    """Yield a program with the SDK and the provider in it."""
    async with node_program("openfeature_web.mjs") as program:
        yield program


async def test_it_evaluates_and_refreshes_when_a_flag_changes(
    gateway: GatewayServing, flags: Serving, openfeature: NodeProgram
) -> None:
    """Every type, with variant and reason; what browsers may not see is not found; a kill and a new flag arrive."""
    limits = value_pb2.Value()
    limits.map_value.fields["limit"].int_value = 3
    await flags.create(
        visible(bool_flag("ofw_bool")),
        visible(draft(value_flag("ofw_text", flag_pb2.FLAG_TYPE_STRING, value_pb2.Value(string_value="azul")))),
        visible(draft(value_flag("ofw_double", flag_pb2.FLAG_TYPE_DOUBLE, value_pb2.Value(double_value=1.5)))),
        visible(draft(value_flag("ofw_json", flag_pb2.FLAG_TYPE_JSON, limits))),
        visible(draft(percentage_flag("ofw_half", 100_000))),
        bool_flag("ofw_secret"),
    )
    await gateway.until_flag("ofw_secret", value=True)
    await openfeature.ask("start", url=gateway.url, key=gateway.keys["browser"], context=ANA)

    found = await openfeature.ask("details", type="boolean", key="ofw_bool", fallback=False)
    assert (found["value"], found["variant"], found["reason"]) == (True, "on", "STATIC")
    assert (await openfeature.ask("details", type="string", key="ofw_text", fallback=""))["value"] == "azul"
    assert (await openfeature.ask("details", type="number", key="ofw_double", fallback=0))["value"] == 1.5
    assert (await openfeature.ask("details", type="object", key="ofw_json", fallback={}))["value"] == {"limit": 3}
    assert (await openfeature.ask("details", type="boolean", key="ofw_half", fallback=False))["reason"] == "SPLIT"
    secret = await openfeature.ask("details", type="boolean", key="ofw_secret", fallback=False)
    assert (secret["value"], secret["errorCode"]) == (False, "FLAG_NOT_FOUND")

    await flags.kill("ofw_bool")
    await openfeature.ask("untilChanged", key="ofw_bool", value=False)
    killed = await openfeature.ask("details", type="boolean", key="ofw_bool", fallback=True)
    assert (killed["value"], killed["variant"], killed["reason"]) == (False, "off", "DISABLED")
    await flags.create(visible(bool_flag("ofw_new")))
    await openfeature.ask("untilChanged", key="ofw_new", value=True)


async def test_another_context_has_answers_of_its_own(
    gateway: GatewayServing, flags: Serving, openfeature: NodeProgram
) -> None:
    """Without a targeting key a flag that needs one fails alone."""
    await flags.create(visible(draft(percentage_flag("ofw_needs_key", 100_000))), visible(bool_flag("ofw_plain")))
    await gateway.until_flag("ofw_plain", value=True)
    await openfeature.ask("start", url=gateway.url, key=gateway.keys["browser"], context={})
    missing = await openfeature.ask("details", type="boolean", key="ofw_needs_key", fallback=False)
    assert (missing["value"], missing["errorCode"]) == (False, "TARGETING_KEY_MISSING")
    assert (await openfeature.ask("details", type="boolean", key="ofw_plain", fallback=False))["value"] is True
    await openfeature.ask("context", context=ANA)
    assert (await openfeature.ask("details", type="boolean", key="ofw_needs_key", fallback=False))["value"] is True
