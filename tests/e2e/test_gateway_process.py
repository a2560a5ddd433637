"""The gateway as a process of its own, beside the flag service."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.support.flag_service_process import FlagServiceProcess, ServiceProcess, service_home
from tests.support.gateway_tokens import allow_browsers, backend
from tests.support.serving import PATIENCE_SECONDS


class GatewayProcess(ServiceProcess):
    """`python -m services.gateway`, asked over HTTP whether it is ready."""

    async def healthy(self) -> bool:
        """Return whether it is ready."""
        async with httpx.AsyncClient(base_url=f"http://{self.address}") as http:
            try:
                return (await http.get("/readyz")).status_code == 200
            except httpx.TransportError:
                return False


@pytest.fixture
async def flags(database_url: str, redis_url: str) -> AsyncIterator[tuple[FlagServiceProcess, Path]]:
    """Yield a running flag service with the demo's flags, and its home."""
    with service_home() as home:
        process = FlagServiceProcess(home, database_url, redis_url)
        process.start()
        try:
            await process.serving()
            yield process, home
        finally:
            process.kill()


async def test_it_starts_answers_and_ends_in_order(flags: tuple[FlagServiceProcess, Path]) -> None:
    """It is ready by itself, a socket is told to come back, and the exit code is 0; it logs no secret."""
    process, home = flags
    tokens = backend()
    keys = json.loads((home / "keys.json").read_text())
    await allow_browsers(process.address, keys["admin"], tokens)
    gateway = GatewayProcess(
        "services.gateway", "MIRANTE_HTTP_PORT", home, "", "", MIRANTE_FLAGS_ADDRESS=process.address
    )
    token = tokens.mint(environment="production", tenant="acme", user="ana")
    gateway.start()
    try:
        await gateway.serving()
        async with httpx.AsyncClient(base_url=f"http://{gateway.address}") as http:
            answer = await http.post(
                "/ofrep/v1/evaluate/flags/nova_ui_vendas",
                json={"context": {"targetingKey": "ana"}},
                headers={"x-api-key": keys["browser"]},
            )
        assert (answer.status_code, answer.json()["value"]) == (200, True)
        async with connect(f"ws://{gateway.address}/ws/metrics") as socket:
            await socket.send(json.dumps({"type": "hello", "key": keys["browser"], "token": token}))
            # The metrics service is not there, and the gateway says so.
            async with asyncio.timeout(PATIENCE_SECONDS):
                assert json.loads(await socket.recv())["type"] == "waiting"
                ended = asyncio.create_task(gateway.terminate())
                with suppress(ConnectionClosed):
                    while True:
                        await socket.recv()
            assert socket.close_code == 1012
        assert await ended == 0
        log = gateway.log.read_text()
        assert "Traceback" not in log
        assert keys["browser"] not in log
        assert token not in log
    finally:
        gateway.kill()
