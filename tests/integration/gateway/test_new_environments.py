"""Environments that are created while the gateway runs."""

import asyncio

import pytest
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2

from tests.support.gateway_serving import GatewayServing
from tests.support.serving import PATIENCE_SECONDS, Serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_environment_is_served_soon_after_it_was_created(gateway: GatewayServing, flags: Serving) -> None:
    """The gateway's key holds all; before, a key that holds all too is told that there is no such environment."""

    async def reason() -> str:
        headers = gateway.bearer("admin") | {"x-mirante-environment": "just-made"}
        answer = await gateway.http.post("/ofrep/v1/evaluate/flags/nenhuma", json={}, headers=headers)
        return str(answer.json().get("reason") or answer.json().get("errorCode"))

    assert await reason() == "ENVIRONMENT_NOT_FOUND"
    await flags.access.CreateEnvironment(
        access_pb2.CreateEnvironmentRequest(environment="just-made"), metadata=flags.admin
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (found := await reason()) != "FLAG_NOT_FOUND":
            assert found in {"ENVIRONMENT_NOT_FOUND", "NOT_READY"}
            await asyncio.sleep(0.05)
