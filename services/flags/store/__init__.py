"""
The seam between the flag service and its database.

Definitions (flags and segments) are stored as serialised messages, with the version and the revision that brought them.
Every write locks the environment's counter row, so revisions are in commit order.
"""

import datetime
import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.runtime.access import ALL_ENVIRONMENTS, Role


class Kind(enum.Enum):
    """What a definition defines."""

    FLAG = "flag"
    SEGMENT = "segment"


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One definition as of its newest version.

    `definition` is the serialised `Flag` or `Segment` message, version and kill included. An archived entry is a
    tombstone for evaluators; its definition is the last one.
    """

    kind: Kind
    key: str
    version: int
    revision: int
    archived: bool
    definition: bytes


@dataclass(frozen=True, slots=True)
class EnvironmentHead:
    """Where an environment stands. `revised_at` is when its newest revision was written."""

    key: str
    lineage: str
    revision: int
    revised_at: datetime.datetime
    description: str = ""
    created_at: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class EnvironmentChanges:
    """All entries of one environment whose revision is above the one asked for, in order of revision."""

    head: EnvironmentHead
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class StoredKey:
    """An API key; the secret itself is not stored. `secret_hash` is SHA-256 of the secret's UTF-8 bytes."""

    id: str
    name: str
    role: Role
    environments: tuple[str, ...]
    quota_per_second: int
    secret_hash: bytes
    created_at: datetime.datetime
    created_by: str
    revoked_at: datetime.datetime | None

    @property
    def everywhere(self) -> bool:
        """Whether it holds all environments, also those created later."""
        return ALL_ENVIRONMENTS in self.environments


class RulesReader(Protocol):
    """
    What a replica follows.

    Every method raises `Unavailable` when the database does not answer, and works again by itself afterwards.
    """

    async def heads(self) -> Sequence[EnvironmentHead]:
        """Return all environments, by key."""

    async def changes_since(self, environment: str, revision: int) -> EnvironmentChanges:
        """
        Return what changed after `revision` as of one instant; 0 brings everything but archived entries.

        Nothing is ever compacted: any revision can be asked for. One above the stored revision (possible only after a
        restore) brings no entries.

        Raises:
            NotFound: no such environment.
        """

    async def api_keys(self) -> Sequence[StoredKey]:
        """Return all keys, revoked ones included."""

    async def api_keys_version(self) -> int:
        """Return a number that grows whenever a key is created or revoked."""

    async def token_secret(self) -> bytes:
        """Return the 32 bytes that sign resume tokens; the same for all replicas of one database."""

    async def start_lineage(self, environment: str, *, unless_above: int, old: str) -> EnvironmentHead:
        """
        Give the environment a new lineage, because proof exists that the database was restored.

        Does nothing when the lineage is no longer `old` or the stored revision is at least `unless_above`: then another
        replica did it already, or there was no restore. Returns the head as it is afterwards.
        """
