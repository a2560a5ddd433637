"""What a replica holds, as immutable data: one `Held` for each revision that it was brought to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

from mirante.api.flags.v1 import flag_pb2
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2
from mirante.evaluation.model import Flag, Segment
from mirante.replica.digest import digest_after, digest_term
from mirante.replica.references import Definition, References, affected_flags, flag_references, segment_references
from mirante.wire import flag_from_proto, segment_from_proto


class Stored(NamedTuple):
    """One definition: its version, and the serialised message."""

    version: int
    message: bytes


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two holdings, ready for `Ruleset.replaced`."""

    flags: tuple[Flag, ...]
    removed_flags: tuple[str, ...]
    segments: tuple[Segment, ...]
    removed_segments: tuple[str, ...]
    broken: Mapping[str, str]
    broken_segments: Mapping[str, str]
    affected: frozenset[str]

    def __bool__(self) -> bool:
        changed = self.flags or self.removed_flags or self.segments or self.removed_segments
        return bool(changed or self.broken or self.broken_segments)


@dataclass(frozen=True, slots=True)
class Held:
    """Definitions by kind and key, with the revision and resume token that go with them."""

    definitions: Mapping[Definition, Stored] = field(default_factory=dict)
    references: References = field(default_factory=dict)
    revision: int = 0
    lineage: str = ""
    resume_token: bytes = b""
    digest: int = 0

    def at(self, end: sync_pb2.Transfer) -> "Held":
        """Return the same definitions at the revision that the last part of a transfer names."""
        return replace(self, revision=end.revision, lineage=end.lineage, resume_token=end.resume_token)

    def changed(
        self, named: Mapping[Definition, flag_pb2.Flag | flag_pb2.Segment], removed: Iterable[Definition]
    ) -> tuple["Held", Difference]:
        """Return what is held with `named` put in and `removed` taken out, and what that makes different."""
        new = {definition: _stored(message) for definition, message in named.items()}
        new = {definition: stored for definition, stored in new.items() if self.definitions.get(definition) != stored}
        gone = [definition for definition in removed if definition in self.definitions]
        definitions, references = dict(self.definitions), dict(self.references)
        without = [
            digest_term(*definition, definitions.pop(definition).version)
            for definition in [*gone, *new]
            if definition in definitions
        ]
        definitions.update(new)
        flags, segments, broken, broken_segments = _models(named[definition] for definition in new)
        for definition in [*gone, *new]:
            references.pop(definition, None)
        references.update({("flag", flag.key): flag_references(flag) for flag in flags})
        references.update({("segment", segment.key): segment_references(segment) for segment in segments})
        difference = Difference(
            flags,
            tuple([key for kind, key in gone if kind == "flag"]),
            segments,
            tuple([key for kind, key in gone if kind == "segment"]),
            broken,
            broken_segments,
            affected_flags([*gone, *new], references),
        )
        plus = [digest_term(*definition, stored.version) for definition, stored in new.items()]
        digest = digest_after(self.digest, without=without, plus=plus)
        held = Held(
            definitions,
            {definition: names for definition, names in references.items() if names},
            self.revision,
            self.lineage,
            self.resume_token,
            digest,
        )
        return held, difference

    def transfer(self) -> sync_pb2.Transfer:
        """Return one transfer that brings an empty replica here."""
        message = sync_pb2.Transfer(
            intent=sync_pb2.TRANSFER_INTENT_FULL,
            revision=self.revision,
            lineage=self.lineage,
            resume_token=self.resume_token,
            digest=self.digest,
        )
        for (kind, _key), stored in self.definitions.items():
            (message.flags if kind == "flag" else message.segments).add().MergeFromString(stored.message)
        return message


def _stored(message: flag_pb2.Flag | flag_pb2.Segment) -> Stored:
    # Maps have no order on the wire: equal definitions must be equal bytes.
    return Stored(message.version, message.SerializeToString(deterministic=True))


def _models(
    messages: Iterable[flag_pb2.Flag | flag_pb2.Segment],
) -> tuple[tuple[Flag, ...], tuple[Segment, ...], Mapping[str, str], Mapping[str, str]]:
    """Return what can be read, and by key why a flag or segment, of a newer version for instance, cannot."""
    flags: list[Flag] = []
    segments: list[Segment] = []
    broken: dict[str, str] = {}
    broken_segments: dict[str, str] = {}
    for message in messages:
        if isinstance(message, flag_pb2.Flag):
            try:
                flags.append(flag_from_proto(message))
            except ValueError as error:
                broken[message.key] = str(error)
        else:
            try:
                segments.append(segment_from_proto(message))
            except ValueError as error:
                broken_segments[message.key] = str(error)
    return tuple(flags), tuple(segments), MappingProxyType(broken), MappingProxyType(broken_segments)
