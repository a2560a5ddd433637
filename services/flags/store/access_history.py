"""The seam through which it is kept who changed environments, keys, browser access and people."""

import datetime
import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class AccessAction(enum.Enum):
    """What was done; `AccessAction` of `access_admin_service.proto`."""

    CREATE_ENVIRONMENT = "create_environment"
    CREATE_API_KEY = "create_api_key"
    REVOKE_API_KEY = "revoke_api_key"
    SET_BROWSER_ACCESS = "set_browser_access"
    CREATE_PERSON = "create_person"
    UPDATE_PERSON = "update_person"
    SET_PASSWORD = "set_password"  # noqa: S105 - it is none


@dataclass(frozen=True, slots=True)
class AccessFieldChange:
    """One thing that became another; empty where there was none, or is none any more. Never a secret."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class AccessNote:
    """
    What was done by whom. `subject` is the key of an environment, the id of an API key, or the login of a person, as it
    was then.
    """

    actor: str
    action: AccessAction
    subject: str
    changes: tuple[AccessFieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessEntry:
    """A note as it was kept; later ones have greater numbers."""

    number: int
    at: datetime.datetime
    note: AccessNote


class AccessHistory(Protocol):
    """Reads what was noted; every change is noted in the transaction that makes it."""

    async def entries(self, before: int | None, limit: int) -> Sequence[AccessEntry]:
        """
        Return entries, newest first, with a number below `before`; None for the newest.

        Raises:
            Unavailable: the database does not answer.
        """


def differences(**fields: tuple[object, object]) -> tuple[AccessFieldChange, ...]:
    """Return what has changed of some fields, each given as (before, after), None for nothing."""
    return tuple(
        AccessFieldChange(name, "" if before is None else str(before), "" if after is None else str(after))
        for name, (before, after) in fields.items()
        if before != after
    )
