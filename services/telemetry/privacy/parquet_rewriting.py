"""Writes an archive anew without what is doomed, and lets the database change over to it."""

import asyncio
import re
import secrets
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from services.telemetry.log.archive_files import ArchiveDamaged, ArchiveWriter, Content, content_of, sha256_of

_ENDING: Final = re.compile(r"(\.without-[0-9a-f]{8})?\.parquet$")

# Which file counts, and what is in it, in one statement: a reader has either the old one or the new.
_CHANGE_OVER: Final = """
    UPDATE archives
    SET file = $2, entries = $3, bytes = $4, sha256 = $5, verified_at = now(), lowest_xid = $6::text::xid8,
        highest_xid = $7::text::xid8
    WHERE file = $1
"""


async def rewrite_without(connection: Any, folder: Path, file: Path, condition: Any) -> None:
    """
    Put a file without the rows that meet a condition in the place of one with them.

    Args:
        connection: holds `ARCHIVE_LOCK`.
        folder: of the archives.
        file: below it.
        condition: a pyarrow expression over the columns of an archive.

    Raises:
        ArchiveDamaged: the file is not what was verified; it stays as it is.
    """
    known = await connection.fetchval("SELECT sha256 FROM archives WHERE file = $1", str(file.relative_to(folder)))
    if known is not None and await asyncio.to_thread(sha256_of, file) != known:
        raise ArchiveDamaged(f"{file.name} was changed since it was verified")
    new = file.with_name(_new_name(file.name))
    content, size, digest = await asyncio.to_thread(_rewritten, file, new, condition)
    status = await connection.execute(
        _CHANGE_OVER,
        str(file.relative_to(folder)),
        str(new.relative_to(folder)),
        content.entries,
        size,
        digest,
        None if content.lowest is None else str(content.lowest),
        None if content.highest is None else str(content.highest),
    )
    if status == "UPDATE 0" and not await _is_superseded(connection, file):
        # The database knows nothing of it, so nothing has to learn of another name.
        await asyncio.to_thread(new.rename, file)
    else:
        await asyncio.to_thread(_remove, file, new if status == "UPDATE 0" else None)


def remove_partial_files(folder: Path) -> None:
    """Remove what a crash left half written."""
    for file in folder.rglob("*.parquet.partial"):
        file.unlink(missing_ok=True)


async def _is_superseded(connection: Any, file: Path) -> bool:
    """Return whether another file was written in the place of this one, which a crash then left."""
    names = [Path(row[0]).name for row in await connection.fetch("SELECT file FROM archives")]
    return _ENDING.sub("", file.name) in {_ENDING.sub("", name) for name in names}


def _remove(*files: Path | None) -> None:
    for file in files:
        if file is not None:
            file.unlink(missing_ok=True)


def _rewritten(file: Path, new: Path, condition: Any) -> tuple[Content, int, str]:
    with ArchiveWriter(new) as writer, pq.ParquetFile(file) as opened:
        for number in range(opened.num_row_groups):
            kept = opened.read_row_group(number).filter(~condition)
            if kept.num_rows:
                writer.write(list(zip(*[column.to_pylist() for column in kept.columns], strict=True)))
        writer.finish()
    found = content_of(new)
    if found != writer.content:
        raise ArchiveDamaged(f"{new.name} is not what was written")
    return found, new.stat().st_size, sha256_of(new)


def _new_name(name: str) -> str:
    # Drawn by lot: beside the file there may be others that a crash left.
    return _ENDING.sub(f".without-{secrets.token_hex(4)}.parquet", name)
