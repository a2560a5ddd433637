"""What is stored of a flag or segment beside its definition, and of the versions before."""

import datetime
import enum
import hashlib
from dataclasses import dataclass
from typing import TypeAlias

from mirante.api.flags.v1 import flag_pb2

from services.flags.store import Entry, Kind

Definition: TypeAlias = flag_pb2.Flag | flag_pb2.Segment


class Action(enum.Enum):
    """What was done to a flag or segment; `HistoryAction` of `flag_admin_service.proto`."""

    CREATE = "create"
    UPDATE = "update"
    ARCHIVE = "archive"
    KILL = "kill"
    RESTORE = "restore"
    ROLL_BACK = "roll_back"
    PROMOTE = "promote"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class Record(Entry):
    """The newest version of a definition, with when and by whom."""

    created_at: datetime.datetime
    updated_at: datetime.datetime
    updated_by: str

    @property
    def etag(self) -> str:
        """A text that differs between any two versions, also between those of a database and its restored copy."""
        return f"{self.version}-{hashlib.sha256(self.definition).hexdigest()[:8]}"


@dataclass(frozen=True, slots=True)
class PastVersion:
    """One version of a definition: what it was, and who made it, when and why."""

    version: int
    revision: int
    action: Action
    actor: str
    key_id: str
    at: datetime.datetime
    comment: str
    archived: bool
    definition: bytes


@dataclass(frozen=True, slots=True)
class Author:
    """Who makes a change: the name for the audit, and the key it came with."""

    actor: str
    key_id: str


def kind_of(definition: Definition) -> Kind:
    """Return what a message defines."""
    return Kind.FLAG if isinstance(definition, flag_pb2.Flag) else Kind.SEGMENT


def serialised(definition: Definition) -> bytes:
    """Return the bytes that are stored: equal messages give equal bytes."""
    return definition.SerializeToString(deterministic=True)


def parsed_flag(entry: Entry | PastVersion) -> flag_pb2.Flag:
    """Return the flag in an entry."""
    return flag_pb2.Flag.FromString(entry.definition)


def parsed_segment(entry: Entry | PastVersion) -> flag_pb2.Segment:
    """Return the segment in an entry."""
    return flag_pb2.Segment.FromString(entry.definition)


def parsed(entry: Entry) -> Definition:
    """Return the flag or segment in an entry."""
    return parsed_flag(entry) if entry.kind is Kind.FLAG else parsed_segment(entry)
