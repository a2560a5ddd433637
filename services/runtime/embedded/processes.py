"""
Recognises processes of an earlier run, so that exactly those are ended and never a stranger.

A pid alone proves nothing: after a crash or in a restarted container it soon belongs to somebody else.
"""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_HAS_PROC = (_PROC / "self" / "stat").exists()


def birthmark(pid: int) -> str | None:
    """
    Return what tells this process from any other that had or will have the same pid: its time of birth.

    None when there is no such process, or only a zombie, which has ended but was not waited for.
    """
    return _linux_birthmark(pid) if _HAS_PROC else _ps_birthmark(pid)


def _linux_birthmark(pid: int) -> str | None:
    # proc(5), /proc/pid/stat: the name may contain anything, so fields are counted from its closing bracket.
    # Then: state is the first, starttime (clock ticks since boot) the twentieth.
    try:
        fields = (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    return None if fields[0] in "ZX" else f"{boot} {fields[19]}"


def _ps_birthmark(pid: int) -> str | None:
    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],  # noqa: S607 - where ps lies differs by system
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
    )
    state, _, started = answer.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else started.strip()


def running_in(folder: Path, executable: str) -> list[int]:
    """
    Return the pids of live processes of this executable whose working folder is `folder`.

    Both servers work in their data folder, so these are the ones that use the data.
    Known on Linux only; elsewhere the answer is empty, and Postgres refuses to start beside an orphan by itself.
    """
    return list(_linux_running_in(folder, executable)) if _HAS_PROC else []


def _linux_running_in(folder: Path, executable: str) -> Iterator[int]:
    with contextlib.suppress(FileNotFoundError):
        wanted = folder.stat()
        for entry in _PROC.iterdir():
            if not entry.name.isdigit():
                continue
            # A process of somebody else, or one that ended while we looked.
            with contextlib.suppress(OSError):
                # The kernel cuts names at 15 characters.
                named = (entry / "comm").read_text().strip() == executable[:15]
                if named and os.path.samestat((entry / "cwd").stat(), wanted) and birthmark(int(entry.name)):
                    yield int(entry.name)


def may_use(pid: int, folder: Path, executable: str) -> bool:
    """Whether this pid is a live process of the executable that works in `folder`; where unknown, whether it may be."""
    if _HAS_PROC:
        return pid in running_in(folder, executable)
    answer = subprocess.run(
        ["ps", "-o", "comm=", "-p", str(pid)],  # noqa: S607 - where ps lies differs by system
        capture_output=True,
        text=True,
        check=False,
    )
    return Path(answer.stdout.strip()).name == executable
