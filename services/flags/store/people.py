"""The seam through which people and their sessions are kept."""

import datetime
import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class PersonRole(enum.Enum):
    """What a person may do; `PersonRole` of `people_service.proto`."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"


class PersonSource(enum.Enum):
    """Who vouches for a person; `PersonSource` of `people_service.proto`."""

    LOCAL = "local"
    OIDC = "oidc"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may log in, or might before being disabled. `login` is case-folded."""

    id: str
    login: str
    name: str
    role: PersonRole
    source: PersonSource
    disabled_at: datetime.datetime | None
    created_at: datetime.datetime
    created_by: str
    last_login_at: datetime.datetime | None


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person of source local to be stored."""

    id: str
    login: str
    name: str
    role: PersonRole
    password_hash: str
    created_by: str


@dataclass(frozen=True, slots=True)
class Identity:
    """
    Somebody as an identity provider knows them, to be stored or brought up to date. `id` is for a new person.

    `role` None leaves the role as it is; a new person is then a viewer.
    """

    id: str
    issuer: str
    subject: str
    login: str
    name: str
    role: PersonRole | None


@dataclass(frozen=True, slots=True)
class Credentials:
    """A person and the hash of the password; None for people of an identity provider."""

    person: Person
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session to be stored. `secret_hash` is SHA-256 of the secret's UTF-8 bytes."""

    secret_hash: bytes
    begins_at: datetime.datetime
    expires_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session that has not ended, and whose it is as of now."""

    person: Person
    used_at: datetime.datetime
    expires_at: datetime.datetime


class PeopleStore(Protocol):
    """
    People and sessions. What is changed of people is noted in the history of access.

    Every method raises `Unavailable` when the database does not answer, and works again by itself afterwards.
    """

    async def people(self) -> Sequence[Person]:
        """Return everybody, by login."""

    async def add_person(self, person: NewPerson) -> Person:
        """
        Store a person.

        Raises:
            AlreadyExists: the login is taken.
            StateConflict: there are as many people as there may be.
        """

    async def update_person(
        self, person_id: str, *, name: str | None, role: PersonRole | None, disabled: bool | None, actor: str
    ) -> Person:
        """
        Change what is not None. Whoever is disabled loses all sessions.

        Raises:
            NotFound: no such person.
            StateConflict: nobody who is not disabled would be an admin any more.
        """

    async def set_password(self, person_id: str, password_hash: str, *, actor: str) -> Person:
        """
        Replace a password, and end all sessions of the person.

        Raises:
            NotFound: no such person.
            StateConflict: the person is of an identity provider.
        """

    async def credentials(self, login: str) -> Credentials | None:
        """Return whose login this is."""

    async def begin_session(
        self, person_id: str, session: NewSession, *, password_hash: str, new_hash: str | None = None
    ) -> StoredSession | None:
        """
        Begin a session, unless the person was disabled or has another password by now: then None.

        Args:
            person_id: whose session it is.
            session: it. The oldest of the person end when there are too many.
            password_hash: the one that the login was checked against.
            new_hash: of the same password, to be stored instead.
        """

    async def begin_session_with_identity(self, identity: Identity, session: NewSession) -> StoredSession | None:
        """
        Store or bring up to date whom an identity provider knows, and begin a session; None for a disabled person.

        Raises:
            AlreadyExists: the login is another person's.
            StateConflict: there are as many people as there may be.
        """

    async def change_password(
        self, person_id: str, session: NewSession, *, old_hash: str, new_hash: str
    ) -> StoredSession | None:
        """As `begin_session`, with a new password; all other sessions of the person end."""

    async def session(
        self, secret_hash: bytes, now: datetime.datetime, unused_since: datetime.datetime
    ) -> StoredSession | None:
        """Return a session that ends after `now`, was used after `unused_since`, and whose person is not disabled."""

    async def use_session(self, secret_hash: bytes, now: datetime.datetime) -> None:
        """Note that a session is used."""

    async def end_session(self, secret_hash: bytes) -> None:
        """End a session, if there is one."""
