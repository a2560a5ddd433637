"""
Keys whose secrets are given from outside, as files in a folder: a mounted Secret of Kubernetes, for instance.

The installation's own secrets then live in one place, and services that start together agree on them.
"""

import contextlib
import secrets
from pathlib import Path
from typing import Final

from services.flags.people.first_admin import LOGIN, PASSWORD_FILE
from services.flags.people.passwords import Passwords
from services.flags.people.people_admin import new_person
from services.flags.store.access import AccessStore, NewKey
from services.flags.store.people import PersonRole
from services.runtime.access import ALL_ENVIRONMENTS, Role
from services.runtime.keys import secret_hash
from services.runtime.settings import SettingsError

_MADE_BY: Final = "mirante"
_EVERYWHERE: Final = frozenset({Role.ADMIN, Role.INTERNAL})
_LEAST_CHARACTERS: Final = {"key": 32, "password": 12}


async def ensure_given(store: AccessStore, passwords: Passwords, environment: str, folder: Path) -> None:
    """
    Make what the folder gives and the database lacks: the environment, keys, and the person "admin".

    A file named for a role holds the secret of a key of that role: of all environments for admin and internal, of
    `environment` for the others. `admin_password` holds the password of the person "admin", who is made when there is
    nobody yet. Further files mean nothing. A key that was revoked stays so; one whose file changed is not taken away.

    Raises:
        SettingsError: a file cannot be read, or is too short to be a secret; nothing was changed.
        Unavailable: the database does not answer.
    """
    given = {role: found for role in Role if (found := _read(folder, role.value, "key")) is not None}
    password = _read(folder, PASSWORD_FILE, "password")
    async with store.provisioning() as provisioning:
        await provisioning.ensure_environment(environment, "", actor=_MADE_BY)
        for role, secret in given.items():
            if await provisioning.key_with(secret_hash(secret)) is None:
                await provisioning.add_key(_key(role, environment, secret))
        if password is not None and not await provisioning.has_people():
            hashed = await passwords.hash(password)
            await provisioning.add_person(new_person(LOGIN, "", PersonRole.ADMIN, hashed, created_by=_MADE_BY))


def _key(role: Role, environment: str, secret: str) -> NewKey:
    return NewKey(
        id=secrets.token_hex(6),
        name=f"given-{role.value}",
        role=role,
        environments=(ALL_ENVIRONMENTS,) if role in _EVERYWHERE else (environment,),
        quota_per_second=0,
        secret_hash=secret_hash(secret),
        created_by=_MADE_BY,
    )


def _read(folder: Path, name: str, kind: str) -> str | None:
    """Return what a file gives; None when there is no such file."""
    try:
        if not folder.is_dir():
            raise SettingsError("MIRANTE_GIVEN_KEYS: is no folder")
        with contextlib.suppress(FileNotFoundError):
            found = (folder / name).read_text(encoding="ascii").strip()
            if len(found) < _LEAST_CHARACTERS[kind]:
                raise SettingsError(
                    f"MIRANTE_GIVEN_KEYS: {name}: a {kind} has at least {_LEAST_CHARACTERS[kind]} characters"
                )
            return found
    except (OSError, UnicodeError) as error:
        raise SettingsError(f"MIRANTE_GIVEN_KEYS: {name}: cannot be read: {type(error).__name__}") from None
    return None
