"""
Days of the log as columnar files.

A file is Apache Parquet with the columns of the table `events`, compressed with Zstandard, in the order of the log.
Blocking: asynchronous callers run these on a thread.
"""

import datetime
import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

COLUMNS: Final = (
    "xid", "ord", "kind", "environment", "tenant", "subject", "name", "received_at", "event_id", "occurred_at", "body",
)  # fmt: skip
"""Of the table `events`, in the order of `ArchiveRow`."""

ROWS_IN_GROUP: Final = 1_024
"""So many rows are decoded together: 64 MiB, if all were as large as events may be."""

_MOMENT: Final = pa.timestamp("us", tz="UTC")
_SCHEMA: Final = pa.schema(
    [
        pa.field("xid", pa.int64(), nullable=False),
        pa.field("ord", pa.int32(), nullable=False),
        pa.field("kind", pa.int16(), nullable=False),
        pa.field("environment", pa.string(), nullable=False),
        pa.field("tenant", pa.string(), nullable=False),
        pa.field("subject", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("received_at", _MOMENT, nullable=False),
        pa.field("event_id", pa.binary(16)),
        pa.field("occurred_at", _MOMENT),
        pa.field("body", pa.binary(), nullable=False),
    ]
)
_BLOCK_BYTES: Final = 1024 * 1024
_POSTGRES_EPOCH: Final = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND: Final = datetime.timedelta(microseconds=1)

ArchiveRow = tuple[Any, ...]
"""One row, its values in the order of `COLUMNS`; the event's id as 16 bytes."""


class ArchiveDamaged(Exception):
    """An archive is not what was verified when it was written."""


@dataclass(frozen=True, slots=True)
class ArchivedDay:
    """An archived day; `sha256` is the file's, in hexadecimal; lowest and highest transaction are None when empty."""

    day: datetime.date
    file: str
    sha256: str
    lowest: int | None
    highest: int | None


@dataclass
class Content:
    """What rows are, summed up: how many, and the sum of a hash of each, so that databases can do it in any order."""

    entries: int = 0
    checksum: int = 0
    lowest: int | None = None
    highest: int | None = None

    def add(self, row: ArchiveRow) -> None:
        """Count a row; rows come in the order of the log."""
        self.entries += 1
        self.checksum += _hash(row)
        self.lowest = row[0] if self.lowest is None else self.lowest
        self.highest = row[0]


CHECKSUM: Final = r"""
    coalesce(sum(('x' || left(encode(sha256(
        xid8send(xid) || int4send(ord) || int2send(kind) || timestamptz_send(received_at)
        || coalesce(uuid_send(event_id), '') || coalesce(timestamptz_send(occurred_at), '')
        || convert_to(concat_ws(E'\n', environment, tenant, subject, name), 'UTF8') || body
    ), 'hex'), 15))::bit(60)::bigint), 0)::numeric(38)
"""
"""SQL: `Content.checksum` of rows of `events`: of SHA-256 over the columns, the first 60 bits, summed."""


def _hash(row: ArchiveRow) -> int:
    xid, order, kind, environment, tenant, subject, name, received_at, event_id, occurred_at, body = row
    digest = hashlib.sha256(
        b"".join(
            (
                xid.to_bytes(8, "big"),
                order.to_bytes(4, "big"),
                kind.to_bytes(2, "big"),
                _moment(received_at),
                event_id or b"",
                b"" if occurred_at is None else _moment(occurred_at),
                f"{environment}\n{tenant}\n{subject}\n{name}".encode(),
                body,
            )
        )
    )
    return int.from_bytes(digest.digest()[:8], "big") >> 4


def _moment(moment: datetime.datetime) -> bytes:
    return ((moment - _POSTGRES_EPOCH) // _MICROSECOND).to_bytes(8, "big", signed=True)


class ArchiveWriter:
    """
    Writes one file: to a temporary name, synced to disk, and only when it is whole to its own name.

    Used as a context manager; leaving it with an error, or without `finish`, leaves nothing behind. It may be left
    while a thread still writes: that is waited for.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._partial = file.with_name(f"{file.name}.partial")
        self._writer: Any = None
        self._using = threading.Lock()
        self.content = Content()

    def __enter__(self) -> "ArchiveWriter":
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._writer = pq.ParquetWriter(self._partial, _SCHEMA, compression="zstd")
        return self

    def write(self, rows: Sequence[ArchiveRow]) -> None:
        """Append rows, which follow those before in the order of the log."""
        with self._using:
            for row in rows:
                self.content.add(row)
            columns = zip(*rows, strict=True)
            arrays = [pa.array(values, each.type) for values, each in zip(columns, _SCHEMA, strict=True)]
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=_SCHEMA), row_group_size=ROWS_IN_GROUP)

    def finish(self) -> None:
        """Make the file appear under its name, whole and on disk."""
        with self._using:
            self._writer.close()
            _sync(self._partial)
            self._partial.rename(self._file)
            _sync(self._file.parent)

    def __exit__(self, *_: object) -> None:
        with self._using:
            self._writer.close()
            self._partial.unlink(missing_ok=True)


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal. Raises OSError."""
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


class Groups:
    """The groups of rows of a file, decoded one at a time. Raises ArchiveDamaged, OSError."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            metadata = pq.read_metadata(file)
            statistics = [metadata.row_group(number).column(0).statistics for number in range(metadata.num_row_groups)]
            self.highest: Sequence[int] = [each.max for each in statistics]
            """The highest transaction of each group."""
        except (pa.ArrowInvalid, AttributeError):
            raise ArchiveDamaged(f"{file.name} is no archive") from None

    def rows(self, number: int) -> list[ArchiveRow]:
        """Return the rows of one group, in the order of the log."""
        try:
            with pq.ParquetFile(self._file) as opened:
                table = opened.read_row_group(number)
        except pa.ArrowInvalid:
            raise ArchiveDamaged(f"{self._file.name} cannot be decoded") from None
        return list(zip(*[column.to_pylist() for column in table.columns], strict=True))


def rows_of(file: Path) -> Iterator[list[ArchiveRow]]:
    """Yield all rows of a file, in the order of the log, a group at a time. Raises ArchiveDamaged, OSError."""
    groups = Groups(file)
    for number in range(len(groups.highest)):
        yield groups.rows(number)


def content_of(file: Path) -> Content:
    """Read a file back and return what is in it. Raises ArchiveDamaged: also when its rows are out of order."""
    content, last = Content(), (-1, -1)
    for rows in rows_of(file):
        for row in rows:
            if row[:2] <= last:
                raise ArchiveDamaged(f"{file.name} is out of order")
            last = row[:2]
            content.add(row)
    return content


def counts_by_name(file: Path, environment: str, tenant: str, kind: int) -> list[tuple[str, int]]:
    """Return how many entries of a tenant there are, by name. Raises OSError."""
    filters = [("environment", "=", environment), ("tenant", "=", tenant), ("kind", "=", kind)]
    table = pq.read_table(file, columns=["name"], filters=filters)
    return [(str(each["values"]), int(each["counts"])) for each in table.column("name").value_counts().to_pylist()]


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
