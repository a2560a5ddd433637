"""
The record of erasures that outlives the database: restored from an older backup, that would bring people back.

One line of JSON for each erasure, in a file beside the archives. It names people by keyed hashes alone.
"""

import asyncio
import datetime
import json
import logging
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from services.runtime.errors import Unavailable
from services.telemetry.privacy.requests import Place

_log = logging.getLogger(__name__)

FILE_NAME: Final = "erasures.jsonl"
_SUBJECT, _TENANT = "subject", "tenant"


@dataclass(frozen=True, slots=True)
class Entry:
    """An erasure: of subjects by their hashes, or without any of all that a tenant had until `at`."""

    request_id: uuid.UUID
    place: Place
    at: datetime.datetime
    subject_hashes: tuple[bytes, ...]

    @property
    def is_tenant(self) -> bool:
        """Whether the whole tenant was erased."""
        return not self.subject_hashes


class Ledger:
    """The file. Whoever appends holds `ERASURE_LOCK` alone, so that no two do at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / FILE_NAME

    async def append(self, entries: Sequence[Entry]) -> None:
        """Append entries; they are on disk when this returns. Raises `Unavailable` when they may not be."""
        try:
            await asyncio.to_thread(self._append, "".join(map(_line, entries)).encode())
        except OSError as error:
            raise _unreachable(error) from error

    async def read(self) -> list[Entry]:
        """
        Return all entries. A line that a crash cut short was never acted upon and is left out.

        Raises:
            Unavailable: the file is there and cannot be read.
        """
        try:
            return await asyncio.to_thread(self._read)
        except OSError as error:
            raise _unreachable(error) from error

    def _append(self, lines: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        is_new = not self._file.exists()
        descriptor = os.open(self._file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                lines = b"\n" + lines
            _write_all(descriptor, lines)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            _sync_folder(self._folder)

    def _read(self) -> list[Entry]:
        try:
            lines = self._file.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        entries = [entry for line in lines if line and (entry := _entry(line)) is not None]
        if len(entries) < sum(map(bool, lines)):
            _log.warning(
                "lines of the ledger of erasures are damaged and left out",
                extra={"lines": sum(map(bool, lines)) - len(entries)},
            )
        return entries


def _line(entry: Entry) -> str:
    data: dict[str, Any] = {
        "kind": _TENANT if entry.is_tenant else _SUBJECT,
        "request": str(entry.request_id),
        "environment": entry.place.environment,
        "tenant": entry.place.tenant,
        "at": entry.at.isoformat(),
        "subject_hashes": [digest.hex() for digest in entry.subject_hashes],
    }
    return json.dumps(data, ensure_ascii=False) + "\n"


def _entry(line: bytes) -> Entry | None:
    try:
        data = json.loads(line)
        entry = Entry(
            uuid.UUID(data["request"]),
            Place(str(data["environment"]), str(data["tenant"])),
            datetime.datetime.fromisoformat(data["at"]),
            tuple(bytes.fromhex(digest) for digest in data["subject_hashes"]),
        )
        # Without its hashes the line of a subject must not become that of a tenant.
        return entry if entry.is_tenant == (data["kind"] == _TENANT) else None
    except (ValueError, KeyError, TypeError):
        return None


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _unreachable(error: OSError) -> Unavailable:
    _log.error("the ledger of erasures cannot be reached", extra={"error": f"{type(error).__name__}: {error.strerror}"})
    return Unavailable("the folder of the archives cannot be reached, where erasures are recorded; nothing was changed")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
