"""Secrets of API keys: `mir_ROLE_` and 43 random characters. Only their hash is stored."""

import secrets

from services.flags.store.access import NewKey
from services.runtime.access import Role
from services.runtime.keys import secret_hash


def new_key(
    name: str, role: Role, environments: tuple[str, ...], *, quota_per_second: int, created_by: str
) -> tuple[NewKey, str]:
    """Return a key to be stored, and its secret."""
    secret = f"mir_{role.value}_{secrets.token_urlsafe(32)}"
    key = NewKey(
        id=secrets.token_hex(6),
        name=name,
        role=role,
        environments=environments,
        quota_per_second=quota_per_second,
        secret_hash=secret_hash(secret),
        created_by=created_by,
    )
    return key, secret
