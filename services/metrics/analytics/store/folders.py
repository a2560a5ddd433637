"""
The folder of a store. Blocking.

`<folder>/<environment>/current` names the build that answers, and the term of the writer. Each build has a folder of
its own with its manifest and its segments.
"""

import json
import os
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.metrics.analytics.store.manifest import Manifest, ManifestDamaged, decoded

_CURRENT: Final = "current"
_MANIFEST: Final = "manifest"
_LOCK: Final = "lock"


@dataclass(frozen=True, slots=True)
class Current:
    """Which build answers (empty: none yet), which one is made beside it (empty: none), and who may write."""

    live: str = ""
    making: str = ""
    term: int = 0


class StoreFolder:
    """The files of one environment's store that have names of their own."""

    def __init__(self, folder: Path, environment: str) -> None:
        # Environments are named by people: nothing of a name may lead elsewhere.
        self.path = folder / urllib.parse.quote(environment, safe="").replace(".", "%2E")

    def build(self, name: str) -> Path:
        """Return the folder of a build."""
        return self.path / name

    def current(self) -> Current:
        """Return what answers; what cannot be read is taken as nothing. Raises OSError."""
        try:
            return Current(**json.loads((self.path / _CURRENT).read_bytes()))
        except (FileNotFoundError, ValueError, TypeError):
            return Current()

    def manifest(self, build: str) -> Manifest | None:
        """Return the manifest of a build; None when there is none that is whole. Raises OSError."""
        try:
            return decoded((self.build(build) / _MANIFEST).read_bytes())
        except (FileNotFoundError, NotADirectoryError, ManifestDamaged):
            return None

    def live(self) -> tuple[Path, Manifest] | None:
        """Return the folder and the manifest of the build that answers; None when none does. Raises OSError."""
        for _ in range(3):
            current = self.current()
            manifest = self.manifest(current.live) if current.live else None
            if manifest is not None:
                return self.build(current.live), manifest
        return None

    def stamp(self) -> object | None:
        """Return what is another one after every change of what answers; None when nothing does. Raises OSError."""
        try:
            current = (self.path / _CURRENT).stat()
            manifest = (self.build(self.current().live) / _MANIFEST).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return current.st_ino, current.st_mtime_ns, manifest.st_ino, manifest.st_mtime_ns

    def replace_current(self, current: Current) -> None:
        """Write what answers; the caller holds `alone`. Raises OSError."""
        document = {"live": current.live, "making": current.making, "term": current.term}
        replace_file(self.path / _CURRENT, json.dumps(document).encode())

    def replace_manifest(self, build: str, content: bytes) -> None:
        """Write the manifest of a build; the caller holds `alone`. Raises OSError."""
        replace_file(self.build(build) / _MANIFEST, content)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other process from publishing; the lock goes with the process. Raises OSError."""
        import fcntl  # noqa: PLC0415 - not on Windows, where stores are read only

        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / _LOCK).open("ab") as opened:
            fcntl.flock(opened, fcntl.LOCK_EX)
            yield


def replace_file(file: Path, content: bytes) -> None:
    """Replace a file at once: whoever reads it, also after a crash, finds all of the old one or all of the new one."""
    beside = file.with_name(f"{file.name}.next")
    with beside.open("wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    beside.replace(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last. Raises OSError."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
