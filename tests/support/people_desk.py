"""People and logins on a real database, called as a servicer is called, at a time that tests choose."""

import datetime
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg
import pytest
from argon2.profiles import CHEAPEST
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.flags.v1 import people_service_pb2 as pb2

from services.flags.people.login_servicer import LoginServicer
from services.flags.people.logins import Logins, SessionTimes
from services.flags.people.passwords import Passwords, open_passwords
from services.flags.people.people_admin import PeopleAdmin
from services.flags.people.people_admin_servicer import PeopleAdminServicer
from services.flags.store.postgres import Store
from services.runtime.access import Caller, Role, current_caller
from services.runtime.errors import ServiceError
from tests.support.flag_store import migrated_store

Request = TypeVar("Request")
Response = TypeVar("Response")

ADMIN = Caller("key-1", "chefe", Role.ADMIN, frozenset({"*"}), everywhere=True)
GATEWAY = Caller("key-2", "gateway", Role.INTERNAL, frozenset({"*"}), everywhere=True)
PASSWORD = "correct horse"
LONGEST, UNUSED = datetime.timedelta(hours=10), datetime.timedelta(hours=2)


@dataclass
class PeopleDesk:
    """The services. `now` is what their clock says."""

    store: Store
    passwords: Passwords
    database_url: str
    now: datetime.datetime = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)

    def __post_init__(self) -> None:
        self.people = PeopleAdminServicer(PeopleAdmin(self.store.people, self.passwords))
        times = SessionTimes(LONGEST, UNUSED)
        self.logins = LoginServicer(
            Logins(self.store.people, self.store.access, self.passwords, times, lambda: self.now)
        )

    async def call(
        self, method: Callable[[Request, object], Awaitable[Response]], request: Request, caller: Caller = GATEWAY
    ) -> Response:
        """Call a method as this caller."""
        token = current_caller.set(caller)
        try:
            return await method(request, None)
        finally:
            current_caller.reset(token)

    async def refused(
        self, method: Callable[[Request, object], Awaitable[Response]], request: Request, caller: Caller = GATEWAY
    ) -> ServiceError:
        """Return the refusal of a call."""
        with pytest.raises(ServiceError) as caught:
            await self.call(method, request, caller)
        assert PASSWORD not in f"{caught.value.message} {caught.value.metadata}"
        return caught.value

    async def create(self, login: str = "ana", **fields: Any) -> pb2.Person:
        """Create a person, a viewer unless told otherwise."""
        request = pb2.CreatePersonRequest(
            **{"login": login, "role": pb2.PERSON_ROLE_VIEWER, "password": PASSWORD, **fields}
        )
        return (await self.call(self.people.CreatePerson, request, ADMIN)).person

    async def update(self, person: pb2.Person, **fields: Any) -> pb2.Person:
        """Change a person."""
        request = pb2.UpdatePersonRequest(person_id=person.id, **fields)
        return (await self.call(self.people.UpdatePerson, request, ADMIN)).person

    async def everybody(self) -> list[pb2.Person]:
        """Return all people."""
        return list((await self.call(self.people.ListPeople, pb2.ListPeopleRequest(), ADMIN)).people)

    async def log_in(self, login: str = "ana", password: str = PASSWORD) -> str:
        """Log in; return the secret of the session."""
        return (await self.call(self.logins.LogIn, pb2.LogInRequest(login=login, password=password))).secret

    async def session(self, secret: str, caller: Caller = GATEWAY) -> pb2.Session:
        """Return a session."""
        return (await self.call(self.logins.GetSession, pb2.GetSessionRequest(secret=secret), caller)).session

    async def has_ended(self, secret: str) -> bool:
        """Whether a session has ended."""
        try:
            await self.session(secret)
        except ServiceError as error:
            if reason(error) != "SESSION_ENDED":
                raise
            return True
        return False

    async def failure(self, login: str = "ana", password: str = "wrong") -> ServiceError:  # noqa: S107 - it is none
        """Return how a login is refused."""
        return await self.refused(self.logins.LogIn, pb2.LogInRequest(login=login, password=password))

    async def stored(self) -> str:
        """Return everything that is stored of people and sessions, as text."""
        connection = await asyncpg.connect(self.database_url)
        try:
            tables = [await connection.fetch(f"SELECT * FROM {table}") for table in ("people", "sessions")]  # noqa: S608
        finally:
            await connection.close()
        return repr(tables)

    async def sessions(self) -> int:
        """Return how many sessions are stored."""
        connection = await asyncpg.connect(self.database_url)
        try:
            return int(await connection.fetchval("SELECT count(*) FROM sessions"))
        finally:
            await connection.close()


def reason(error: ServiceError) -> str:
    """Return the reason of a refusal, without its prefix."""
    return reasons.ErrorReason.Name(error.reason).removeprefix("ERROR_REASON_")


@asynccontextmanager
async def open_people_desk(database_url: str) -> AsyncIterator[PeopleDesk]:
    """Yield the services on a fresh database with the environments "production" and "staging"."""
    async with migrated_store(database_url, "production") as store, open_passwords(CHEAPEST) as passwords:
        await store.access.create_environment("staging", "", actor="tests")
        yield PeopleDesk(store, passwords, database_url)
