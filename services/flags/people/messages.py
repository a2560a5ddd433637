"""People and sessions as messages, and roles from messages."""

from mirante.api.flags.v1 import people_service_pb2 as pb2

from services.flags.people.logins import Session
from services.flags.store.people import Person, PersonRole, PersonSource
from services.flags.timestamps import timestamp
from services.runtime.errors import InvalidRequest

_ROLES = {pb2.PersonRole.Value(f"PERSON_ROLE_{role.name}"): role for role in PersonRole}
_ROLE_NUMBERS = {role: number for number, role in _ROLES.items()}
_SOURCE_NUMBERS = {source: pb2.PersonSource.Value(f"PERSON_SOURCE_{source.name}") for source in PersonSource}


def person_role(number: pb2.PersonRole.ValueType) -> PersonRole:
    """Return the role; raise `InvalidRequest` for none, or one that this version does not know."""
    try:
        return _ROLES[number]
    except KeyError:
        raise InvalidRequest.of("role", "is required: viewer, editor or admin") from None


def person_message(person: Person) -> pb2.Person:
    """Return a person as callers see them."""
    return pb2.Person(
        id=person.id,
        login=person.login,
        name=person.name,
        role=_ROLE_NUMBERS[person.role],
        source=_SOURCE_NUMBERS[person.source],
        disabled_at=timestamp(person.disabled_at),
        created_at=timestamp(person.created_at),
        created_by=person.created_by,
        last_login_at=timestamp(person.last_login_at),
    )


def session_message(session: Session) -> pb2.Session:
    """Return a session as the gateway sees it."""
    return pb2.Session(
        person=person_message(session.person),
        environments=session.environments,
        expires_at=timestamp(session.expires_at),
    )
