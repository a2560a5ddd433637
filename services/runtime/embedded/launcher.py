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


def main(arguments: list[str]) -> None:
    """Prepare this process and become the command."""
    parent, death_signal, uid, gid, *command = arguments
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if sys.platform == "linux":
        # After the change of account, which clears it.
        _ask_for_signal_when_parent_dies(int(death_signal))
    if os.getppid() != int(parent):
        sys.exit("the process that wanted this server is gone")
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
        # Python ignores these for itself, and what is ignored stays ignored in the command.
        signal.signal(ignored, signal.SIG_DFL)
    os.umask(0o077)
    os.execv(command[0], command)  # noqa: S606 - this is what a launcher is for


def _ask_for_signal_when_parent_dies(number: int) -> None:
    try:
        import ctypes  # noqa: PLC0415 - may be missing in cut-down Pythons, and then the next start cleans up
    except ImportError:
        return
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, number, 0, 0, 0)


if __name__ == "__main__":
    main(sys.argv[1:])
