"""
Which account runs the servers, and what that account can reach.

Postgres refuses to run as root.
Started as root, the servers therefore run as an unprivileged account, which often cannot enter folders that root can:
a virtual environment or a checkout below `/root` (mode 0700) is the usual case.
Parents are never opened up for it.
Binaries are copied to a folder that everybody can enter; data stays where it is and is entered by root on the
server's behalf (see `launcher.py`).
"""

import contextlib
import fcntl
import hashlib
import os
import pwd
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from services.runtime.embedded.engine import Installation
from services.runtime.embedded.errors import HomeUnusable

CACHE = Path("/var/cache/mirante")
"""Where root keeps copies of binaries that the unprivileged account cannot reach."""


@dataclass(frozen=True, slots=True)
class Account:
    """The user and group that servers run as when this process is root."""

    uid: int
    gid: int


def account_for(data: Path) -> Account | None:
    """
    Return the account to change to for servers with this data folder; None when they run as ourselves.

    As root that is the owner of existing data (somebody may first have started it without root), else `nobody`.

    Raises:
        HomeUnusable: existing data belongs to somebody else, and we are not root.
    """
    owner = data.stat().st_uid if data.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise HomeUnusable(
                f"{data} belongs to user id {owner}, and this process runs as {os.geteuid()}: start as that user (or "
                "as root), or choose another folder with MIRANTE_HOME"
            )
        return None
    if owner:
        return Account(owner, data.stat().st_gid)
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return Account(65534, 65534)
    return Account(entry.pw_uid, entry.pw_gid)


def can_reach(account: Account | None, path: Path) -> bool:
    """Whether the account may enter every parent of the path. Access lists are not looked at, only modes."""
    if account is None:
        return True
    parents = {*path.absolute().parents, *path.resolve().parents}  # links are followed from where they lie
    return all(_may(account, parent, stat.S_IXOTH) for parent in parents)


def _may(account: Account, path: Path, rights: int) -> bool:
    """Whether the account has these rights, given as those of "others"."""
    found = path.stat()
    if found.st_uid == account.uid:
        return found.st_mode >> 6 & rights == rights
    if found.st_gid == account.gid:
        return found.st_mode >> 3 & rights == rights
    return found.st_mode & rights == rights


def reachable_installation(
    installation: Installation, executable: str, account: Account | None, cache: Path = CACHE
) -> Installation:
    """
    Return the installation, or a copy of it that the account can reach.

    A copy is made once per content and becomes visible only when it is complete.

    Raises:
        HomeUnusable: the installation can be neither reached nor copied.
    """
    binary = installation.binary(executable)
    if account is None or (can_reach(account, binary) and _may(account, binary, stat.S_IROTH | stat.S_IXOTH)):
        return installation
    if not installation.parts:
        raise HomeUnusable(f"{binary} cannot be run by the unprivileged account (user id {account.uid}) of the servers")
    _make_cache(cache)
    copy = cache / f"{installation.label}-{_fingerprint(installation)}"
    with _one_at_a_time(cache):
        if not copy.exists():
            partial = cache / f"{copy.name}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            for part in installation.parts:
                # C headers are never read at run time.
                shutil.copytree(installation.root / part, partial / part, ignore=shutil.ignore_patterns("include"))
            _open_to_everybody(partial)
            partial.rename(copy)
    return replace(installation, root=copy)


def _open_to_everybody(root: Path) -> None:
    """Let everybody read and enter, whatever umask the original was installed with."""
    for path in (root, *root.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(0o755 if path.is_dir() or mode & stat.S_IXUSR else 0o644)


def _make_cache(cache: Path) -> None:
    try:
        cache.mkdir(mode=0o755, parents=True, exist_ok=True)
    except OSError as error:
        raise HomeUnusable(f"cannot make {cache} for copies of the server binaries: {error.strerror}") from error
    found = cache.stat()
    if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        # Binaries from a folder that others may write to would be theirs to replace.
        raise HomeUnusable(f"{cache} must belong to user id {os.geteuid()} and be writable by nobody else")
    cache.chmod(0o755)


@contextlib.contextmanager
def _one_at_a_time(cache: Path) -> Iterator[None]:
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fingerprint(installation: Installation) -> str:
    digest = hashlib.sha256()
    for path in sorted((installation.root / installation.binaries).iterdir()):
        found = path.stat()
        digest.update(f"{path.name}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]
