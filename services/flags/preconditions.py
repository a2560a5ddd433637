"""What must hold before a flag or segment is changed."""

from collections.abc import Sequence
from typing import Final

from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.flags.store import Kind
from services.flags.store.records import Record
from services.runtime.errors import EtagMismatch, InvalidRequest, NotFound, StateConflict

_MOST_NAMED: Final = 20
_NOT_FOUND: Final = {
    Kind.FLAG: reasons.ERROR_REASON_FLAG_NOT_FOUND,
    Kind.SEGMENT: reasons.ERROR_REASON_SEGMENT_NOT_FOUND,
}


def require_etag(etag: str, stored: Record) -> None:
    """
    Raise unless the etag is that of the stored version.

    Raises:
        InvalidRequest: there is none.
        EtagMismatch: it is another one.
    """
    if not etag:
        raise InvalidRequest.of("etag", "is required: read first what you are about to change")
    check_etag(etag, stored)


def check_etag(etag: str, stored: Record) -> None:
    """Raise `EtagMismatch` if an etag was given and is not that of the stored version."""
    if etag and etag != stored.etag:
        raise EtagMismatch(
            f"{stored.kind.value} {stored.key} was changed since it was read", metadata={"etag": stored.etag}
        )


def existing(kind: Kind, key: str, stored: Record | None) -> Record:
    """Return the record; raise `NotFound` if there is none."""
    if stored is None:
        raise NotFound(
            f"there is no {kind.value} {key!r}", reason=_NOT_FOUND[kind], metadata={f"{kind.value}_key": key}
        )
    return stored


def live(kind: Kind, key: str, stored: Record | None) -> Record:
    """Return the record; raise `NotFound` if there is none, `StateConflict` if it is archived."""
    found = existing(kind, key, stored)
    if found.archived:
        raise StateConflict(f"{kind.value} {key} is archived", metadata={"state": "archived"})
    return found


def require_unused(stored: Record, users: Sequence[str]) -> None:
    """Raise `StateConflict` if something needs the flag or segment."""
    if users:
        named = ", ".join(users[:_MOST_NAMED]) + (", ..." if len(users) > _MOST_NAMED else "")
        raise StateConflict(
            f"{stored.kind.value} {stored.key} is needed by {named}", metadata={"state": "in use", "used_by": named}
        )
