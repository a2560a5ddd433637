"""Runs commands as children: a server in the foreground until it ends, or a command to its end."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from services.runtime.embedded.account import Account

_LAUNCHER = Path(__file__).with_name("launcher.py")


class Child:
    """
    A running server process, which is waited for from the start, so that it never becomes a zombie.

    Create it on the thread of the running event loop: when that thread ends, the server is asked to stop
    (see `launcher.py`).
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.pid = process.pid
        self._process = process
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        """Done when the process has ended and was waited for; the exit code, negative for a signal."""
        # A thread of its own, not one of the loop's pool: it is busy for as long as the server lives.
        threading.Thread(
            target=self._wait, args=(asyncio.get_running_loop(),), name=f"wait-{self.pid}", daemon=True
        ).start()

    @classmethod
    def start(
        cls,
        command: Sequence[str],
        *,
        folder: Path,
        account: Account | None,
        log: Path,
        standard_input: bytes,
        death_signal: signal.Signals,
    ) -> "Child":
        """
        Start a server with `folder` as its working folder and its output appended to `log`.

        It gets a session of its own, so that Ctrl-C in the terminal does not reach it before the services are done.
        """
        with log.open("ab") as output:
            process = subprocess.Popen(
                launch_command(command, account, death_signal),
                cwd=folder,
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        child = cls(process)
        if process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # it ended already, and whoever waits for it will see that
                process.stdin.write(standard_input)
                process.stdin.close()
        return child

    def send(self, number: signal.Signals) -> None:
        """Signal the process, if it has not ended."""
        # Popen's own method: it knows whether the pid was given back, also between our hearing of it.
        self._process.send_signal(number)

    async def wait(self) -> int:
        """Return the exit code when the process has ended. Cancelling the wait leaves the process alone."""
        return await asyncio.shield(self.exited)

    async def stop(self, number: signal.Signals, *, within_s: float) -> int:
        """Ask it to stop, kill it when that takes longer than `within_s` seconds, and return the exit code."""
        self.send(number)
        done, _ = await asyncio.wait({self.exited}, timeout=within_s)
        if not done:
            self.send(signal.SIGKILL)
        return await self.wait()

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        code = self._process.wait()
        with contextlib.suppress(RuntimeError):  # the loop was closed; nobody is left to be told
            loop.call_soon_threadsafe(self._ended, code)

    def _ended(self, code: int) -> None:
        if not self.exited.done():
            self.exited.set_result(code)


async def run_to_end(command: Sequence[str], *, folder: Path, account: Account | None) -> tuple[int, str]:
    """Run a short command with `folder` as its working folder; return its exit code and its output."""

    def run() -> tuple[int, str]:
        done = subprocess.run(
            launch_command(command, account, signal.SIGKILL),
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            check=False,
        )
        return done.returncode, done.stdout.decode(errors="replace")

    return await asyncio.to_thread(run)


def launch_command(command: Sequence[str], account: Account | None, death_signal: signal.Signals) -> list[str]:
    """
    Return the command that starts `command` as `account`, and sends it `death_signal` when the calling thread ends.

    The signal needs Linux; elsewhere the child lives on.
    """
    uid, gid = ("-", "-") if account is None else (str(account.uid), str(account.gid))
    launcher = [sys.executable, "-I", "-S", str(_LAUNCHER)]
    return [*launcher, str(os.getpid()), str(int(death_signal)), uid, gid, *command]


def _environment() -> dict[str, str]:
    """Only what servers need: our own environment holds secrets, and PG* variables would change what they do."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
