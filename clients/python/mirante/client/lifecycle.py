"""
The clients of this process, and what the process does to them: it forks, and it ends.

gRPC does not survive a fork while it is at work: before one, every client lets go of gRPC; afterwards parent and child
connect again, each for itself. Evaluation goes on all the while, and the rules are shared until they change.

Measured with grpcio 1.85: after the last channel is closed gRPC's own threads end within some 50 ms. A fork before
that often hangs the child, and still one in a hundred times when GRPC_ENABLE_FORK_SUPPORT was set as gRPC was imported,
because a lock inside gRPC may be held by a thread that the child does not have. So a fork waits for those threads. They
do not end while the application has channels or servers of its own: then the setting (which `channel` makes where it
can) is what carries gRPC over, after a moment in which our own channels come to rest.
"""

import atexit
import contextlib
import logging
import os
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from mirante.client.channel import FORK_SUPPORT  # first: it prepares gRPC for forks

import grpc  # isort: skip

_log = logging.getLogger("mirante")

_LONGEST_WAIT = 0.3 if FORK_SUPPORT else 1.0
"""Seconds to wait for the end of gRPC's threads before a fork."""

_GRPC_THREADS = ("event_engine", "grpc", "lifeguard")
"""How the names of gRPC's own threads begin."""


class Member(Protocol):
    """What uses gRPC in the background, and lets go of it while the process forks and before it ends."""

    def close(self) -> None:
        """Let go for good; return promptly. Called when the interpreter ends."""

    def before_fork(self) -> None:
        """Leave no gRPC object alive; return promptly. Evaluations must go on."""

    def after_fork_in_parent(self) -> None:
        """Go on."""

    def after_fork_in_child(self, *, grpc_usable: bool) -> None:
        """Go on in the child, where no other thread exists; without gRPC when it is not usable."""


# Reentrant, because a signal handler may close a client wherever it stands.
_lock = threading.RLock()
_members: "weakref.WeakSet[Member]" = weakref.WeakSet()
_last: "weakref.WeakSet[Member]" = weakref.WeakSet()
_paused: list[Member] = []
_quiet = True
_registered = False


@contextlib.contextmanager
def no_fork() -> Iterator[None]:
    """Hold off other threads that fork, while a client starts or stops."""
    with _lock:
        yield


def join(member: Member, *, last: bool = False) -> None:
    """Tell `member` from now on; with `last`, its closing takes time, and the others are closed before it."""
    _register()
    _members.add(member)
    if last:
        _last.add(member)


def leave(member: Member) -> None:
    """Tell `member` no more."""
    _members.discard(member)


def _before() -> None:
    global _quiet  # noqa: PLW0603 - forks concern the process
    _lock.acquire()
    _paused[:] = list(_members)
    for member in _paused:
        with _logged():
            member.before_fork()
    _quiet = not _paused or _wait_for_quiet() or FORK_SUPPORT


def _after_in_parent() -> None:
    for member in _paused:
        with _logged():
            member.after_fork_in_parent()
    _paused.clear()
    _lock.release()


def _after_in_child() -> None:
    global _lock  # noqa: PLW0603 - the parent's lock is another one
    _lock = threading.RLock()
    if not _quiet:
        _log.warning(
            "a process forked while gRPC was in use by something else: flags in the child stay as they are. "
            "Set GRPC_ENABLE_FORK_SUPPORT=1, or import mirante before grpc, or create the client after the fork"
        )
    for member in _paused:
        with _logged():
            member.after_fork_in_child(grpc_usable=_quiet)
    _paused.clear()


def _wait_for_quiet() -> bool:
    """Wait for the end of gRPC's threads; where they cannot be seen, wait as long as they take at most."""
    tasks = Path("/proc/self/task")
    deadline = time.monotonic() + _LONGEST_WAIT
    if not tasks.exists():
        time.sleep(_LONGEST_WAIT)
        return True
    while any(_thread_name(task).startswith(_GRPC_THREADS) for task in tasks.iterdir()):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True


def _thread_name(task: Path) -> str:
    try:
        return (task / "comm").read_text().strip()
    except OSError:  # it has ended
        return ""


@contextlib.contextmanager
def _logged() -> Iterator[None]:
    try:
        yield
    except Exception:  # noqa: BLE001 - neither can be refused
        _log.exception("a Mirante client failed while its process forked or ended")


def _close_all() -> None:
    for member in sorted(_members, key=lambda member: member in _last):
        with _logged():
            member.close()


def _register() -> None:
    global _registered  # noqa: PLW0603 - once per process
    if _registered:
        return
    _registered = True
    atexit.register(_close_all)
    if hasattr(os, "register_at_fork"):
        # Of what runs before a fork, the last registered comes first. gRPC registers when its first channel is made,
        # and lets nobody close a channel once its turn has come.
        grpc.insecure_channel("localhost:1").close()
        os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
