"""
Becomes a server: run as a script, it prepares its own process and then replaces itself with the command.

It does what must happen between fork and exec, without running Python in a fork of a process full of threads:

* as root, changes to the unprivileged account. The working folder was entered before that, so the server may live in
  a folder whose parents it cannot enter;
* on Linux, asks the kernel for a signal when the process that started it dies, `kill -9` included.
  The signal follows the *thread* that started it, which therefore has to last as long as the server.

Arguments: parent pid, signal number, uid or -, gid or -, then the command.
Only the standard library, and no import of this project: it runs isolated (`python -I -S`).
"""

import os
import signal
import sys
from collections.abc import Callable


def main(arguments: list[str]) -> None:
    """Prepare this process and become the command."""
    parent, death_signal, uid, gid, *command = arguments
    prctl = _kernel_control()
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if prctl is not None:
        # After the change of account, which would clear it.
        pr_set_pdeathsig = 1
        prctl(pr_set_pdeathsig, int(death_signal), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit("the process that wanted this server is gone")
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
        # Python ignores these for itself, and what is ignored stays ignored in the command.
        signal.signal(ignored, signal.SIG_DFL)
    os.umask(0o077)
    os.execv(command[0], command)  # noqa: S606 - this is what a launcher is for


def _kernel_control() -> Callable[..., int] | None:
    """Return prctl(2) where there is one. As root still: the other account may be unable to read Python's own files."""
    if sys.platform != "linux":
        return None
    try:
        import ctypes  # noqa: PLC0415 - cut-down Pythons are without, and then the next start cleans up
    except ImportError:
        return None
    prctl: Callable[..., int] = ctypes.CDLL(None).prctl
    return prctl


if __name__ == "__main__":
    main(sys.argv[1:])
