"""Files, addresses that are none, and headers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr
from websockets.asyncio.client import connect
from websockets.protocol import State

from services.gateway.app import running
from services.gateway.http.patience import PatientProtocol
from services.gateway.settings import GatewaySettings
from services.runtime.settings import SettingsError

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def port(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[int]:
    """Yield the port of a gateway with a dashboard, and a secret beside its folder."""
    home = tmp_path_factory.mktemp("files")
    folder = home / "dashboard"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Mirante</title>")
    (folder / "assets" / "app-1a2b.js").write_text("export {}")
    (folder / ".env").write_text("hidden")
    (home / "secret.txt").write_text("secret of the machine")
    (folder / "link.txt").symlink_to(home / "secret.txt")
    settings = GatewaySettings(
        home=home / "home",
        port=0,
        flags_address="127.0.0.1:1",
        internal_key=SecretStr("k"),
        dashboard_dir=folder,
        drain_seconds=1,
    )
    async with running(settings) as gateway:
        yield gateway.port


@pytest_asyncio.fixture(loop_scope="module")
async def http(port: int) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        yield client


async def test_the_dashboard_is_served_under_a_strict_policy(http: httpx.AsyncClient) -> None:
    """Pages are looked at again each time, files with a hash in their name are kept."""
    for path in ("/", "/flags/nova_ui_vendas", "/index.html"):
        page = await http.get(path)
        assert (page.status_code, "Mirante" in page.text) == (200, True)
        assert page.headers["cache-control"] == "no-cache"
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["x-content-type-options"] == "nosniff"
    script = await http.get("/assets/app-1a2b.js")
    assert "immutable" in script.headers["cache-control"]
    assert script.headers["content-type"].startswith("text/javascript")


async def test_pages_of_the_dashboard_can_be_gone_to(http: httpx.AsyncClient) -> None:
    """Also to that of a flag with dots in its key; what a page loads, and what the API has not, is still missing."""
    navigation = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for path in ("/flags", "/flags/nova_ui_vendas/history", "/flags/checkout.v2", "/login?problem=NO_ROLE"):
        page = await http.get(path, headers=navigation)
        assert (page.status_code, "<title>Mirante</title>" in page.text) == (200, True), path
        assert page.headers["cache-control"] == "no-cache"
    for path in ("/flags/checkout.v2", "/favicon.ico"):
        assert (await http.get(path)).status_code == 404, path
    for path in ("/assets/none.js", "/api/none", "/api/mirante.api.flags.v1.Nothing/At", "/ofrep/none", "/.env"):
        missing = await http.get(path, headers=navigation)
        assert (missing.status_code, missing.json()["reason"]) == (404, "NOT_FOUND"), path


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/assets/../../secret.txt", "/....//secret.txt",
        "/..%5csecret.txt", "/link.txt", "/.env", "/%2eenv", "/assets/.%2e/.%2e/secret.txt", "//etc/passwd",
        "/%00", "/index.html%00.js", "/assets/no.js", "/etc/passwd.txt", "/%ff%fe.js",
    ],
)  # fmt: skip
async def test_path_tricks_find_nothing(port: int, path: str) -> None:
    """Sent as they are, without a client that tidies them up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    answer = (await reader.read()).decode(errors="replace")
    writer.close()
    status = int(answer.split(" ", 2)[1])
    assert "secret of the machine" not in answer
    assert "hidden" not in answer
    assert "Traceback" not in answer
    assert status == 404 or (status == 200 and "<title>Mirante</title>" in answer), answer


async def test_addresses_that_are_none_and_wrong_methods_are_problems(http: httpx.AsyncClient) -> None:
    """JSON problems with the headers that everything carries."""
    wrong = await http.get("/v1/events")
    assert (wrong.status_code, wrong.json()["reason"], wrong.headers["allow"]) == (405, "METHOD_NOT_ALLOWED", "POST")
    for path in ("/v1/none", "/ofrep/v1/none", "/ws/none", "/v1/events/", "/api/flags"):
        assert (await http.get(path)).json()["reason"] == "NOT_FOUND", path
    assert (await http.request("DELETE", "/flags")).json()["reason"] == "METHOD_NOT_ALLOWED"
    assert (await http.head("/healthz")).status_code == 200
    missing = await http.get("/assets/none.js")
    assert (missing.status_code, missing.json()["reason"]) == (404, "NOT_FOUND")
    assert missing.headers["content-type"] == "application/problem+json"
    for response in (wrong, missing):
        assert response.headers["content-security-policy"].startswith("default-src 'none'")
        assert "server" not in response.headers


async def test_headers_without_end_are_refused(port: int) -> None:
    """431 or 400, and the connection is closed, instead of memory that grows."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
    try:
        for number in range(2_000):
            writer.write(f"X-{number}: {'a' * 100}\r\n".encode())
            await writer.drain()
        answer = await reader.read()
    except ConnectionError:
        answer = b""
    finally:
        writer.close()
    assert not answer or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 431"))


async def test_connections_without_a_request_are_closed(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silent ones, half requests, and half requests after a whole one; a WebSocket and a slow answer are left alone."""
    monkeypatch.setattr(PatientProtocol, "seconds", 0.2)
    for sent in (b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET / HT"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        async with asyncio.timeout(10):
            answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 200") if b"healthz" in sent else answer == b""
        writer.close()
    async with connect(f"ws://127.0.0.1:{port}/ws/metrics") as socket:
        await asyncio.sleep(0.6)  # far longer than a connection may say nothing
        assert socket.state is State.OPEN


async def test_the_openapi_document_is_served(http: httpx.AsyncClient) -> None:
    """For people and generators."""
    document = (await http.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert "/v1/events" in document["paths"]


async def test_settings_that_cannot_be_are_said_at_the_start(tmp_path: Path, port: int) -> None:
    """A folder without a dashboard, a taken port: each by its variable."""
    base: dict[str, Any] = {"home": tmp_path, "internal_key": "k", "port": 0}
    wrong: dict[str, dict[str, Any]] = {
        "MIRANTE_DASHBOARD_DIR": {"dashboard_dir": tmp_path / "none"},
        "MIRANTE_HTTP_PORT": {"port": port},
        "MIRANTE_TELEMETRY_CA": {"telemetry_ca": tmp_path / "none.pem"},
        "MIRANTE_INTERNAL_KEY": {"internal_key": None},
    }
    for variable, setting in wrong.items():
        with pytest.raises(SettingsError, match=variable):
            async with running(GatewaySettings(**(base | setting))):
                pass
