"""Tells the application what changed, on a thread of its own, so that a slow listener delays no change."""

import logging
import threading
from collections.abc import Callable, Collection
from typing import TypeAlias

from mirante.client.status import Status

_log = logging.getLogger("mirante")

ChangeListener: TypeAlias = Callable[[frozenset[str]], object]
"""Called with the keys of the flags whose answers may differ now."""

StatusListener: TypeAlias = Callable[[Status], object]


class Listeners:
    """
    Calls listeners one after the other, never two at once.

    What happens while they run is gathered into the next call: keys are united, of statuses only the newest is told.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._on_change: dict[object, tuple[ChangeListener, frozenset[str] | None]] = {}
        self._on_status: dict[object, StatusListener] = {}
        self._keys: frozenset[str] = frozenset()
        self._status: Status | None = None
        self._stopped = False
        self._thread: threading.Thread | None = None

    def on_change(self, listener: ChangeListener, keys: Collection[str] | None) -> Callable[[], None]:
        """Call `listener` from now on for these flags, or for all; return what ends that."""
        token = object()
        with self._changed:
            self._on_change[token] = (listener, None if keys is None else frozenset(keys))
            self._start()
        return lambda: self._remove(token)

    def on_status(self, listener: StatusListener) -> Callable[[], None]:
        """Call `listener` from now on; return what ends that."""
        token = object()
        with self._changed:
            self._on_status[token] = listener
            self._start()
        return lambda: self._remove(token)

    def post(self, keys: frozenset[str] = frozenset(), status: Status | None = None) -> None:
        """Tell the listeners soon. Never blocks."""
        with self._changed:
            if self._thread is None:
                return
            self._keys |= keys
            self._status = status or self._status
            self._changed.notify()

    def stop(self, timeout: float) -> None:
        """Tell what is pending, then call nobody any more; wait that many seconds at most for those that run."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def revive(self) -> None:
        """Make this work again in a forked child, where the thread is gone and the lock may be held for ever."""
        self._changed = threading.Condition()
        self._thread = None
        if not self._stopped and (self._on_change or self._on_status):
            self._start()

    def _start(self) -> None:
        if self._thread is None and not self._stopped:
            self._thread = threading.Thread(target=self._run, name="mirante-listeners", daemon=True)
            self._thread.start()

    def _remove(self, token: object) -> None:
        with self._changed:
            self._on_change.pop(token, None)
            self._on_status.pop(token, None)

    def _run(self) -> None:
        changed = self._changed
        while True:
            with changed:
                changed.wait_for(lambda: self._stopped or self._keys or self._status)
                if not self._keys and self._status is None:
                    return
                keys, self._keys = self._keys, frozenset()
                status, self._status = self._status, None
                on_change, on_status = list(self._on_change.values()), list(self._on_status.values())
            for listener, wanted in on_change:
                relevant = keys if wanted is None else keys & wanted
                if relevant:
                    _call(listener, relevant)
            if status is not None:
                for status_listener in on_status:
                    _call(status_listener, status)


def _call(listener: Callable[..., object], argument: object) -> None:
    try:
        listener(argument)
    except Exception:  # noqa: BLE001 - it is the application's, and the others still have to be told
        _log.exception("a listener of the Mirante client failed")
