"""People at the gateway: browsers that log in, ask the admin API and hold its streams."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from mirante.api.flags.v1 import people_service_pb2 as people_pb2

from tests.support.gateway_serving import GatewayServing
from tests.support.serving import PATIENCE_SECONDS, Serving

PASSWORD = "correto-cavalo-bateria"
MARK = {"x-mirante-request": "1"}
FLAGS = "mirante.api.flags.v1.FlagAdminService"

ROLES = {
    "viewer": people_pb2.PERSON_ROLE_VIEWER,
    "editor": people_pb2.PERSON_ROLE_EDITOR,
    "admin": people_pb2.PERSON_ROLE_ADMIN,
}


@dataclass
class Browser:
    """A browser with its own cookies, as the dashboard uses it."""

    http: httpx.AsyncClient

    async def log_in(self, login: str, password: str = PASSWORD, **headers: str) -> httpx.Response:
        """Send login and password."""
        return await self.post("/api/login", {"login": login, "password": password}, **headers)

    async def ask(self, method: str, document: Any = None, **headers: str) -> httpx.Response:
        """Call a method, `package.Service/Method`."""
        return await self.post(f"/api/{method}", {} if document is None else document, **headers)

    async def post(self, path: str, document: Any = None, **headers: str) -> httpx.Response:
        """Post JSON as the dashboard does; of headers given here, an empty one is left out."""
        found = {k: v for k, v in (MARK | {k.replace("_", "-"): v for k, v in headers.items()}).items() if v}
        return await self.http.post(path, json=document, headers=found)

    @asynccontextmanager
    async def stream(self, method: str, document: Any = None) -> AsyncIterator["Stream"]:
        """Hold the stream of a method; fails when it is refused."""
        path = f"/api/{method}"
        async with self.http.stream("POST", path, json=document or {}, headers=MARK, timeout=None) as response:
            assert response.status_code == 200, await response.aread()
            assert response.headers["content-type"].startswith("text/event-stream")
            yield Stream(response.aiter_lines())


@dataclass
class Stream:
    """The events of a stream. `comments` are the lines that mean nothing."""

    lines: AsyncIterator[str]
    comments: list[str] = field(default_factory=list)

    async def next(self) -> tuple[str, Any]:
        """Return the name of the next event ("message" when it has none) and its data; ("end", None) at the end."""
        name = "message"
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for line in self.lines:
                if line.startswith(":"):
                    self.comments.append(line)
                elif line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    return name, json.loads(line.removeprefix("data: "))
        return "end", None

    async def comment(self) -> None:
        """Return when a line came that means nothing."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for line in self.lines:
                if line.startswith(":"):
                    return


@asynccontextmanager
async def browser(gateway: GatewayServing) -> AsyncIterator[Browser]:
    """Open a browser in which nobody is logged in."""
    async with httpx.AsyncClient(base_url=gateway.url, timeout=PATIENCE_SECONDS) as http:
        yield Browser(http)


@asynccontextmanager
async def logged_in(gateway: GatewayServing, login: str) -> AsyncIterator[Browser]:
    """Open a browser in which somebody is logged in."""
    async with browser(gateway) as found:
        response = await found.log_in(login)
        assert response.status_code == 200, response.text
        yield found


async def create_person(flags: Serving, login: str, role: str) -> people_pb2.Person:
    """Create a person with the password of the tests."""
    request = people_pb2.CreatePersonRequest(login=login, name=login.title(), role=ROLES[role], password=PASSWORD)
    return (await flags.people.CreatePerson(request, metadata=flags.admin)).person
