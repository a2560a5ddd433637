"""What the gateway remembers of sessions."""

import asyncio
import time
from typing import Any

import pytest
from mirante.api.flags.v1 import people_service_pb2 as pb2
from starlette.requests import Request

from services.gateway.admin.cookies import SessionCookies
from services.gateway.admin.sessions import FRESH_SECONDS, Sessions
from services.gateway.http.problems import Problem


def stored(login: str = "ana", role: pb2.PersonRole.ValueType = pb2.PERSON_ROLE_EDITOR) -> pb2.Session:
    """Return a session as the flag service tells it."""
    found = pb2.Session(person=pb2.Person(id="p1", login=login, name="Ana", role=role), environments=["b", "a"])
    found.expires_at.FromSeconds(int(time.time()) + 3_600)
    return found


class FakeLogins:
    """A `LoginService` of which only sessions are asked; `answer` is what it says, once `gate` is open."""

    def __init__(self) -> None:
        self.answer: pb2.Session | Problem | None = stored()
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def session(self, _secret: str) -> pb2.Session | None:
        """See `LoginService`."""
        self.asked += 1
        answer = self.answer
        await self.gate.wait()
        if isinstance(answer, Problem):
            raise answer
        return answer

    async def log_in(self, *_: Any) -> Any:
        """Not here."""
        raise NotImplementedError

    log_in_with_identity = log_out = change_password = log_in


class Clock:
    """A clock in the hands of a test."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def request(session: str = "s1") -> Request:
    """Return a request with a session's cookie."""
    return Request({"type": "http", "headers": [(b"cookie", f"mirante_session={session}".encode())]})


@pytest.fixture
def logins() -> FakeLogins:
    """Return the flag service."""
    return FakeLogins()


@pytest.fixture
def clock() -> Clock:
    """Return a clock."""
    return Clock()


@pytest.fixture
def sessions(logins: FakeLogins, clock: Clock) -> Sessions:
    """Return the sessions."""
    return Sessions(logins, SessionCookies(secure=False), clock)


async def test_those_who_come_together_ask_once(sessions: Sessions, logins: FakeLogins, clock: Clock) -> None:
    """And for a moment nobody asks again."""
    logins.gate.clear()
    waiting = [asyncio.create_task(sessions.of_request(request())) for _ in range(20)]
    await asyncio.sleep(0)
    logins.gate.set()
    found = await asyncio.gather(*waiting)
    assert logins.asked == 1
    assert found[0].metadata == (("x-mirante-actor", "ana"), ("x-mirante-actor-role", "editor"))
    assert found[0].document["environments"] == ["a", "b"]
    assert "s1" not in repr(found[0])
    await sessions.of_request(request())
    await sessions.of_request(request("another"))
    assert logins.asked == 2
    clock.now += FRESH_SECONDS
    logins.answer = None
    with pytest.raises(Problem, match="has ended"):
        await sessions.of_request(request())


async def test_names_survive_the_way_to_the_services(sessions: Sessions, logins: FakeLogins) -> None:
    """Metadata is ASCII; logins are not."""
    logins.answer = stored("joão;x@vendas.example\n")
    found = await sessions.of_request(request())
    assert found.metadata[0] == ("x-mirante-actor", "jo%C3%A3o%3Bx@vendas.example%0A")


async def test_what_was_asked_before_a_logout_is_not_remembered_after_it(
    sessions: Sessions, logins: FakeLogins
) -> None:
    """The answer may come when the session has ended already."""
    logins.gate.clear()
    early = asyncio.create_task(sessions.of_request(request()))
    while not logins.asked:
        await asyncio.sleep(0)
    sessions.forget("s1")
    logins.gate.set()
    await early
    logins.answer = None
    with pytest.raises(Problem, match="has ended"):
        await sessions.of_request(request())


async def test_a_session_remains_while_nobody_can_tell(sessions: Sessions, logins: FakeLogins, clock: Clock) -> None:
    """What is open goes on through an outage; what begins in it is refused with 503."""
    session = await sessions.of_request(request())
    clock.now += FRESH_SECONDS
    logins.answer = Problem(503, "STORE_UNAVAILABLE", "away")
    assert await sessions.remains(session)
    with pytest.raises(Problem, match="away"):
        await sessions.of_request(request())
    logins.answer = stored(role=pb2.PERSON_ROLE_VIEWER)
    assert not await sessions.remains(session)
    logins.answer = Problem(503, "STORE_UNAVAILABLE", "away")
    clock.now += FRESH_SECONDS
    expired = stored()
    expired.expires_at.FromSeconds(1)
    logins.answer = expired
    gone = await sessions.of_request(request("s2"))
    logins.answer = Problem(503, "STORE_UNAVAILABLE", "away")
    clock.now += FRESH_SECONDS
    assert not await sessions.remains(gone)
