"""The person whom a first start creates when it is told to, so that somebody can log in."""

import secrets
from pathlib import Path
from typing import Final

from services.flags.people.passwords import Passwords
from services.flags.people.people_admin import new_person
from services.flags.private_file import write_private
from services.flags.store.access import AccessStore
from services.flags.store.people import PersonRole

PASSWORD_FILE: Final = "admin_password"  # noqa: S105 - the name of a file
LOGIN: Final = "admin"

_MADE_BY: Final = "mirante"


async def ensure_first_admin(store: AccessStore, passwords: Passwords, home: Path) -> None:
    """
    Create the person "admin" if there is nobody yet, with the password in the file `admin_password` (mode 0600).

    Any number of replicas may start at once: one of them creates the person, and has the file.

    Raises:
        PrivateFileError: the file cannot be written; nothing was changed in the database.
        Unavailable: the database does not answer.
    """
    async with store.provisioning() as provisioning:
        if await provisioning.has_people():
            return
        password = secrets.token_urlsafe(18)
        password_hash = await passwords.hash(password)
        await provisioning.add_person(new_person(LOGIN, "", PersonRole.ADMIN, password_hash, created_by=_MADE_BY))
        # Before the commit: after a crash in between there is still nobody, and the next start makes another password.
        write_private(home / PASSWORD_FILE, f"{password}\n")
