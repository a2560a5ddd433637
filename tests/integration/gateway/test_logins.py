"""Logging in and out at the gateway, beside a real flag service."""

import asyncio
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from mirante.api.flags.v1 import people_service_pb2 as people_pb2
from pydantic import SecretStr

from services.gateway.admin import attempts
from services.gateway.app import running
from services.gateway.settings import GatewaySettings
from tests.support.gateway_people import FLAGS, MARK, PASSWORD, browser, create_person, logged_in
from tests.support.gateway_serving import GatewayServing, gateway_serving
from tests.support.serving import Serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

NEW_PASSWORD = "outra-senha-bem-longa"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def ana(flags: Serving) -> AsyncIterator[people_pb2.Person]:
    """Yield a person who may log in."""
    yield await create_person(flags, "ana", "editor")


async def test_a_login_gives_a_session(gateway: GatewayServing, ana: people_pb2.Person) -> None:
    """In a cookie that scripts cannot read and other sites cannot send; the answer says who that is."""
    async with browser(gateway) as found:
        assert (await found.http.get("/api/session")).json()["reason"] == "LOGIN_REQUIRED"
        answer = await found.log_in("ANA")
        document = answer.json()
        assert document["person"] == {"login": ana.login, "name": "Ana", "role": "editor", "source": "local"}
        assert document["environments"] == ["production"]
        cookie = SimpleCookie(answer.headers["set-cookie"])["mirante_session"]
        assert (cookie["path"], cookie["samesite"], bool(cookie["httponly"])) == ("/", "strict", True)
        assert not cookie["secure"]
        assert int(cookie["max-age"]) > 3_600
        assert cookie.value not in answer.text
        assert (await found.http.get("/api/session")).json() == document


async def test_a_logout_ends_it_for_good(gateway: GatewayServing, ana: people_pb2.Person) -> None:
    """Also for who kept the cookie; a second logout is no error."""
    async with logged_in(gateway, ana.login) as found, browser(gateway) as thief:
        thief.http.cookies.set("mirante_session", found.http.cookies["mirante_session"])
        assert (await thief.http.get("/api/session")).status_code == 200
        assert (await found.post("/api/logout")).status_code == 204
        assert "mirante_session" not in found.http.cookies
        assert (await thief.http.get("/api/session")).json()["reason"] == "SESSION_ENDED"
        assert (await thief.ask(f"{FLAGS}/ListFlags")).status_code == 401
        assert (await found.post("/api/logout")).status_code == 204


async def test_every_login_that_fails_is_answered_alike(
    gateway: GatewayServing, flags: Serving, ana: people_pb2.Person
) -> None:
    """Nobody learns which logins there are, nor that somebody is disabled."""
    gone = await create_person(flags, "saiu", "viewer")
    await flags.people.UpdatePerson(
        people_pb2.UpdatePersonRequest(person_id=gone.id, disabled=True), metadata=flags.admin
    )
    async with browser(gateway) as found:
        answers = [
            await found.log_in(ana.login, "wrong-password"),
            await found.log_in("nobody"),
            await found.log_in("not a login"),
            await found.log_in("saiu"),
            await found.log_in(ana.login, "x" * 5_000),
        ]
        assert {each.status_code for each in answers} == {401}
        assert len({each.text for each in answers}) == 1
        assert answers[0].json()["reason"] == "LOGIN_FAILED"
        assert not any("set-cookie" in each.headers for each in answers)


async def test_guessing_is_slowed_down(flags: Serving, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One login by the flag service, one address by the gateway: both say when to come back."""
    await create_person(flags, "alvo", "viewer")
    monkeypatch.setattr(attempts, "MOST_FAILURES", 8)
    async with gateway_serving(flags, home) as own, browser(own) as found:
        guesses = await asyncio.gather(*[found.log_in("alvo", f"guess-number-{n}") for n in range(7)])
        slow = [each for each in guesses if each.status_code == 429]
        assert slow
        assert slow[0].json()["reason"] == "OVERLOADED"
        assert int(slow[0].headers["retry-after"]) >= 1
        others = [await found.log_in(f"other{n}") for n in range(4)]
        assert others[-1].json()["reason"] == "TOO_MANY_ATTEMPTS"
        assert int(others[-1].headers["retry-after"]) >= 1


async def test_a_password_is_changed_by_who_knows_it(gateway: GatewayServing, flags: Serving) -> None:
    """All sessions of the person end, but for the new one."""
    await create_person(flags, "bia", "viewer")
    async with logged_in(gateway, "bia") as here, logged_in(gateway, "bia") as there:
        wrong = await here.post("/api/password", {"old_password": "not-this-one", "new_password": NEW_PASSWORD})
        assert (wrong.status_code, wrong.json()["reason"]) == (401, "LOGIN_FAILED")
        short = await here.post("/api/password", {"old_password": PASSWORD, "new_password": "curta"})
        assert (short.status_code, short.json()["errors"][0]["field"]) == (400, "new_password")
        old = here.http.cookies["mirante_session"]
        changed = await here.post("/api/password", {"old_password": PASSWORD, "new_password": NEW_PASSWORD})
        assert changed.json()["person"]["login"] == "bia"
        assert here.http.cookies["mirante_session"] != old
        assert (await here.http.get("/api/session")).status_code == 200
        # Another gateway, or this one a moment later, notices the sessions that ended elsewhere.
        session = people_pb2.GetSessionRequest(secret=there.http.cookies["mirante_session"])
        with pytest.raises(Exception, match="session has ended"):
            await flags.logins.GetSession(session, metadata=flags.key("internal"))
        assert (await here.log_in("bia", NEW_PASSWORD)).status_code == 200
        assert (await there.log_in("bia")).status_code == 401


async def test_bodies_are_what_they_have_to_be(gateway: GatewayServing) -> None:
    """Named by their members; what was sent is not repeated."""
    async with browser(gateway) as found:
        for document, field in (
            ([], "body"),
            ({"login": "ana"}, "password"),
            ({"login": "ana", "password": 12345678}, "password"),
            ({"login": "", "password": PASSWORD}, "login"),
            ({"login": "ana", "password": PASSWORD, "role": "admin"}, "role"),
        ):
            answer = await found.post("/api/login", document)
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
            assert PASSWORD not in answer.text
            assert "12345678" not in answer.text
        large = await found.post("/api/login", {"login": "a" * 20_000, "password": "b"})
        assert large.status_code == 413
        unmarked = await found.log_in("ana", x_mirante_request="")
        assert unmarked.json()["reason"] == "REQUEST_MARK_REQUIRED"
        foreign = await found.log_in("ana", origin="https://evil.example")
        assert foreign.json()["reason"] == "ORIGIN_DENIED"
        assert (await found.http.get("/api/login")).status_code == 405
        assert (await found.http.get("/api/login/options")).json() == {"password": True, "oidc": None}
        assert (await found.http.get("/api/login/oidc")).status_code == 404


async def test_behind_tls_the_cookie_never_leaves_it(flags: Serving, home: Path) -> None:
    """Browsers send it over TLS only, and to this host only, also when a proxy does the TLS."""
    async with (
        gateway_serving(flags, home, public_url="https://mirante.example") as own,
        browser(own) as found,
    ):
        await create_person(flags, "tls", "viewer")
        answer = await found.log_in("tls", origin="https://mirante.example")
        cookie = SimpleCookie(answer.headers["set-cookie"])["__Host-mirante_session"]
        assert (bool(cookie["secure"]), cookie["path"], cookie["domain"]) == (True, "/", "")
        assert "strict-transport-security" in answer.headers
        headers = {"cookie": f"__Host-mirante_session={cookie.value}"}
        assert (await found.http.get("/api/session", headers=headers)).status_code == 200
        # The name that a plain connection could have set counts for nothing.
        headers = {"cookie": f"mirante_session={cookie.value}"}
        assert (await found.http.get("/api/session", headers=headers)).status_code == 401


async def test_without_the_flag_service_nobody_is_told_that_they_are_not_logged_in(home: Path) -> None:
    """503, so that the dashboard waits instead of showing the login."""
    settings = GatewaySettings(
        home=home, port=0, flags_address="127.0.0.1:1", internal_key=SecretStr("k"), drain_seconds=1
    )
    async with running(settings) as gateway, httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}") as http:
        http.cookies.set("mirante_session", "some-secret")
        assert (await http.get("/api/session")).status_code == 503
        body = {"login": "ana", "password": PASSWORD}
        assert (await http.post("/api/login", json=body, headers=MARK)).status_code == 503
