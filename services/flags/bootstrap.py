"""
What a first start creates when it is told to: an environment, and one key of each role, with the secrets in keys.json.

Further environments and keys are made by administrators, who get their first key here.
"""

import json
from pathlib import Path
from typing import Final

from services.flags.key_secrets import new_key
from services.flags.private_file import write_private
from services.flags.store.access import AccessStore, Provisioning
from services.runtime.access import ALL_ENVIRONMENTS, Role
from services.runtime.keys import secret_hash
from services.runtime.keys.keys_file import KEYS_FILE

_MADE_BY: Final = "mirante"
_EVERYWHERE: Final = frozenset({Role.ADMIN, Role.INTERNAL})


async def ensure_environment_and_keys(
    store: AccessStore, environment: str, home: Path, *, others: tuple[str, ...] = ()
) -> None:
    """
    Create what is missing: the environments, the keys, and the file `keys.json` (mode 0600) with the secrets by role.

    Keys in the file that work in this database stay; others, from a database that is gone for instance, are replaced.
    The keys of roles admin and internal hold all environments, the others hold `environment`. Any number of replicas
    may start at once.

    Args:
        store: the open database.
        environment: the one that the keys open.
        home: the folder of the file.
        others: environments that are created too.

    Raises:
        PrivateFileError: the file cannot be written; nothing was changed in the database.
        Unavailable: the database does not answer.
    """
    async with store.provisioning() as provisioning:
        for name in (environment, *others):
            await provisioning.ensure_environment(name, "", actor=_MADE_BY)
        known = _read(home / KEYS_FILE)
        valid = {role: known[role.value] for role in Role if await _works(provisioning, role, environment, known)}
        keys = {role: valid.get(role) or await _create(provisioning, role, environment) for role in Role}
        if keys != valid:
            # Before the commit: after a crash in between, the next start finds keys that do not work and replaces them.
            found = {role.value: secret for role, secret in keys.items()}
            write_private(home / KEYS_FILE, f"{json.dumps(found, indent=2)}\n")


async def _works(provisioning: Provisioning, role: Role, environment: str, known: dict[str, str]) -> bool:
    secret = known.get(role.value)
    key = await provisioning.key_with(secret_hash(secret)) if secret else None
    return (
        key is not None
        and key.revoked_at is None
        and key.role is role
        and (key.everywhere or (role not in _EVERYWHERE and environment in key.environments))
    )


async def _create(provisioning: Provisioning, role: Role, environment: str) -> str:
    environments = (ALL_ENVIRONMENTS,) if role in _EVERYWHERE else (environment,)
    key, secret = new_key(f"demo-{role.value}", role, environments, quota_per_second=0, created_by=_MADE_BY)
    await provisioning.add_key(key)
    return secret


def _read(path: Path) -> dict[str, str]:
    """Return the secrets in a file; none when it is missing or damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {role: secret for role, secret in found.items() if isinstance(secret, str)}
