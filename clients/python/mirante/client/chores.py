"""A thread for what has to happen later: silence, staleness, saving. It never runs code of the application."""

import logging
import threading
import time
from collections.abc import Callable

_log = logging.getLogger("mirante")


class Chores:
    """Runs named actions at their times, each name at most once; setting a name again moves it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: dict[str, tuple[float, Callable[[], object]]] = {}
        self._wakes_at = float("inf")
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="mirante-chores", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def set(self, name: str, delay: float, action: Callable[[], object], *, keep: bool = False) -> None:
        """Run `action` after `delay` seconds; with `keep`, leave the name alone when it is already set."""
        at = time.monotonic() + delay
        with self._changed:
            if keep and name in self._due:
                return
            self._due[name] = (at, action)
            if at < self._wakes_at:
                self._changed.notify()

    def drop(self, name: str) -> None:
        """Forget the name, if it is set."""
        with self._changed:
            self._due.pop(name, None)

    def stop(self, timeout: float) -> None:
        """Run nothing more, and wait that many seconds at most for what is running."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _run(self) -> None:
        while True:
            action = self._next()
            if action is None:
                return
            try:
                action()
            except Exception:  # noqa: BLE001 - the other chores still have to be done
                _log.exception("a chore of the Mirante client failed")

    def _next(self) -> Callable[[], object] | None:
        with self._changed:
            while not self._stopped:
                name, (at, action) = min(
                    self._due.items(), key=lambda item: item[1][0], default=("", (float("inf"), _nothing))
                )
                wait = at - time.monotonic()
                if wait <= 0:
                    del self._due[name]
                    return action
                self._wakes_at = at
                self._changed.wait(None if at == float("inf") else min(wait, threading.TIMEOUT_MAX))
                self._wakes_at = float("-inf")
            return None


def _nothing() -> None:
    """Stand in where there is nothing to do."""
