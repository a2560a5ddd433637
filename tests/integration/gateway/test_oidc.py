"""Logging in through an OpenID Connect provider: a small one on loopback, beside a real flag service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.support.gateway_people import FLAGS, Browser, browser, create_person
from tests.support.gateway_serving import GatewayServing, gateway_serving
from tests.support.oidc_provider import CLIENT_ID, CLIENT_SECRET, OidcProvider, oidc_provider, query_of
from tests.support.serving import Serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

PUBLIC_URL = "http://mirante.test"
CALLBACK = "/api/login/oidc/callback"
ROLES = '{"mirante-admins": "admin", "mirante-editors": "editor"}'


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def running_provider() -> AsyncIterator[OidcProvider]:
    """Yield the provider of this module."""
    async with oidc_provider(f"{PUBLIC_URL}{CALLBACK}") as found:
        yield found


@pytest.fixture
def provider(running_provider: OidcProvider) -> OidcProvider:
    """Return the provider, telling only what the test wants."""
    running_provider.claims, running_provider.token, running_provider.userinfo = {}, {}, None
    return running_provider


def settings(provider: OidcProvider, **more: Any) -> dict[str, Any]:
    """Return the settings of a gateway that knows the provider."""
    return {
        "public_url": PUBLIC_URL,
        "oidc_issuer": provider.issuer,
        "oidc_name": "Entrada única",
        "oidc_client_id": CLIENT_ID,
        "oidc_client_secret": CLIENT_SECRET,
        "oidc_role_claim": "realm_access.roles",
        "oidc_roles": ROLES,
    } | more


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def gateway(
    flags: Serving, running_provider: OidcProvider, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[GatewayServing]:
    """Yield a gateway that takes roles from claims, and refuses whose claims mean none."""
    running_provider.userinfo = {}
    async with gateway_serving(flags, tmp_path_factory.mktemp("gateway"), **settings(running_provider)) as running:
        yield running


def claims(subject: str, *roles: str, **more: Any) -> dict[str, Any]:
    """Return what the provider knows of somebody."""
    return {"sub": subject, "email": f"{subject}@vendas.example", "realm_access": {"roles": list(roles)}} | more


@asynccontextmanager
async def returning(
    gateway: GatewayServing, return_to: str = "/flags?state=on"
) -> AsyncIterator[tuple[Browser, httpx.Response, str]]:
    """Go to the provider, and yield the browser, the answer that led there, and the address that leads back."""
    async with browser(gateway) as found:
        begun = await found.http.get("/api/login/oidc", params={"return_to": return_to})
        assert begun.status_code == 303, begun.text
        async with httpx.AsyncClient() as at_provider:
            answer = await at_provider.get(begun.headers["location"])
        yield found, begun, answer.headers["location"].removeprefix(PUBLIC_URL)


async def end(gateway: GatewayServing) -> str:
    """Log in; return where the browser ends up."""
    async with returning(gateway) as (found, _, back):
        return str((await found.http.get(back)).headers["location"])


async def test_a_person_of_the_provider_logs_in(gateway: GatewayServing, provider: OidcProvider) -> None:
    """The first time makes the person; the role is the highest of the claim's, and histories name the login."""
    provider.claims = claims("carla", "mirante-editors", "mirante-admins", "other", name="Carla Dias")
    async with returning(gateway) as (found, begun, back):
        cookie = SimpleCookie(begun.headers["set-cookie"])["mirante_login"]
        assert (cookie["samesite"], cookie["path"], bool(cookie["httponly"])) == ("lax", "/api/login/oidc", True)
        ended = await found.http.get(back)
        assert (ended.status_code, ended.headers["location"]) == (303, "/flags?state=on")
        assert "mirante_login" not in found.http.cookies
        person = (await found.http.get("/api/session")).json()["person"]
        assert person == {"login": "carla@vendas.example", "name": "Carla Dias", "role": "admin", "source": "oidc"}
        environment = {"environment": "por-carla", "description": ""}
        made = await found.ask("mirante.api.flags.v1.AccessAdminService/CreateEnvironment", environment)
        assert made.status_code == 200
        # A code is worth one login, and the cookie of the attempt is gone.
        assert (await found.http.get(back)).headers["location"] == "/login?problem=LOGIN_EXPIRED"
    provider.claims = claims("carla", "mirante-editors")
    async with returning(gateway) as (found, _, back):
        await found.http.get(back)
        assert (await found.http.get("/api/session")).json()["person"]["role"] == "editor"
        assert (await found.http.get("/api/login/options")).json() == {"password": True, "oidc": "Entrada única"}


async def test_who_has_no_role_does_not_come_in(gateway: GatewayServing, provider: OidcProvider) -> None:
    """Nor who cannot be named, whose address is not verified, or whose login is somebody else's."""
    await create_person(gateway.flags, "tomada@vendas.example", "viewer")
    for found, reason in (
        (claims("dora", "other"), "NO_ROLE"),
        (claims("dora", "mirante-admins", email=None), "LOGIN_FAILED"),
        (claims("dora", "mirante-admins", email_verified=False), "LOGIN_FAILED"),
        (claims("tomada", "mirante-admins"), "ALREADY_EXISTS"),
    ):
        provider.claims = found
        assert await end(gateway) == f"/login?problem={reason}"


async def test_answers_of_nobody_who_asked_are_refused(gateway: GatewayServing, provider: OidcProvider) -> None:
    """Another browser, another state, a changed cookie, no code, a refusal of the provider."""
    provider.claims = claims("eva", "mirante-admins")
    async with returning(gateway) as (found, _, back), browser(gateway) as other:
        expired = "/login?problem=LOGIN_EXPIRED"
        assert (await other.http.get(back)).headers["location"] == expired
        changed = back.replace("state=", "state=x")
        cookie = found.http.cookies["mirante_login"]
        for path, sent in ((changed, cookie), (back, cookie[:-2]), (back, "x" * 5_000), (CALLBACK, cookie)):
            header = {"cookie": f"mirante_login={sent}"}
            assert (await other.http.get(path, headers=header)).headers["location"] == expired
        denied = f"{CALLBACK}?error=access_denied&state={query_of(back)['state']}"
        header = {"cookie": f"mirante_login={cookie}"}
        assert (await other.http.get(denied, headers=header)).headers["location"] == "/login?problem=LOGIN_FAILED"
        forged = f"{CALLBACK}?code=made-up&state={query_of(back)['state']}"
        assert (await other.http.get(forged, headers=header)).headers["location"] == "/login?problem=LOGIN_FAILED"
        assert "mirante_session" not in other.http.cookies


@pytest.mark.parametrize(
    "token",
    [
        {"aud": "another"},
        {"iss": "https://another.example"},
        {"nonce": "another"},
        {"exp": 1},
        {"azp": "another"},
        {"sub": None},
    ],
    ids=str,
)
async def test_tokens_that_are_not_for_us_are_refused(
    gateway: GatewayServing, provider: OidcProvider, token: dict[str, Any]
) -> None:
    """Whatever else is right about them."""
    provider.claims, provider.token = claims("fabio", "mirante-admins"), token
    assert await end(gateway) == "/login?problem=LOGIN_FAILED"


async def test_pages_to_return_to_are_our_own(gateway: GatewayServing, provider: OidcProvider) -> None:
    """An address elsewhere becomes the first page."""
    provider.claims = claims("gabi", "mirante-editors")
    for wanted in ("https://evil.example", "//evil.example", "/\\evil.example", "\\/evil", "javascript:x", "/a\nb"):
        async with returning(gateway, wanted) as (found, _, back):
            assert (await found.http.get(back)).headers["location"] == "/", wanted


async def test_claims_are_asked_for_where_the_token_has_none(
    flags: Serving, provider: OidcProvider, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """From the endpoint for them; with a secret in the form, a claim of another name, and a default role."""
    provider.claims, provider.userinfo = {"sub": "helio"}, {"upn": "helio", "https://vendas.example/roles": ["none"]}
    provider.methods = ["client_secret_post"]
    chosen = settings(
        provider,
        oidc_login_claim="upn",
        oidc_role_claim="https://vendas.example/roles",
        oidc_default_role="viewer",
        password_logins=False,
    )
    try:
        async with (
            gateway_serving(flags, tmp_path_factory.mktemp("own"), **chosen) as own,
            returning(own) as (found, _, back),
        ):
            await found.http.get(back)
            person = (await found.http.get("/api/session")).json()["person"]
            assert (person["login"], person["role"]) == ("helio", "viewer")
            assert (await found.http.get("/api/login/options")).json()["password"] is False
            assert (await found.log_in("helio")).status_code == 404
            refused = await found.ask(f"{FLAGS}/KillFlag", {"environment": "production", "flagKey": "a", "reason": "b"})
            assert refused.status_code == 403
    finally:
        provider.methods = ["client_secret_basic"]


async def test_keys_of_the_provider_change(
    flags: Serving, provider: OidcProvider, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """New ones are asked for, and unknown ones do not make us ask again and again; roles stay with our own admins."""
    provider.claims = claims("iris")
    chosen = settings(provider, oidc_role_claim=None, oidc_roles="{}")
    async with gateway_serving(flags, tmp_path_factory.mktemp("own"), **chosen) as own:
        before = provider.asked["/keys"]
        assert await end(own) == "/flags?state=on"
        assert await end(own) == "/flags?state=on"
        assert provider.asked["/keys"] == before + 1
        provider.new_key()
        ends = await asyncio.gather(*[end(own) for _ in range(3)])
        assert set(ends) == {"/login?problem=LOGIN_FAILED"}
        assert provider.asked["/keys"] == before + 1


async def test_a_provider_that_is_away_keeps_nobody_else_out(
    flags: Serving, provider: OidcProvider, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The gateway starts without it, says so to who wants to go there, and passwords work."""
    await create_person(flags, "joao", "viewer")
    chosen = settings(provider, oidc_issuer="http://127.0.0.1:1")
    async with gateway_serving(flags, tmp_path_factory.mktemp("own"), **chosen) as own, browser(own) as found:
        answer = await found.http.get("/api/login/oidc")
        assert answer.headers["location"] == "/login?problem=PROVIDER_UNAVAILABLE"
        assert (await found.log_in("joao")).status_code == 200
