"""The folder of one process inside a spool that several share."""

import contextlib
import hashlib
import logging
import os
import secrets
from collections.abc import Generator
from pathlib import Path

from mirante.client.settings import ClientSettings

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_log = logging.getLogger("mirante")

SUPPORTED = fcntl is not None
"""Whether this system has the locks by which the folders of living processes are known."""

SUFFIX = ".events"
_LOCK = "lock"


def shared_folder(spool_dir: Path, connection: ClientSettings) -> Path:
    """
    Return the folder for one service and environment.

    Without a named environment, the key stands for it.
    """
    identity = f"{connection.origin}\0{'' if connection.environment else connection.api_key}"
    return spool_dir / hashlib.sha256(identity.encode()).hexdigest()[:32]


class Folder:
    """
    A folder that belongs to this process for as long as it lives: its lock goes with the process, however it ends.

    Errors are OSErrors.
    """

    def __init__(self, shared: Path) -> None:
        shared.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{os.getpid()}-{secrets.token_hex(6)}"
        # Hidden until it is locked, so that nobody takes it for that of a dead process.
        hidden = shared / f".{name}"
        hidden.mkdir(mode=0o700)
        self._lock = _locked(hidden)
        assert self._lock is not None  # noqa: S101 - nobody else knows it
        self._shared = shared
        self.path = hidden.rename(shared / name)
        self._next = 0

    def new_path(self) -> Path:
        """Return where the next segment goes."""
        self._next += 1
        return self.path / f"{self._next:010}{SUFFIX}"

    def adopt(self) -> Generator[Path, None, None]:
        """
        Take over the segments of processes that are gone, one by one, oldest first; yield where each is now.

        What is not asked for stays with its folder, for whoever comes next.
        """
        for other in sorted(self._shared.iterdir(), key=_age):
            if other == self.path or other.name.startswith(".") or not other.is_dir():
                continue
            lock = _locked(other)
            if lock is None:
                continue
            try:
                for file in sorted(other.glob(f"*{SUFFIX}")):
                    # The dead process's name goes on to be in front, so that names stay in order and apart.
                    name = file.name if file.name.startswith("from-") else f"from-{other.name}-{file.name}"
                    yield file.rename(self.path / name)
                _remove(other)
            finally:
                os.close(lock)

    def release(self) -> None:
        """Give it up, with the segments that are in it for others to adopt."""
        if not any(self.path.glob(f"*{SUFFIX}")):
            with contextlib.suppress(OSError):
                _remove(self.path)
        self.abandon()

    def abandon(self) -> None:
        """Let go without a word: a child does not own what its parent goes on with."""
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)


def _locked(folder: Path) -> int | None:
    """Return the descriptor of the folder's lock; None when somebody holds it, or the folder is gone."""
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def _remove(folder: Path) -> None:
    """Remove a folder, unless something is in it that was set aside."""
    (folder / _LOCK).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()


def _age(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0
