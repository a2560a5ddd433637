"""Events of browsers, through the gateway into the real log."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from services.gateway.app import running
from services.gateway.settings import GatewaySettings
from tests.support.fake_key_registry import INTERNAL_KEY
from tests.support.gateway_serving import id_bytes, new_event
from tests.support.gateway_tokens import ORIGIN, backend
from tests.support.serving import PATIENCE_SECONDS, Datastores
from tests.support.telemetry_serving import TelemetryServing, telemetry_serving


@pytest.fixture
async def telemetry(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[TelemetryServing]:
    """Yield a running telemetry service."""
    async with telemetry_serving(Datastores(database_url, redis_url, tmp_path)) as running_service:
        yield running_service


async def test_an_event_of_a_browser_is_in_the_log_once(telemetry: TelemetryServing, home: Path) -> None:
    """With the browser's id and the token's tenant and user; a retry is a duplicate, changed content is refused."""
    tokens = backend()
    home.mkdir()
    telemetry.registry.allow("production", ORIGIN, token_keys=[tokens.jwk()])
    settings = GatewaySettings(
        home=home,
        port=0,
        flags_address=telemetry.registry.address,
        telemetry_address=f"127.0.0.1:{telemetry.service.port}",
        internal_key=SecretStr(INTERNAL_KEY),
    )
    event = new_event(properties={"caminho": "/vendas", "duracao_ms": 12}, context={"page": {"path": "/vendas"}})
    body = {
        "key": "secret of browser",
        "token": tokens.mint(environment="production", tenant="acme", user="ana"),
        "events": [event, new_event(name="NO NAME")],
    }
    async with running(settings) as gateway, httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}") as http:
        first = await _accepted(http, body)
        again = await _accepted(http, body)
        changed = await _accepted(http, body | {"events": [event | {"properties": {}}]})
    assert [each["status"] for each in first] == ["accepted", "rejected"]
    assert first[1]["field"] == "name"
    assert again[0]["status"] == "duplicate"
    assert (changed[0]["status"], changed[0]["reason"]) == ("rejected", "EVENT_ID_REUSED")
    (stored,) = await telemetry.stored()
    assert (stored.event.id, stored.event.tenant, stored.event.user_id) == (id_bytes(event), "acme", "ana")
    assert stored.event.properties["duracao_ms"].int_value == 12
    assert stored.event.context.page.path == "/vendas"


async def _accepted(http: httpx.AsyncClient, body: object) -> list[dict[str, str]]:
    """Send a batch as a beacon does, again until it is let in."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            response = await http.post("/v1/events", json=body, headers={"content-type": "text/plain"})
            if response.status_code == 200:
                found: list[dict[str, str]] = response.json()["results"]
                return found
            assert response.status_code == 503, response.text
            await asyncio.sleep(0.05)
