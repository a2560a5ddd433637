"""What those who run the gateway rely on: TLS, and what it measures."""

import asyncio
import ssl
from pathlib import Path

import httpx
from pydantic import SecretStr
from websockets.asyncio.client import connect
from websockets.protocol import State

from services.gateway.app import running
from services.gateway.settings import GatewaySettings
from tests.support.certificates import make_certificates
from tests.support.serving import PATIENCE_SECONDS


async def test_everything_is_encrypted_when_there_is_a_certificate(tmp_path: Path) -> None:
    """HTTP and WebSockets; browsers are told to stay with it; plain text finds nothing."""
    certificates = make_certificates(tmp_path)
    settings = GatewaySettings(
        home=tmp_path / "home",
        port=0,
        flags_address="127.0.0.1:1",
        internal_key=SecretStr("k"),
        tls_certificate=certificates.server.certificate,
        tls_key=certificates.server.key,
    )
    trust = ssl.create_default_context(cafile=str(certificates.ca))
    async with running(settings) as gateway:
        async with httpx.AsyncClient(base_url=f"https://localhost:{gateway.port}", verify=trust) as http:
            response = await http.get("/healthz")
            assert response.status_code == 200
            assert "max-age" in response.headers["strict-transport-security"]
        async with connect(f"wss://localhost:{gateway.port}/ws/metrics", ssl=trust) as socket:
            assert socket.state is State.OPEN
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert b"200" not in await reader.read()
        writer.close()


async def test_requests_and_connections_are_measured(tmp_path: Path) -> None:
    """By route and status, with few labels however many addresses strangers make up; nobody's data is in them."""
    settings = GatewaySettings(
        home=tmp_path, port=0, flags_address="127.0.0.1:1", internal_key=SecretStr("k"), prometheus_port=0
    )
    async with running(settings) as gateway, httpx.AsyncClient() as http:
        base = f"http://127.0.0.1:{gateway.port}"
        await http.get(f"{base}/healthz")
        for number in range(20):
            await http.post(f"{base}/ofrep/v1/evaluate/flags/secret-{number}", json={})
            await http.get(f"{base}/made-up-{number}")
        async with connect(f"ws://127.0.0.1:{gateway.port}/ws/metrics"):
            found = (await http.get(f"http://127.0.0.1:{gateway.prometheus_port}/metrics")).text
    assert 'http_route="/healthz"' in found
    counts = [line for line in found.splitlines() if line.startswith("http_server_request_duration_seconds_count")]
    assert len(counts) == 3
    assert "secret-" not in found
    assert "made-up" not in found
    assert 'mirante_gateway_connections_open{kind="waiting"} 1.0' in found
