"""The seam through which environments and API keys are managed."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from services.flags.store import EnvironmentHead, StoredKey
from services.flags.store.people import NewPerson, Person
from services.runtime.access import Role


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key to be stored; fields as those of `StoredKey`."""

    id: str
    name: str
    role: Role
    environments: tuple[str, ...]
    quota_per_second: int
    secret_hash: bytes
    created_by: str


class Provisioning(Protocol):
    """
    What a first start creates, in one transaction, one process at a time.

    It is all written when the block ends without an error, and else nothing is.
    """

    async def ensure_environment(self, environment: str, description: str, *, actor: str) -> None:
        """Create an environment unless it is there."""

    async def key_with(self, secret_hash: bytes) -> StoredKey | None:
        """Return the key that has this secret."""

    async def add_key(self, key: NewKey) -> StoredKey:
        """Store a key."""

    async def has_people(self) -> bool:
        """Whether there is anybody, disabled people included."""

    async def add_person(self, person: NewPerson) -> Person:
        """Store a person."""


class AccessStore(Protocol):
    """
    Environments and API keys. What is changed is noted in the history of access.

    Every method raises `Unavailable` when the database does not answer, and works again by itself afterwards.
    """

    async def heads(self) -> Sequence[EnvironmentHead]:
        """Return all environments, by key."""

    async def create_environment(self, environment: str, description: str, *, actor: str) -> EnvironmentHead:
        """
        Create an environment at revision 0.

        Raises:
            AlreadyExists: the key is taken.
        """

    async def api_keys(self) -> Sequence[StoredKey]:
        """Return all keys, revoked ones included, oldest first."""

    async def add_key(self, key: NewKey) -> StoredKey:
        """
        Store a key. `api_keys_version` grows.

        Raises:
            NotFound: the key names an environment that does not exist.
            StateConflict: there are as many keys as there may be.
        """

    async def find_key(self, key_id: str) -> StoredKey | None:
        """Return a key, revoked or not."""

    async def revoke_key(self, key_id: str, *, actor: str) -> tuple[StoredKey, bool]:
        """
        Revoke a key for good; return it, and whether it was not revoked before. `api_keys_version` grows if so.

        Raises:
            NotFound: no such key.
        """

    def provisioning(self) -> AbstractAsyncContextManager[Provisioning]:
        """Begin a provisioning; wait for the one that another process is making."""
