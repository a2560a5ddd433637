"""The flag service's rules in memory, to be changed, restored and taken away at will."""

import copy
import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from mirante.api.flags.v1 import flag_pb2

from services.flags.store import Entry, EnvironmentChanges, EnvironmentHead, Kind, StoredKey
from services.flags.store.absence import no_environment
from services.runtime.access import Role
from services.runtime.errors import Unavailable

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
SECRET = b"s" * 32


@dataclass
class MemoryRules:
    """A `RulesReader`. `reads` counts what was asked; `away` makes every method raise Unavailable."""

    environments: dict[str, EnvironmentHead] = field(default_factory=dict)
    entries: dict[str, dict[tuple[Kind, str], Entry]] = field(default_factory=dict)
    keys: list[StoredKey] = field(default_factory=list)
    keys_version: int = 1
    away: bool = False
    reads: list[str] = field(default_factory=list)
    lineages: int = 1

    def create(self, environment: str) -> None:
        """Create an empty environment."""
        self.environments[environment] = EnvironmentHead(environment, "lineage-1", 0, NOW)
        self.entries[environment] = {}

    def put(self, environment: str, *messages: flag_pb2.Flag | flag_pb2.Segment, archived: bool = False) -> int:
        """Write the next version of definitions under one revision, and return that."""
        head = self.environments[environment]
        head = self.environments[environment] = replace(head, revision=head.revision + 1)
        for message in messages:
            kind = Kind.FLAG if isinstance(message, flag_pb2.Flag) else Kind.SEGMENT
            old = self.entries[environment].pop((kind, message.key), None)
            message.version = 1 if old is None else old.version + 1
            self.entries[environment][kind, message.key] = Entry(
                kind, message.key, message.version, head.revision, archived, message.SerializeToString()
            )
        return head.revision

    def backup(self) -> "MemoryRules":
        """Return a copy of everything as it is now."""
        return copy.deepcopy(self)

    def restore(self, backup: "MemoryRules") -> None:
        """Put a copy back, files and all: nothing but the revisions tells of it."""
        self.environments, self.entries = dict(backup.environments), copy.deepcopy(backup.entries)

    def add_key(self, secret: str, role: Role = Role.SERVER, *environments: str, key_id: str = "") -> StoredKey:
        """Store a key; it holds "production" unless told otherwise."""
        key = StoredKey(
            id=key_id or f"key-{secret}",
            name=secret,
            role=role,
            environments=environments or ("production",),
            quota_per_second=0,
            secret_hash=hashlib.sha256(secret.encode()).digest(),
            created_at=NOW,
            created_by="test",
            revoked_at=None,
        )
        self.keys.append(key)
        self.keys_version += 1
        return key

    def revoke(self, key: StoredKey) -> None:
        """Revoke a key."""
        self.keys[self.keys.index(key)] = replace(key, revoked_at=NOW)
        self.keys_version += 1

    async def heads(self) -> Sequence[EnvironmentHead]:
        """See `RulesReader`."""
        self._read("heads")
        return [self.environments[key] for key in sorted(self.environments)]

    async def changes_since(self, environment: str, revision: int) -> EnvironmentChanges:
        """See `RulesReader`."""
        self._read(f"{environment} since {revision}")
        if environment not in self.environments:
            raise no_environment(environment)
        found = [
            entry
            for entry in self.entries[environment].values()
            if entry.revision > revision and (revision > 0 or not entry.archived)
        ]
        return EnvironmentChanges(self.environments[environment], found)

    async def api_keys(self) -> Sequence[StoredKey]:
        """See `RulesReader`."""
        self._read("keys")
        return list(self.keys)

    async def api_keys_version(self) -> int:
        """See `RulesReader`."""
        self._read("keys version")
        return self.keys_version

    async def token_secret(self) -> bytes:
        """See `RulesReader`."""
        self._read("secret")
        return SECRET

    async def start_lineage(self, environment: str, *, unless_above: int, old: str) -> EnvironmentHead:
        """See `RulesReader`."""
        self._read("start lineage")
        head = self.environments[environment]
        if head.lineage == old and head.revision < unless_above:
            self.lineages += 1
            head = self.environments[environment] = replace(head, lineage=f"lineage-{self.lineages}")
        return head

    def _read(self, what: str) -> None:
        if self.away:
            raise Unavailable("the database does not answer")
        self.reads.append(what)
