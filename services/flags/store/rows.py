"""Rows of the database as values, and values as rows."""

import asyncpg
from mirante.api.flags.v1 import flag_pb2

from services.flags.store import Entry, EnvironmentHead, Kind, StoredKey
from services.flags.store.records import Action, Definition, PastVersion, Record
from services.runtime.access import Role

HEAD_COLUMNS = "e.key AS environment, e.lineage, e.revision AS head_revision, e.revised_at, e.description, e.created_at"
"""Of `environments AS e`, as `head` reads them."""

RECORD_COLUMNS = (
    "d.kind, d.key, d.version, d.revision, d.archived, d.definition, "
    "d.created_at AS first_at, d.updated_at, d.updated_by"
)
"""Of `definitions AS d`, as `record` reads them."""


def head(row: asyncpg.Record) -> EnvironmentHead:
    """Return the environment in a row."""
    return EnvironmentHead(
        key=row["environment"],
        lineage=row["lineage"],
        revision=row["head_revision"],
        revised_at=row["revised_at"],
        description=row["description"],
        created_at=row["created_at"],
    )


def entry(row: asyncpg.Record) -> Entry:
    """Return the definition in a row."""
    return Entry(
        kind=Kind(row["kind"]),
        key=row["key"],
        version=row["version"],
        revision=row["revision"],
        archived=row["archived"],
        definition=row["definition"],
    )


def record(row: asyncpg.Record) -> Record:
    """Return the definition in a row, with when and by whom."""
    return Record(
        kind=Kind(row["kind"]),
        key=row["key"],
        version=row["version"],
        revision=row["revision"],
        archived=row["archived"],
        definition=row["definition"],
        created_at=row["first_at"],
        updated_at=row["updated_at"],
        updated_by=row["updated_by"],
    )


def past_version(row: asyncpg.Record) -> PastVersion:
    """Return the version in a row of the history."""
    return PastVersion(
        version=row["version"],
        revision=row["revision"],
        action=Action(row["action"]),
        actor=row["actor"],
        key_id=row["key_id"],
        at=row["at"],
        comment=row["comment"],
        archived=row["archived"],
        definition=row["definition"],
    )


def stored_key(row: asyncpg.Record) -> StoredKey:
    """Return the API key in a row."""
    return StoredKey(
        id=row["id"],
        name=row["name"],
        role=Role(row["role"]),
        environments=tuple(row["environments"]),
        quota_per_second=row["quota_per_second"],
        secret_hash=row["secret_hash"],
        created_at=row["created_at"],
        created_by=row["created_by"],
        revoked_at=row["revoked_at"],
    )


def filter_columns(definition: Definition) -> tuple[bool, bool, str, list[str], str]:
    """Return is_on, killed, owner, tags and search of a definition."""
    search = f"{definition.key}\n{definition.description}".casefold()
    if isinstance(definition, flag_pb2.Flag):
        return definition.on, definition.HasField("kill"), definition.owner, list(definition.tags), search
    return False, False, "", list(definition.tags), search
