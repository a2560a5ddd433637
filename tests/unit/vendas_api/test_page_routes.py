"""What the example backend tells its page."""

from pathlib import Path

import httpx
import jwt
import pytest
from fastapi import FastAPI
from mirante.testing import StaticFlags

from examples.vendas_api.app import create_app
from examples.vendas_api.page_routes import BrowserSide, add_page_routes
from tests.support.gateway_tokens import backend, ed25519_pem

CALLER = {"X-User": "ana", "X-Tenant": "acme"}


def client_of(app: FastAPI, **headers: str) -> httpx.AsyncClient:
    """Return a client of an application, without a socket."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://vendas", headers=headers)


def side() -> BrowserSide:
    """Return what a page is told."""
    return BrowserSide("http://gateway:8080", "public", "staging", backend("k7"))


async def test_a_page_is_told_where_mirante_is_and_gets_a_token_of_the_caller() -> None:
    """Of nobody else; it is kept nowhere."""
    async with client_of(create_app(StaticFlags(), browser=side()), **CALLER) as client:
        config = (await client.get("/mirante/config")).json()
        assert config == {"url": "http://gateway:8080", "key": "public", "environment": "staging"}
        response = await client.post("/mirante/token")
    assert response.headers["cache-control"] == "no-store"
    claims = jwt.decode(response.json()["token"], options={"verify_signature": False})
    assert (claims["env"], claims["tenant"], claims["sub"]) == ("staging", "acme", "ana")


async def test_nobody_gets_no_token() -> None:
    """Whoever is not logged in has none."""
    app = create_app(StaticFlags(), browser=side())
    async with client_of(app) as nobody, client_of(app, **{"X-User": "ana"}) as nowhere:
        assert (await nobody.post("/mirante/token")).status_code == 401
        assert (await nowhere.post("/mirante/token")).status_code == 401


async def test_without_mirante_the_page_is_told_so() -> None:
    """It shows what it showed before there were flags."""
    async with client_of(create_app(StaticFlags()), **CALLER) as client:
        assert (await client.get("/mirante/config")).status_code == 404
        assert (await client.post("/mirante/token")).status_code == 404


def test_everything_is_set_up_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all of it, or not at all."""
    monkeypatch.delenv("MIRANTE_GATEWAY_URL", raising=False)
    assert BrowserSide.from_environment() is None
    (tmp_path / "tokens.pem").write_bytes(ed25519_pem())
    monkeypatch.setenv("MIRANTE_GATEWAY_URL", "http://gateway")
    monkeypatch.setenv("MIRANTE_BROWSER_KEY", "public")
    monkeypatch.setenv("VENDAS_TOKEN_KEY", str(tmp_path / "tokens.pem"))
    found = BrowserSide.from_environment()
    assert found is not None
    assert (found.gateway_url, found.key, found.environment) == ("http://gateway", "public", "production")
    assert found.tokens.jwk()["kid"] == "vendas"


async def test_the_built_page_takes_what_no_route_takes(tmp_path: Path) -> None:
    """The routes of the backend stay what they are."""
    (tmp_path / "index.html").write_text("<title>vendas</title>")
    app = FastAPI()
    app.add_api_route("/vendas", lambda: [])
    add_page_routes(app, None, tmp_path)
    async with client_of(app) as client:
        assert "<title>vendas</title>" in (await client.get("/")).text
        assert (await client.get("/vendas")).json() == []
