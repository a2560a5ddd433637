"""
The home folder: who holds it, and where each server keeps its things in it.

::

    MIRANTE_HOME/
      lock               held while a process runs the servers of this home; holds its pid
      postgres/          one folder per server
        data/            the server's own, mode 0700, owned by the account that runs it
        password         made once per data folder, mode 0600
        server.json      pid and birthmark of the running server
        server.log       and server.log.1, the one before
"""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.runtime.embedded.errors import HomeInUse, HomeUnusable

_LOG_BYTES = 4 * 1024 * 1024


@contextlib.contextmanager
def hold_home(home: Path) -> Iterator[Path]:
    """
    Create the home folder if needed and hold it, against every other process, until the block ends.

    The kernel lets go of it when this process dies, however it dies.

    Raises:
        HomeInUse: another process holds it; nothing was changed.
        HomeUnusable: it cannot be created or written.
    """
    home = home.absolute()
    try:
        # Everything private in it has mode 0600 of its own.
        home.mkdir(mode=0o711, parents=True, exist_ok=True)
        lock = (home / "lock").open("a+")
    except OSError as error:
        raise HomeUnusable(f"MIRANTE_HOME {home} cannot be used: {error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise HomeInUse(
                f"MIRANTE_HOME {home} is in use by process {holder}, which runs the embedded servers there. Stop that "
                "process, or choose another folder with MIRANTE_HOME, or set DATABASE_URL and REDIS_URL to use "
                "servers that are already running"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield home


@dataclass(frozen=True, slots=True)
class Leader:
    """The recorded process of a server."""

    pid: int
    birthmark: str


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder of one server in a held home."""

    folder: Path

    @property
    def data(self) -> Path:
        """The server's data folder."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """Where the server writes its log."""
        return self.folder / "server.log"

    def create(self) -> None:
        """Make the folder. Others may pass through to what is theirs, the data folder."""
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o711)

    def password(self) -> str:
        """
        Return the password of this data folder, made on first use.

        Raises:
            HomeUnusable: there is data, but its password is gone.
        """
        path = self.folder / "password"
        if not path.exists():
            if self.data.exists():
                raise HomeUnusable(
                    f"{path} is missing and {self.data} exists, which asks for that password. Put the file back, or "
                    f"delete {self.folder} to start empty"
                )
            write_private(path, secrets.token_hex(24))
        return path.read_text().strip()

    def remember(self, leader: Leader) -> None:
        """Record the running server for whoever finds it left behind."""
        write_private(self._record, json.dumps({"pid": leader.pid, "birthmark": leader.birthmark}))

    def remembered(self) -> Leader | None:
        """Return the recorded server, which may have ended since. An unreadable record counts as none."""
        try:
            record = json.loads(self._record.read_text())
            return Leader(int(record["pid"]), str(record["birthmark"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def forget(self) -> None:
        """Remove the record."""
        self._record.unlink(missing_ok=True)

    def start_log(self) -> int:
        """Set a long log aside, so that logs stay bounded over restarts; return how many bytes are kept."""
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.replace(self.folder / "server.log.1")
        self.log.touch(mode=0o600)
        return self.log.stat().st_size

    def remove_unfinished(self) -> Path:
        """Remove what an interrupted creation left, and return the path under which new data is prepared."""
        unfinished = self.folder / "data.new"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        return unfinished

    @property
    def _record(self) -> Path:
        return self.folder / "server.json"


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)
