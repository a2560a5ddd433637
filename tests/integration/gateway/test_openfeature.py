"""OpenFeature's own OFREP provider for Python, as it comes from the registry."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from mirante.api.common.v1 import value_pb2
from mirante.api.flags.v1 import flag_pb2
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import FlagEvaluationDetails, Reason
from openfeature.provider import AbstractProvider

from tests.integration.gateway.test_ofrep import bool_flag, draft
from tests.support.flag_messages import percentage_flag, value_flag
from tests.support.gateway_serving import GatewayServing
from tests.support.serving import Serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANA = EvaluationContext("ana", {"plan": "premium"})


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def provider(gateway: GatewayServing, flags: Serving) -> AsyncIterator[AbstractProvider]:
    """Yield a provider on the gateway, with a flag of each type."""
    json_value = value_pb2.Value()
    json_value.map_value.fields["limit"].int_value = 3
    await flags.create(
        bool_flag("of_bool"),
        draft(value_flag("of_text", flag_pb2.FLAG_TYPE_STRING, value_pb2.Value(string_value="azul"))),
        draft(value_flag("of_integer", flag_pb2.FLAG_TYPE_INTEGER, value_pb2.Value(int_value=7))),
        draft(value_flag("of_double", flag_pb2.FLAG_TYPE_DOUBLE, value_pb2.Value(double_value=1.0))),
        draft(value_flag("of_json", flag_pb2.FLAG_TYPE_JSON, json_value)),
        draft(percentage_flag("of_half", 50_000)),
    )
    await gateway.until_flag("of_half", reason="SPLIT")
    yield OFREPProvider(gateway.url, headers_factory=lambda: {"X-API-Key": gateway.keys["server"]})


async def test_every_type_is_resolved(provider: AbstractProvider) -> None:
    """With value, variant and reason, and no default."""
    found = await asyncio.to_thread(provider.resolve_boolean_details, "of_bool", False, ANA)
    assert (found.value, found.variant, found.reason) == (True, "on", Reason.STATIC)
    assert (await asyncio.to_thread(provider.resolve_string_details, "of_text", "", ANA)).value == "azul"
    assert (await asyncio.to_thread(provider.resolve_integer_details, "of_integer", 0, ANA)).value == 7
    assert (await asyncio.to_thread(provider.resolve_float_details, "of_double", 0.0, ANA)).value == 1.0
    assert (await asyncio.to_thread(provider.resolve_object_details, "of_json", {}, ANA)).value == {"limit": 3}
    assert (await asyncio.to_thread(provider.resolve_boolean_details, "of_half", False, ANA)).reason == Reason.SPLIT


async def test_errors_arrive_as_what_they_are(provider: AbstractProvider) -> None:
    """Through OpenFeature's client: the code's default, and the code of the error."""

    def ask(key: str, context: EvaluationContext) -> FlagEvaluationDetails[bool]:
        from openfeature import api

        api.set_provider(provider)
        return api.get_client().get_boolean_details(key, True, context)

    unknown = await asyncio.to_thread(ask, "of_nothing", ANA)
    assert (unknown.value, unknown.error_code) == (True, ErrorCode.FLAG_NOT_FOUND)
    missing = await asyncio.to_thread(ask, "of_half", EvaluationContext())
    assert (missing.value, missing.error_code) == (True, ErrorCode.TARGETING_KEY_MISSING)
    mismatch = await asyncio.to_thread(ask, "of_text", ANA)
    assert (mismatch.value, mismatch.error_code) == (True, ErrorCode.TYPE_MISMATCH)


async def test_a_kill_is_seen_by_the_next_question(
    provider: AbstractProvider, gateway: GatewayServing, flags: Serving
) -> None:
    """The provider keeps nothing: what the gateway knows is what it answers."""
    await flags.create(bool_flag("of_kill"))
    await gateway.until_flag("of_kill", value=True)
    await flags.kill("of_kill")
    await gateway.until_flag("of_kill", value=False)
    found = await asyncio.to_thread(provider.resolve_boolean_details, "of_kill", True, ANA)
    assert (found.value, found.variant, found.reason) == (False, "off", Reason.DISABLED)
