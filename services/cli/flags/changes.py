"""What happened between two states of an environment's rules. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mirante.api.flags.v1 import flag_pb2
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2

from services.cli.flags.showing import serve_text

Definition = flag_pb2.Flag | flag_pb2.Segment


@dataclass(frozen=True, slots=True)
class Change:
    """One flag or segment that is another than before; `after` is None when it is gone."""

    kind: str
    key: str
    what: str
    detail: str
    after: Definition | None


@dataclass(slots=True)
class Rules:
    """The definitions of an environment, brought up to date by transfers, whose parts are applied together."""

    flags: dict[str, flag_pb2.Flag] = field(default_factory=dict)
    segments: dict[str, flag_pb2.Segment] = field(default_factory=dict)
    _parts: list[sync_pb2.Transfer] = field(default_factory=list)

    def apply(self, transfer: sync_pb2.Transfer) -> list[Change] | None:
        """Return what changed, by key; None when more parts follow."""
        self._parts.append(transfer)
        if transfer.more:
            return None
        parts, self._parts = self._parts, []
        flags, segments = dict(self.flags), dict(self.segments)
        if transfer.intent == sync_pb2.TRANSFER_INTENT_FULL:
            flags, segments = {}, {}
        for part in parts:
            flags.update({flag.key: flag for flag in part.flags})
            segments.update({segment.key: segment for segment in part.segments})
            for key in part.removed_flags:
                flags.pop(key, None)
            for key in part.removed_segments:
                segments.pop(key, None)
        changes = [
            *_differences("flag", self.flags, flags),
            *_differences("segment", self.segments, segments),
        ]
        self.flags, self.segments = flags, segments
        return changes

    def forget_parts(self) -> None:
        """Drop the parts of a transfer whose stream broke off."""
        self._parts = []


def _differences(kind: str, old: Mapping[str, Definition], new: Mapping[str, Definition]) -> Iterator[Change]:
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if before != after:
            what, detail = _describe(before, after)
            yield Change(kind, key, what, detail, after)


def _describe(before: Definition | None, after: Definition | None) -> tuple[str, str]:
    if after is None:
        return "archived", ""
    if before is None:
        return "created", serve_text(after.fallthrough) if isinstance(after, flag_pb2.Flag) else ""
    if isinstance(before, flag_pb2.Flag) and isinstance(after, flag_pb2.Flag):
        return _describe_flag(before, after)
    return "changed", f"version {after.version}"


def _describe_flag(before: flag_pb2.Flag, after: flag_pb2.Flag) -> tuple[str, str]:
    if after.HasField("kill") and not before.HasField("kill"):
        return "killed", f"by {after.kill.by}: {after.kill.reason}"
    if before.HasField("kill") and not after.HasField("kill"):
        return "restored", "on" if after.on else "off"
    if before.on != after.on:
        return "switched on" if after.on else "switched off", f"version {after.version}"
    if before.fallthrough != after.fallthrough:
        return "changed", f"version {after.version}, now {serve_text(after.fallthrough)}"
    return "changed", f"version {after.version}"
