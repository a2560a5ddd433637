"""Managing people."""

import secrets
from collections.abc import Sequence

from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.flags.people.passwords import Passwords
from services.flags.people.texts import MOST_NAME, normal_login, require_new_password
from services.flags.store.people import NewPerson, PeopleStore, Person, PersonRole
from services.runtime.access import ALL_ENVIRONMENTS, Caller
from services.runtime.errors import InvalidRequest, PermissionDenied
from services.runtime.texts import check_text, require_text

_ID_LENGTH = 100


class PeopleAdmin:
    """
    Manages people. Their roles hold in all environments, so whoever gives them needs a key that holds all.

    Every method raises `PermissionDenied` for a key that does not, and `Unavailable` when the database does not answer.
    Whatever is raised, nothing was changed.
    """

    def __init__(self, store: PeopleStore, passwords: Passwords) -> None:
        self._store = store
        self._passwords = passwords

    async def create(self, login: str, name: str, role: PersonRole, password: str, caller: Caller) -> Person:
        """
        Create a person who logs in with a password.

        Raises:
            InvalidRequest: login, name or password cannot be what they are.
            AlreadyExists: the login is taken.
            StateConflict: there are as many people as there may be.
            Overloaded: see `Passwords`.
        """
        require_everywhere(caller)
        login = normal_login(login)
        check_text("name", name, MOST_NAME)
        require_new_password("password", password)
        password_hash = await self._passwords.hash(password)
        return await self._store.add_person(new_person(login, name, role, password_hash, created_by=caller.actor))

    async def people(self, caller: Caller) -> Sequence[Person]:
        """Return everybody, by login."""
        require_everywhere(caller)
        return await self._store.people()

    async def update(
        self,
        person_id: str,
        *,
        name: str | None,
        role: PersonRole | None,
        disabled: bool | None,
        caller: Caller,
    ) -> Person:
        """
        Change what is not None, at once.

        Raises:
            InvalidRequest: no id, or the name cannot be one.
            NotFound: no such person.
            StateConflict: nobody who is not disabled would be an admin any more.
        """
        require_everywhere(caller)
        require_text("person_id", person_id, _ID_LENGTH)
        if name is not None:
            require_text("name", name, MOST_NAME)
        if name is None and role is None and disabled is None:
            raise InvalidRequest.of("name", "nothing is to be changed: name, role or disabled is required")
        return await self._store.update_person(person_id, name=name, role=role, disabled=disabled, actor=caller.actor)

    async def set_password(self, person_id: str, password: str, caller: Caller) -> Person:
        """
        Replace somebody's password, which ends all sessions of that person.

        Raises:
            InvalidRequest: no id, or the password cannot be one.
            NotFound: no such person.
            StateConflict: the person is of an identity provider.
            Overloaded: see `Passwords`.
        """
        require_everywhere(caller)
        require_text("person_id", person_id, _ID_LENGTH)
        require_new_password("password", password)
        password_hash = await self._passwords.hash(password)
        return await self._store.set_password(person_id, password_hash, actor=caller.actor)


def new_person(login: str, name: str, role: PersonRole, password_hash: str, *, created_by: str) -> NewPerson:
    """Return a person to be stored; without a name called as the login."""
    return NewPerson(new_person_id(), login, name.strip() or login, role, password_hash, created_by)


def new_person_id() -> str:
    """Return an id that nobody has."""
    return secrets.token_hex(8)


def require_everywhere(caller: Caller) -> None:
    """Raise `PermissionDenied` for a key that does not hold all environments."""
    if ALL_ENVIRONMENTS not in caller.environments:
        raise PermissionDenied(
            "people's roles hold in all environments, so the key has to hold all",
            reason=reasons.ERROR_REASON_ENVIRONMENT_DENIED,
            metadata={"environment": ALL_ENVIRONMENTS},
        )
