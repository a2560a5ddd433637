"""People and their sessions in Postgres."""

import datetime
from collections.abc import Sequence
from typing import Final

import asyncpg
from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.flags.store.access_history import AccessAction, AccessNote, differences
from services.flags.store.people import (
    Credentials,
    Identity,
    NewPerson,
    NewSession,
    Person,
    PersonRole,
    PersonSource,
    StoredSession,
)
from services.flags.store.postgres_access_history import note
from services.runtime.errors import AlreadyExists, NotFound, StateConflict
from services.runtime.postgres.pool import PostgresPool

MOST_PEOPLE: Final = 10_000
"""Disabled ones included: they are listed in one answer."""
MOST_SESSIONS: Final = 20
"""Of one person."""

_ADD: Final = """
    INSERT INTO people (id, login, name, role, password_hash, created_by, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, now())
    RETURNING *
"""
_ADMINS: Final = "SELECT id FROM people WHERE role = 'admin' AND disabled_at IS NULL ORDER BY id FOR UPDATE"
_UPDATE: Final = """
    UPDATE people
    SET name = coalesce($2, name), role = coalesce($3, role),
        disabled_at = CASE WHEN $4 THEN coalesce(disabled_at, now()) WHEN NOT $4 THEN NULL ELSE disabled_at END
    WHERE id = $1
    RETURNING *
"""
_SET_PASSWORD: Final = "UPDATE people SET password_hash = $2 WHERE id = $1 AND password_hash IS NOT NULL RETURNING *"  # noqa: S105 - it is none
# A password that was replaced, or a person who was disabled, while the login was being checked begins no session.
_LOGGED_IN: Final = """
    UPDATE people SET last_login_at = $2, password_hash = $4
    WHERE id = $1 AND password_hash = $3 AND disabled_at IS NULL
    RETURNING *
"""
_KNOWN: Final = "SELECT * FROM people WHERE issuer = $1 AND subject = $2 FOR UPDATE"
_IDENTITY: Final = """
    INSERT INTO people AS p (id, issuer, subject, login, name, role, created_by, created_at, last_login_at)
    VALUES ($1, $2, $3, $4, $5, coalesce($6, 'viewer'), $4, now(), $7)
    ON CONFLICT (issuer, subject) DO UPDATE
    SET login = $4, name = $5, role = coalesce($6, p.role), last_login_at = $7
    WHERE p.disabled_at IS NULL
    RETURNING *
"""
_BEGIN: Final = """
    INSERT INTO sessions (secret_hash, person_id, began_at, used_at, expires_at) VALUES ($1, $2, $3, $3, $4)
"""
_END_OLDEST: Final = """
    DELETE FROM sessions WHERE secret_hash IN (
        SELECT secret_hash FROM sessions WHERE person_id = $1 ORDER BY began_at DESC, secret_hash OFFSET $2
    )
"""
_SESSION: Final = """
    SELECT p.*, s.used_at, s.expires_at
    FROM sessions AS s JOIN people AS p ON p.id = s.person_id
    WHERE s.secret_hash = $1 AND s.expires_at > $2 AND s.used_at > $3 AND p.disabled_at IS NULL
"""
_END_ALL: Final = "DELETE FROM sessions WHERE person_id = $1"


class PostgresPeople:
    """The `PeopleStore` on Postgres."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def people(self) -> Sequence[Person]:
        """See `PeopleStore`."""
        async with self._pool.connection() as connection:
            return [_person(row) for row in await connection.fetch("SELECT * FROM people ORDER BY login")]

    async def add_person(self, person: NewPerson) -> Person:
        """See `PeopleStore`."""
        async with self._pool.transaction() as connection:
            return await add_person(connection, person)

    async def update_person(
        self, person_id: str, *, name: str | None, role: PersonRole | None, disabled: bool | None, actor: str
    ) -> Person:
        """See `PeopleStore`."""
        async with self._pool.transaction() as connection:
            # Locked in one order, so that two admins cannot take the role from each other.
            admins = [row["id"] for row in await connection.fetch(_ADMINS)]
            if admins == [person_id] and (disabled or role not in (None, PersonRole.ADMIN)):
                raise StateConflict("nobody would be an admin any more", metadata={"state": "last admin"})
            before = await connection.fetchrow("SELECT * FROM people WHERE id = $1 FOR UPDATE", person_id)
            row = await connection.fetchrow(_UPDATE, person_id, name, None if role is None else role.value, disabled)
            if before is None or row is None:
                raise _nobody(person_id)
            if disabled:
                await connection.execute(_END_ALL, person_id)
            await _note_update(connection, actor, _person(before), _person(row))
            return _person(row)

    async def set_password(self, person_id: str, password_hash: str, *, actor: str) -> Person:
        """See `PeopleStore`."""
        async with self._pool.transaction() as connection:
            row = await connection.fetchrow(_SET_PASSWORD, person_id, password_hash)
            if row is None:
                if await connection.fetchval("SELECT 1 FROM people WHERE id = $1", person_id) is None:
                    raise _nobody(person_id)
                raise StateConflict("the person logs in at an identity provider", metadata={"state": "oidc"})
            await connection.execute(_END_ALL, person_id)
            await note(connection, AccessNote(actor, AccessAction.SET_PASSWORD, row["login"]))
            return _person(row)

    async def credentials(self, login: str) -> Credentials | None:
        """See `PeopleStore`."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow("SELECT * FROM people WHERE login = $1", login)
        return None if row is None else Credentials(_person(row), row["password_hash"])

    async def begin_session(
        self, person_id: str, session: NewSession, *, password_hash: str, new_hash: str | None = None
    ) -> StoredSession | None:
        """See `PeopleStore`."""
        async with self._pool.transaction() as connection:
            row = await connection.fetchrow(
                _LOGGED_IN, person_id, session.begins_at, password_hash, new_hash or password_hash
            )
            return None if row is None else await _begin(connection, row, session)

    async def begin_session_with_identity(self, identity: Identity, session: NewSession) -> StoredSession | None:
        """See `PeopleStore`."""
        role = None if identity.role is None else identity.role.value
        async with self._pool.transaction() as connection:
            before = await connection.fetchrow(_KNOWN, identity.issuer, identity.subject)
            if before is None:
                await _require_room(connection)
            try:
                row = await connection.fetchrow(
                    _IDENTITY,
                    *(identity.id, identity.issuer, identity.subject, identity.login, identity.name, role),
                    session.begins_at,
                )
            except asyncpg.UniqueViolationError as error:
                raise _taken(identity.login) from error
            if row is None:
                return None
            if before is None:
                await _note_new(connection, _person(row))
            else:
                await _note_update(connection, identity.login, _person(before), _person(row))
            return await _begin(connection, row, session)

    async def change_password(
        self, person_id: str, session: NewSession, *, old_hash: str, new_hash: str
    ) -> StoredSession | None:
        """See `PeopleStore`."""
        async with self._pool.transaction() as connection:
            row = await connection.fetchrow(_LOGGED_IN, person_id, session.begins_at, old_hash, new_hash)
            if row is None:
                return None
            await connection.execute(_END_ALL, person_id)
            await note(connection, AccessNote(row["login"], AccessAction.SET_PASSWORD, row["login"]))
            return await _begin(connection, row, session)

    async def session(
        self, secret_hash: bytes, now: datetime.datetime, unused_since: datetime.datetime
    ) -> StoredSession | None:
        """See `PeopleStore`."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(_SESSION, secret_hash, now, unused_since)
        return None if row is None else StoredSession(_person(row), row["used_at"], row["expires_at"])

    async def use_session(self, secret_hash: bytes, now: datetime.datetime) -> None:
        """See `PeopleStore`."""
        async with self._pool.transaction() as connection:
            await connection.execute(
                "UPDATE sessions SET used_at = greatest(used_at, $2) WHERE secret_hash = $1", secret_hash, now
            )

    async def end_session(self, secret_hash: bytes) -> None:
        """See `PeopleStore`."""
        async with self._pool.transaction() as connection:
            await connection.execute("DELETE FROM sessions WHERE secret_hash = $1", secret_hash)


async def add_person(connection: asyncpg.Connection, person: NewPerson) -> Person:
    """Store a person within a transaction; see `PeopleStore`."""
    await _require_room(connection)
    try:
        row = await connection.fetchrow(
            _ADD,
            *(person.id, person.login, person.name, person.role.value, person.password_hash, person.created_by),
        )
    except asyncpg.UniqueViolationError as error:
        raise _taken(person.login) from error
    await _note_new(connection, _person(row))
    return _person(row)


async def _note_new(connection: asyncpg.Connection, person: Person) -> None:
    given = differences(name=(None, person.name), role=(None, person.role.value), source=(None, person.source.value))
    await note(connection, AccessNote(person.created_by, AccessAction.CREATE_PERSON, person.login, given))


async def _note_update(connection: asyncpg.Connection, actor: str, before: Person, after: Person) -> None:
    changes = differences(
        login=(before.login, after.login),
        name=(before.name, after.name),
        role=(before.role.value, after.role.value),
        disabled=(_yes_no(before), _yes_no(after)),
    )
    if changes:
        await note(connection, AccessNote(actor, AccessAction.UPDATE_PERSON, after.login, changes))


def _yes_no(person: Person) -> str:
    return "no" if person.disabled_at is None else "yes"


async def _begin(connection: asyncpg.Connection, row: asyncpg.Record, session: NewSession) -> StoredSession:
    await connection.execute("DELETE FROM sessions WHERE expires_at <= $1", session.begins_at)
    await connection.execute(_BEGIN, session.secret_hash, row["id"], session.begins_at, session.expires_at)
    await connection.execute(_END_OLDEST, row["id"], MOST_SESSIONS)
    return StoredSession(_person(row), session.begins_at, session.expires_at)


async def _require_room(connection: asyncpg.Connection) -> None:
    if await connection.fetchval("SELECT count(*) FROM people") >= MOST_PEOPLE:
        raise StateConflict(f"there are {MOST_PEOPLE} people, disabled ones included", metadata={"state": "full"})


def _nobody(person_id: str) -> NotFound:
    return NotFound(
        "there is no such person",
        reason=reasons.ERROR_REASON_PERSON_NOT_FOUND,
        metadata={"person_id": person_id},
    )


def _taken(login: str) -> AlreadyExists:
    return AlreadyExists("the login is another person's", metadata={"key": login})


def _person(row: asyncpg.Record) -> Person:
    return Person(
        id=row["id"],
        login=row["login"],
        name=row["name"],
        role=PersonRole(row["role"]),
        source=PersonSource.LOCAL if row["issuer"] is None else PersonSource.OIDC,
        disabled_at=row["disabled_at"],
        created_at=row["created_at"],
        created_by=row["created_by"],
        last_login_at=row["last_login_at"],
    )
