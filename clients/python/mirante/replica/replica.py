"""Applies transfers, keeps the ruleset current, and never goes back."""

from dataclasses import dataclass

from mirante.api.flags.v1 import flag_pb2
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2
from mirante.errors import DigestMismatch, TransferRefused
from mirante.evaluation.model import Stamp
from mirante.evaluation.ruleset import Ruleset
from mirante.replica.held import Difference, Held
from mirante.replica.references import Definition

LARGEST_TRANSFER = 256 << 20
"""Bytes of all parts of one transfer."""


@dataclass(frozen=True, slots=True)
class Change:
    """
    What a transfer did.

    `flags` are the keys whose answers may differ now: flags that were put in, changed or removed, and those that refer
    to a changed flag or segment, however indirectly. `first` says that the replica held nothing before.
    """

    revision: int
    flags: frozenset[str]
    first: bool = False


class Replica:
    """
    The rules of one environment at one revision.

    One thread applies; any thread may read `ruleset`, which is replaced as a whole. What a transfer brings takes effect
    after its last part, all at once or, when it is refused, not at all.
    """

    __slots__ = ("_held", "_parts", "_size", "has_rules", "ruleset")

    def __init__(self) -> None:
        self.ruleset = Ruleset.empty(Stamp(0, stale=True))
        self.has_rules = False
        self._held = Held()
        self._parts: list[sync_pb2.Transfer] = []
        self._size = 0

    @property
    def revision(self) -> int:
        """Revision of the environment that is held; 0 when nothing is."""
        return self._held.revision

    @property
    def lineage(self) -> str:
        """Within it revisions compare."""
        return self._held.lineage

    @property
    def resume_token(self) -> bytes:
        """Of the transfer applied last; empty when nothing is held."""
        return self._held.resume_token

    @property
    def digest(self) -> int:
        """Over what is held, see `Transfer.digest`."""
        return self._held.digest

    @property
    def stale(self) -> bool:
        """Whether answers are marked as possibly out of date."""
        return self.ruleset.stamp.stale

    def apply(self, part: sync_pb2.Transfer, *, stale: bool = False) -> Change | None:
        """
        Take in one part; return what changed after the last one, None before it.

        Raises:
            DigestMismatch: what would be held is not what the service holds.
            TransferRefused: the transfer does not continue what is held, is too large, or has an unknown intent.
        """
        self._size += part.ByteSize()
        self._parts.append(part)
        if self._size > LARGEST_TRANSFER:
            self.forget_parts()
            raise TransferRefused(f"a transfer of more than {LARGEST_TRANSFER} bytes")
        if part.more:
            return None
        parts = self._parts
        self.forget_parts()
        return self._apply(parts, part, stale=stale)

    def forget_parts(self) -> None:
        """Drop the parts of a transfer whose end will not come."""
        self._parts, self._size = [], 0

    def mark_stale(self, *, stale: bool) -> bool:
        """Mark the answers, or lift the mark; return whether that changed anything."""
        stamp = self.ruleset.stamp
        if stamp.stale == stale:
            return False
        self.ruleset = self.ruleset.with_stamp(Stamp(stamp.revision, stamp.lineage, stale))
        return True

    def full_transfer(self) -> sync_pb2.Transfer:
        """Return one transfer that brings an empty replica to where this one is."""
        return self._held.transfer()

    def _apply(self, parts: list[sync_pb2.Transfer], end: sync_pb2.Transfer, *, stale: bool) -> Change:
        _check_intent(end, self._held, has_rules=self.has_rules)
        named: dict[Definition, flag_pb2.Flag | flag_pb2.Segment] = {}
        for part in parts:
            named.update({("flag", flag.key): flag for flag in part.flags})
            named.update({("segment", segment.key): segment for segment in part.segments})
        removed: list[Definition] = []
        if end.intent == sync_pb2.TRANSFER_INTENT_FULL:
            removed = list(self._held.definitions)
        else:
            for part in parts:
                removed += [("flag", key) for key in part.removed_flags]
                removed += [("segment", key) for key in part.removed_segments]
        removed = [definition for definition in removed if definition not in named]
        held, difference = self._held.changed(named, removed)
        if held.digest != end.digest:
            raise DigestMismatch(f"at revision {end.revision} the digest is {held.digest:x}, not {end.digest:x}")
        first = not self.has_rules
        self._hold(held.at(end), difference, stale=stale)
        return Change(end.revision, difference.affected, first)

    def _hold(self, held: Held, difference: Difference, *, stale: bool) -> None:
        stamp = Stamp(held.revision, held.lineage, stale)
        if difference or stamp != self.ruleset.stamp:
            self.ruleset = self.ruleset.replaced(
                stamp=stamp,
                flags=difference.flags,
                removed_flags=difference.removed_flags,
                segments=difference.segments,
                removed_segments=difference.removed_segments,
                broken=difference.broken,
                broken_segments=difference.broken_segments,
            )
        self._held = held
        self.has_rules = True


def _check_intent(end: sync_pb2.Transfer, held: Held, *, has_rules: bool) -> None:
    known = (sync_pb2.TRANSFER_INTENT_NONE, sync_pb2.TRANSFER_INTENT_CHANGES, sync_pb2.TRANSFER_INTENT_FULL)
    if end.intent not in known:
        raise TransferRefused(f"unknown intent {end.intent}")
    same_lineage = has_rules and end.lineage == held.lineage
    if end.intent != sync_pb2.TRANSFER_INTENT_FULL and not same_lineage:
        raise TransferRefused("the transfer continues what is not held here")
    if same_lineage and end.revision < held.revision:
        message = f"revision {end.revision} is older than {held.revision}, which is held"
        raise TransferRefused(message, from_nothing=False)
