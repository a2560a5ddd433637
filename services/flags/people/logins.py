"""Logging in and out."""

import datetime
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.flags.people.login_attempts import LoginAttempts
from services.flags.people.passwords import Passwords
from services.flags.people.people_admin import new_person_id, require_everywhere
from services.flags.people.texts import MOST_NAME, normal_login, require_new_password, require_password
from services.flags.store.access import AccessStore
from services.flags.store.people import Identity, NewSession, PeopleStore, Person, PersonRole, StoredSession
from services.runtime.access import ALL_ENVIRONMENTS, Caller
from services.runtime.errors import Unauthenticated
from services.runtime.keys import secret_hash
from services.runtime.texts import check_text, require_text

_MOST_CLAIM: Final = 500
_MOST_SECRET: Final = 200
_USES_NOTED: Final = 20
"""A session's use is written down so many times in the time after which it ends unused, at most."""


@dataclass(frozen=True, slots=True)
class SessionTimes:
    """How long a session lasts in all, and without being used."""

    longest: datetime.timedelta
    unused: datetime.timedelta


@dataclass(frozen=True, slots=True)
class Session:
    """A session as the gateway sees it. `environments` are those of its key, of those that exist."""

    person: Person
    environments: Sequence[str]
    expires_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class Begun:
    """A session that has just begun, and its secret, which nobody can read again."""

    secret: str
    session: Session


class Logins:
    """
    Begins, finds and ends sessions.

    Every method raises `Unavailable` when the database does not answer.

    Args:
        store: of people.
        access: where the environments are.
        passwords: see there.
        times: of sessions.
        clock: the time, with a time zone.
    """

    def __init__(
        self,
        store: PeopleStore,
        access: AccessStore,
        passwords: Passwords,
        times: SessionTimes,
        clock: Callable[[], datetime.datetime],
    ) -> None:
        self._store = store
        self._access = access
        self._passwords = passwords
        self._times = times
        self._clock = clock
        self._attempts = LoginAttempts()

    async def log_in(self, login: str, password: str, caller: Caller) -> Begun:
        """
        Begin a session for a person with a password.

        Raises:
            InvalidRequest: login or password are missing, or nobody can have them.
            Unauthenticated: LOGIN_FAILED, whatever is wrong.
            Overloaded: the login was tried too often, or see `Passwords`.
        """
        login = normal_login(login)
        require_password("password", password)
        self._attempts.begin(login, self._clock().timestamp())
        found = await self._store.credentials(login)
        known = None if found is None else found.password_hash
        if not await self._passwords.verify(known, password) or found is None or known is None:
            raise _login_failed()
        new_hash = await self._passwords.hash(password) if self._passwords.is_outdated(known) else None
        secret, session = self._new_session()
        begun = await self._store.begin_session(found.person.id, session, password_hash=known, new_hash=new_hash)
        if begun is None:
            raise _login_failed()
        self._attempts.succeeded(login)
        return Begun(secret, await self._session(begun, caller))

    async def log_in_with_identity(
        self, issuer: str, subject: str, *, login: str, name: str, role: PersonRole | None, caller: Caller
    ) -> Begun:
        """
        Begin a session for somebody whom an identity provider knows, and take over what it says.

        Args:
            issuer: claim `iss`.
            subject: claim `sub`.
            login: what the person is called in histories.
            name: empty for the login.
            role: None for what is stored; a new person is then a viewer.
            caller: whose word this is: the key has to hold all environments, because roles hold in all.

        Raises:
            PermissionDenied: the key does not hold all environments.
            InvalidRequest: a field is missing or cannot be what it is.
            AlreadyExists: the login is another person's.
            StateConflict: there are as many people as there may be.
            Unauthenticated: LOGIN_FAILED, the person is disabled.
        """
        require_everywhere(caller)
        require_text("issuer", issuer, _MOST_CLAIM)
        require_text("subject", subject, _MOST_CLAIM)
        login = normal_login(login)
        check_text("name", name, MOST_NAME)
        identity = Identity(new_person_id(), issuer, subject, login, name.strip() or login, role)
        secret, session = self._new_session()
        begun = await self._store.begin_session_with_identity(identity, session)
        if begun is None:
            raise _login_failed()
        return Begun(secret, await self._session(begun, caller))

    async def session(self, secret: str, caller: Caller) -> Session:
        """
        Return a session; it is used by that.

        Raises:
            Unauthenticated: SESSION_ENDED, or it never was.
        """
        return await self._session(await self._found(secret), caller)

    async def log_out(self, secret: str) -> None:
        """End a session, if there is one."""
        if len(secret) <= _MOST_SECRET:
            await self._store.end_session(secret_hash(secret))

    async def change_password(self, secret: str, old: str, new: str, caller: Caller) -> Begun:
        """
        Replace the password of a session's person: all sessions of that person end, and another one begins.

        Raises:
            InvalidRequest: a password is missing, or the new one cannot be one.
            Unauthenticated: SESSION_ENDED; LOGIN_FAILED when the old password is wrong, or there is none.
            Overloaded: as `log_in`.
        """
        require_password("old_password", old)
        require_new_password("new_password", new)
        person = (await self._found(secret)).person
        self._attempts.begin(person.login, self._clock().timestamp())
        found = await self._store.credentials(person.login)
        known = None if found is None else found.password_hash
        if not await self._passwords.verify(known, old) or known is None:
            raise _login_failed()
        new_hash = await self._passwords.hash(new)
        secret, session = self._new_session()
        begun = await self._store.change_password(person.id, session, old_hash=known, new_hash=new_hash)
        if begun is None:
            raise _login_failed()
        self._attempts.succeeded(person.login)
        return Begun(secret, await self._session(begun, caller))

    async def _found(self, secret: str) -> StoredSession:
        now, unused = self._clock(), self._times.unused
        hashed = secret_hash(secret) if 0 < len(secret) <= _MOST_SECRET else b""
        found = await self._store.session(hashed, now, now - unused)
        if found is None:
            raise Unauthenticated("the session has ended: log in again", reason=reasons.ERROR_REASON_SESSION_ENDED)
        if now - found.used_at > unused / _USES_NOTED:
            await self._store.use_session(hashed, now)
        return found

    async def _session(self, stored: StoredSession, caller: Caller) -> Session:
        environments = [
            head.key
            for head in await self._access.heads()
            if head.key in caller.environments or ALL_ENVIRONMENTS in caller.environments
        ]
        return Session(stored.person, environments, stored.expires_at)

    def _new_session(self) -> tuple[str, NewSession]:
        secret, now = secrets.token_urlsafe(32), self._clock()
        return secret, NewSession(secret_hash(secret), now, now + self._times.longest)


def _login_failed() -> Unauthenticated:
    return Unauthenticated("the login or the password is wrong", reason=reasons.ERROR_REASON_LOGIN_FAILED)
