"""Rows of what is saved, as its tables hold them."""

from typing import Any, Final, NamedTuple

from mirante.api.metrics.v1.saved_report_pb2 import SavedInfo

FIELDS: Final = "id, name, description, revision, content, created_at, created_by, updated_at, updated_by"
"""The columns of a `SavedRow`."""


class SavedRow(NamedTuple):
    """What is known of something, and its message without that."""

    info: SavedInfo
    content: bytes


def saved_row(row: Any) -> SavedRow:
    """Return what a row with `FIELDS` says."""
    info = SavedInfo(
        id=str(row["id"]),
        name=row["name"],
        description=row["description"],
        revision=row["revision"],
        created_by=row["created_by"],
        updated_by=row["updated_by"],
    )
    info.created_at.FromDatetime(row["created_at"])
    info.updated_at.FromDatetime(row["updated_at"])
    return SavedRow(info, row["content"])
