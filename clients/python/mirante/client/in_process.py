"""Rules held in this process: the parts of a client put together, and started, paused and closed together."""

import dataclasses
import logging
import math
import secrets
import threading
import time

from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2
from mirante.client import lifecycle
from mirante.client.channel import check_channel
from mirante.client.chores import Chores
from mirante.client.listeners import Listeners
from mirante.client.settings import ClientSettings
from mirante.client.snapshot_file import SnapshotFile
from mirante.client.status import ClientState, Status
from mirante.client.stream_end import StreamEnd
from mirante.client.watch import Watch
from mirante.errors import TransferRefused
from mirante.replica import Change, Replica

_log = logging.getLogger("mirante")

_JOIN = 1.0
"""Seconds to wait for a save to disk, or for a listener, when the client is paused or closed."""


class InProcessRules:
    """
    A replica that is kept current, saved to disk, and marked stale when the service is away for too long.

    `replica.ruleset` may be read at any time, also during forks and after `close`. Everything else that changes does so
    under one lock.
    """

    def __init__(self, settings: ClientSettings) -> None:
        check_channel(settings)
        self.replica = Replica()
        self.listeners = Listeners()
        self._settings = settings
        self._file = SnapshotFile(settings.cache_dir, settings) if settings.cache_dir else None
        self._saved_token = b""
        self._instance = secrets.token_hex(8)
        # Reentrant, because a signal handler may close the client wherever it stands.
        self._lock = threading.RLock()
        self._ready = threading.Event()
        self._status = Status(ClientState.CONNECTING, time.time(), 0)
        self._lost_at = time.monotonic()
        self._load()
        with lifecycle.no_fork():
            lifecycle.join(self)
            self._start()

    @property
    def status(self) -> Status:
        """What the client knows about itself now."""
        return self._status

    def wait_until_ready(self, timeout: float | None) -> bool:
        """Wait until the service has confirmed the rules; return whether it has."""
        return self._ready.wait(timeout)

    def close(self) -> None:
        """Stop everything and save what is not saved; once is enough."""
        with lifecycle.no_fork():
            if self._status.state is ClientState.CLOSED:
                return
            lifecycle.leave(self)
            self._set_state(ClientState.CLOSED)
            self._stop()
        self._save()
        self.listeners.stop(_JOIN)

    def before_fork(self) -> None:
        """See `lifecycle.Member`."""
        self._stop()
        self._note_loss("the process forked")

    def after_fork_in_parent(self) -> None:
        """See `lifecycle.Member`."""
        self._start()

    def after_fork_in_child(self, *, grpc_usable: bool) -> None:
        """See `lifecycle.Member`."""
        self._lock = threading.RLock()
        ready, self._ready = self._ready.is_set(), threading.Event()
        if ready:
            self._ready.set()
        self._instance = secrets.token_hex(8)
        self.listeners.revive()
        if grpc_usable:
            self._start()
        else:
            self._go_stale()

    def receive(self, part: sync_pb2.Transfer) -> Change | None:
        """See `WatchObserver`."""
        with self._lock:
            change = self.replica.apply(part)
            if change is None:
                return None
            self._lost_at = math.inf
            self._chores.drop("stale")
            self._set_state(ClientState.READY)
        self._ready.set()
        self.listeners.post(change.flags)
        if self._file is not None:
            self._chores.set("save", self._settings.timing.save_every, self._save, keep=True)
        return change

    def lost(self, end: StreamEnd) -> None:
        """See `WatchObserver`."""
        self.replica.forget_parts()
        self._note_loss(end.why)
        self._expect_staleness()

    def _start(self) -> None:
        if self._status.state is ClientState.CLOSED:
            return
        # A stream that was ended for a fork may have left some: the next one begins a transfer of its own.
        self.replica.forget_parts()
        self._chores = Chores()
        self._chores.start()
        self._expect_staleness()
        self._watch = Watch(self._settings, self._instance, self.replica, self, self._chores)
        self._watch.start()

    def _stop(self) -> None:
        self._watch.stop()
        self._chores.stop(_JOIN)

    def _note_loss(self, why: str) -> None:
        with self._lock:
            self._lost_at = min(self._lost_at, time.monotonic())
            self._status = dataclasses.replace(self._status, problem=why)

    def _expect_staleness(self) -> None:
        if self._status.state is ClientState.READY and self._lost_at < math.inf:
            elapsed = time.monotonic() - self._lost_at
            self._chores.set("stale", self._settings.timing.grace - elapsed, self._go_stale)

    def _go_stale(self) -> None:
        with self._lock:
            if self._lost_at == math.inf:
                return
            self._ready.clear()
            self.replica.mark_stale(stale=True)
            self._set_state(ClientState.STALE if self.replica.has_rules else ClientState.CONNECTING)

    def _set_state(self, state: ClientState) -> None:
        with self._lock:
            before = self._status
            if before.state is ClientState.CLOSED:
                return
            since = before.since if state is before.state else time.time()
            problem = "" if state is ClientState.READY else before.problem
            self._status = Status(state, since, self.replica.revision, problem)
        if state is not before.state:
            self.listeners.post(status=self._status)

    def _load(self) -> None:
        transfer = self._file.load() if self._file is not None else None
        if transfer is None:
            return
        try:
            self.replica.apply(transfer, stale=True)
        except TransferRefused as error:
            _log.warning("the last known flags do not hold together: %s", error)
            return
        self._saved_token = transfer.resume_token
        self._set_state(ClientState.STALE)

    def _save(self) -> None:
        token = self.replica.resume_token
        if self._file is not None and token != self._saved_token and self._file.save(self.replica.full_transfer()):
            self._saved_token = token
