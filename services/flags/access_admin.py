"""Environments, and the keys that open them."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.flags.key_secrets import new_key
from services.flags.store import EnvironmentHead, StoredKey
from services.flags.store.access import AccessStore
from services.flags.texts import MAX_DESCRIPTION, is_environment
from services.flags.writer import OnCommit
from services.runtime.access import ALL_ENVIRONMENTS, Caller, Role
from services.runtime.errors import InvalidRequest, NotFound, PermissionDenied
from services.runtime.texts import check_text, require_text

_log = logging.getLogger(__name__)

OnKeysChanged: TypeAlias = Callable[[], Awaitable[None]]
"""
Told after a key was created or revoked, or a browser access was set. A hint: it may be lost, and its failure fails
nothing.
"""

_NAME_LENGTH: Final = 100
_MOST_ENVIRONMENTS: Final = 100
_LARGEST_QUOTA: Final = 1_000_000


class AccessAdmin:
    """
    Manages environments and API keys, within what the caller holds: a key can neither give, see nor revoke more.

    Every method raises `Unavailable` when the database does not answer. Whatever is raised, nothing was changed.
    """

    def __init__(self, store: AccessStore, on_commit: OnCommit, on_keys_changed: OnKeysChanged) -> None:
        self._store = store
        self._on_commit = on_commit
        self._on_keys_changed = on_keys_changed

    async def create_environment(self, environment: str, description: str, caller: Caller) -> EnvironmentHead:
        """
        Create an empty environment.

        Raises:
            InvalidRequest: the key is none, or the description is too long.
            PermissionDenied: the caller's key does not hold all environments, so not this one either.
            AlreadyExists: the key is taken.
        """
        if not is_environment(environment):
            raise InvalidRequest.of("environment", "must have 1 to 63 lower-case letters, digits and '-'")
        check_text("description", description, MAX_DESCRIPTION, lines=True)
        caller.environment(environment)
        head = await self._store.create_environment(environment, description, actor=caller.actor)
        await self._tell(lambda: self._on_commit(head.key, head.revision, head.lineage))
        return head

    async def environments(self, caller: Caller) -> Sequence[EnvironmentHead]:
        """Return the environments that the caller's key holds, by key."""
        return [head for head in await self._store.heads() if _holds(caller, (head.key,))]

    async def create_key(
        self, name: str, role: Role, environments: Sequence[str], *, quota_per_second: int, caller: Caller
    ) -> tuple[StoredKey, str]:
        """
        Create a key; return it and its secret, which nobody can read again.

        Raises:
            InvalidRequest: no name, no environments, all environments beside others, or an absurd quota.
            PermissionDenied: the caller's role may not, or its key does not hold one of the environments (all of them,
                for a key of role internal).
            NotFound: no such environment.
        """
        require_text("name", name, _NAME_LENGTH)
        if quota_per_second > _LARGEST_QUOTA:
            raise InvalidRequest.of("quota_per_second", f"may be {_LARGEST_QUOTA} at most; 0 means the default")
        granted = _granted(environments)
        _require_manager(caller)
        for environment in granted:
            if not _holds(caller, (environment,)):
                raise PermissionDenied(
                    "a key can be given only the environments that the caller's key holds",
                    reason=reasons.ERROR_REASON_ENVIRONMENT_DENIED,
                    metadata={"environment": environment},
                )
        if role is Role.INTERNAL and not _holds(caller, (ALL_ENVIRONMENTS,)):
            raise PermissionDenied(
                "a key for services is told the keys of all environments, so the caller's key has to hold all",
                reason=reasons.ERROR_REASON_ENVIRONMENT_DENIED,
                metadata={"environment": ALL_ENVIRONMENTS},
            )
        key, secret = new_key(name, role, granted, quota_per_second=quota_per_second, created_by=caller.actor)
        stored = await self._store.add_key(key)
        await self._tell(self._on_keys_changed)
        return stored, secret

    async def keys(self, caller: Caller) -> Sequence[StoredKey]:
        """Return the keys, revoked ones included, all of whose environments the caller's key holds; oldest first."""
        return [key for key in await self._store.api_keys() if _holds(caller, key.environments)]

    async def revoke_key(self, key_id: str, caller: Caller) -> StoredKey:
        """
        Revoke a key for good; a second time changes nothing.

        Raises:
            InvalidRequest: no id.
            NotFound: no such key among those that the caller sees.
            PermissionDenied: the caller's role may not.
        """
        require_text("key_id", key_id, _NAME_LENGTH)
        _require_manager(caller)
        key = await self._store.find_key(key_id)
        if key is None or not _holds(caller, key.environments):
            raise NotFound(
                f"there is no API key {key_id!r}",
                reason=reasons.ERROR_REASON_API_KEY_NOT_FOUND,
                metadata={"key_id": key_id},
            )
        stored, changed = await self._store.revoke_key(key_id, actor=caller.actor)
        if changed:
            await self._tell(self._on_keys_changed)
        return stored

    async def _tell(self, hint: Callable[[], Awaitable[None]]) -> None:
        try:
            await hint()
        except Exception:  # noqa: BLE001 - logged with its trace
            # The change is made and must be answered so; replicas also look by themselves.
            _log.exception("the hint of a change could not be sent")


def _granted(environments: Sequence[str]) -> tuple[str, ...]:
    if not environments:
        raise InvalidRequest.of("environments", "is required: name at least one, or '*' for all")
    if len(environments) > _MOST_ENVIRONMENTS:
        raise InvalidRequest.of("environments", f"may be {_MOST_ENVIRONMENTS} at most; '*' means all")
    for position, environment in enumerate(environments):
        if environment != ALL_ENVIRONMENTS and not is_environment(environment):
            raise InvalidRequest.of(f"environments[{position}]", "is not the key of an environment")
    if ALL_ENVIRONMENTS in environments and len(environments) > 1:
        raise InvalidRequest.of("environments", "'*' means all and stands alone")
    return tuple(sorted(set(environments)))


def _holds(caller: Caller, environments: Sequence[str]) -> bool:
    return ALL_ENVIRONMENTS in caller.environments or caller.environments.issuperset(environments)


def _require_manager(caller: Caller) -> None:
    if caller.role not in (Role.ADMIN, Role.INTERNAL):
        raise PermissionDenied(
            "keys are managed by administrators", metadata={"role": caller.role.value, "needed": "admin"}
        )
