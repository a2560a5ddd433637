"""
A subscriber of `WatchFlags` as a state machine that trusts nothing: the protocol's promises, checked at every message.

Written from the contract alone, apart from the client's own replica.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2

from tests.support.flag_service_process import ENVIRONMENT

Definition = tuple[str, str]
"""Kind and key."""

_MOST_PARSED: Final = 2_000


@lru_cache(maxsize=100_000)
def term(kind: str, key: str, version: int) -> int:
    """Return what one definition adds to the digest, see `Transfer.digest`."""
    return int.from_bytes(hashlib.sha256(f"{kind}/{key}@{version}".encode()).digest()[:8], "little")


@dataclass(frozen=True, slots=True)
class _Parsed:
    message: sync_pb2.WatchFlagsResponse
    kind: str | None
    named: dict[Definition, int]
    removed: list[Definition]


@dataclass
class Ledger:
    """What all subscribers of a test have seen together, and every promise that was broken."""

    faults: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    digests: dict[tuple[str, int], int] = field(default_factory=dict)
    contents: dict[tuple[str, Definition, int], bytes] = field(default_factory=dict)
    goodbyes: list[float] = field(default_factory=list)
    _parsed: dict[bytes, _Parsed] = field(default_factory=dict, repr=False)

    def parse(self, data: bytes) -> _Parsed:
        """Take a message apart; many subscribers get the same bytes."""
        parsed = self._parsed.get(data)
        if parsed is None:
            if len(self._parsed) >= _MOST_PARSED:
                self._parsed.clear()
            parsed = self._parsed[data] = self._read(data)
        return parsed

    def _read(self, data: bytes) -> _Parsed:
        message = sync_pb2.WatchFlagsResponse.FromString(data)
        transfer = message.transfer
        named = {("flag", flag.key): flag.version for flag in transfer.flags}
        named.update({("segment", segment.key): segment.version for segment in transfer.segments})
        removed = [("flag", key) for key in transfer.removed_flags]
        removed += [("segment", key) for key in transfer.removed_segments]
        if transfer.lineage:
            definitions = [(("flag", flag.key), flag.version, flag) for flag in transfer.flags]
            for definition, version, flag in definitions:
                content = flag.SerializeToString(deterministic=True)
                if self.contents.setdefault((transfer.lineage, definition, version), content) != content:
                    self.faults.append(f"{definition}@{version} has two contents in lineage {transfer.lineage}")
        return _Parsed(message, message.WhichOneof("kind"), named, removed)


class WatchState:
    """Where one subscriber stands, over all of its streams."""

    __slots__ = (
        "_parts",
        "_terms",
        "connected",
        "held",
        "ledger",
        "lineage",
        "name",
        "retry_after",
        "revision",
        "token",
    )

    def __init__(self, name: str, ledger: Ledger) -> None:
        self.name = name
        self.ledger = ledger
        self.lineage = ""
        self.revision = 0
        self.held: dict[Definition, int] = {}
        self.token = b""
        self.connected = False
        """Whether the present stream has brought a transfer."""
        self.retry_after = 0.0
        """What the last goodbye asked for, in seconds."""
        self._terms = 0
        self._parts: list[_Parsed] = []

    @property
    def digest(self) -> int:
        """Over what is held."""
        return self._terms % (1 << 64)

    def subscribe(self) -> bytes:
        """Return the first message of a new stream."""
        self._parts, self.connected, self.retry_after = [], False, 0.0
        subscribe = sync_pb2.Subscribe(
            environment=ENVIRONMENT, client_name="watcher", client_instance=self.name, client_version="test/1"
        )
        if self.token:
            subscribe.resume_token, subscribe.digest = self.token, self.digest
        return sync_pb2.WatchFlagsRequest(subscribe=subscribe).SerializeToString()

    def receive(self, data: bytes) -> bool:
        """Take in a message; return whether there is something new to acknowledge."""
        parsed = self.ledger.parse(data)
        if parsed.kind == "transfer":
            self._parts.append(parsed)
            if parsed.message.transfer.more:
                return False
            parts, self._parts = self._parts, []
            self._apply(parts, parsed.message.transfer)
            return True
        if parsed.kind == "heartbeat":
            self.ledger.seen["heartbeats"] += 1
            if not self.connected:
                self._fault("a heartbeat before the first transfer")
            elif parsed.message.heartbeat.revision < self.revision:
                self._fault(f"a heartbeat at {parsed.message.heartbeat.revision} after {self.revision}")
        elif parsed.kind == "goodbye":
            self.ledger.seen["goodbyes"] += 1
            hint = parsed.message.goodbye.retry_after
            self.retry_after = hint.seconds + hint.nanos / 1e9
            self.ledger.goodbyes.append(self.retry_after)
        else:
            self._fault(f"an unknown message: {data!r}")
        return False

    def acknowledgement(self) -> bytes:
        """Return the message that acknowledges what was applied."""
        return sync_pb2.WatchFlagsRequest(applied=sync_pb2.Applied(revision=self.revision)).SerializeToString()

    def _apply(self, parts: list[_Parsed], end: sync_pb2.Transfer) -> None:
        full = end.intent == sync_pb2.TRANSFER_INTENT_FULL
        self.ledger.seen[sync_pb2.TransferIntent.Name(end.intent).removeprefix("TRANSFER_INTENT_").lower()] += 1
        same_lineage = end.lineage == self.lineage
        if same_lineage and end.revision < self.revision:
            self._fault(f"went back from {self.revision} to {end.revision}")
        if not full and not same_lineage:
            self._fault(f"{end.lineage} continues {self.lineage or 'nothing'}")
        if end.intent == sync_pb2.TRANSFER_INTENT_NONE and end.revision != self.revision:
            self._fault(f"nothing changed from {self.revision} to {end.revision}")
        before = self.held if same_lineage else {}
        if full:
            self.held, self._terms = {}, 0
        for part in parts:
            for definition in part.removed:
                self._terms -= self._term(definition)
                self.held.pop(definition, None)
            for definition, version in part.named.items():
                if version < before.get(definition, 0):
                    self._fault(f"{definition} went back to version {version}")
                self._terms += term(*definition, version) - self._term(definition)
                self.held[definition] = version
        if self.digest != end.digest:
            self._fault(
                f"the digest at {end.revision} is another one, after {sync_pb2.TransferIntent.Name(end.intent)}"
            )
        if self.ledger.digests.setdefault((end.lineage, end.revision), end.digest) != end.digest:
            self._fault(f"revision {end.revision} has two digests in one lineage")
        if not same_lineage and self.lineage:
            self.ledger.seen["lineages"] += 1
        self.revision, self.lineage, self.token, self.connected = end.revision, end.lineage, end.resume_token, True

    def _term(self, definition: Definition) -> int:
        version = self.held.get(definition)
        return 0 if version is None else term(*definition, version)

    def _fault(self, what: str) -> None:
        self.ledger.faults.append(f"{self.name}: {what}")
