"""What the gateway does while the services behind it are away."""

from pathlib import Path

import httpx
from pydantic import SecretStr

from services.gateway.app import running
from services.gateway.settings import GatewaySettings
from tests.integration.gateway.test_ofrep import bool_flag
from tests.support.gateway_serving import gateway_serving
from tests.support.gateway_tokens import ORIGIN
from tests.support.serving import Datastores, serving


async def test_the_last_rules_answer_while_the_flag_service_is_away(
    database_url: str, redis_url: str, tmp_path: Path, home: Path
) -> None:
    """Also after a restart of the gateway: keys, origins and rules are those that an earlier process has kept."""
    async with serving(Datastores(database_url, redis_url, tmp_path)) as flags:
        await flags.create(bool_flag("kept"))
        address, keys = f"127.0.0.1:{flags.service.port}", flags.keys
        async with gateway_serving(flags, home) as first:
            await first.until_flag("kept", value=True)
    settings = GatewaySettings(
        home=home, port=0, flags_address=address, internal_key=SecretStr(keys["internal"]), drain_seconds=1
    )
    async with running(settings) as second, httpx.AsyncClient(base_url=f"http://127.0.0.1:{second.port}") as http:
        assert (await http.get("/readyz")).status_code == 200
        found = await http.post(
            "/ofrep/v1/evaluate/flags/kept", json={}, headers={"authorization": f"Bearer {keys['server']}"}
        )
        assert found.json()["value"] is True
        asked = {"origin": ORIGIN, "access-control-request-method": "POST"}
        assert (await http.options("/v1/events", headers=asked)).status_code == 204


async def test_without_keys_it_is_alive_and_not_ready(home: Path) -> None:
    """A first start beside no flag service: requests are refused as NOT_READY, with a delay."""
    settings = GatewaySettings(
        home=home, port=0, flags_address="127.0.0.1:1", internal_key=SecretStr("k"), drain_seconds=1
    )
    async with running(settings) as gateway, httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}") as http:
        assert (await http.get("/healthz")).status_code == 200
        ready = await http.get("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"status": "starting", "lacking": ["API keys"]})
        refused = await http.post("/ofrep/v1/evaluate/flags", json={}, headers={"authorization": "Bearer any"})
        assert (refused.status_code, refused.json()["reason"]) == (503, "NOT_READY")
        assert int(refused.headers["retry-after"]) >= 1
