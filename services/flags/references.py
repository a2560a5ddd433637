"""Whether the definitions of an environment are sound together. Remembers them, and reads only what changed since."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from mirante.api.flags.v1 import flag_pb2
from mirante.evaluation import Flag, Segment, validate_references
from mirante.evaluation.model import Condition, Operator, Violation
from mirante.wire import flag_from_proto, segment_from_proto

from services.flags.definition_checks import refuse
from services.flags.store import Entry, Kind
from services.flags.store.definitions import Change
from services.flags.store.records import Definition, kind_of, parsed_flag, parsed_segment
from services.runtime.errors import StateConflict

MOST_DEFINITIONS: Final = 20_000
MOST_BYTES: Final = 64 * 1024 * 1024
"""Of all definitions of one environment: every subscriber holds them all in memory."""
_MOST_ENVIRONMENTS: Final = 16


@dataclass(frozen=True, slots=True)
class Known:
    """The live definitions of an environment as of a revision."""

    lineage: str = ""
    revision: int = 0
    flags: Mapping[str, Flag] = field(default_factory=dict)
    segments: Mapping[str, Segment] = field(default_factory=dict)

    def after(self, entries: Iterable[Entry], *, lineage: str, revision: int) -> "Known":
        """Return what is known once these entries are."""
        flags, segments = dict(self.flags), dict(self.segments)
        for entry in entries:
            try:
                if entry.kind is Kind.FLAG:
                    flags.pop(entry.key, None)
                    if not entry.archived:
                        flags[entry.key] = flag_from_proto(parsed_flag(entry))
                else:
                    segments.pop(entry.key, None)
                    if not entry.archived:
                        segments[entry.key] = segment_from_proto(parsed_segment(entry))
            except ValueError:
                continue  # written by a newer version: nothing here can refer to it
        return Known(lineage, revision, flags, segments)

    def violations(self, definitions: Collection[Definition], removed: Collection[tuple[Kind, str]]) -> list[Violation]:
        """Return what would be wrong in the whole environment once these are there and those are gone."""
        flags, segments = dict(self.flags), dict(self.segments)
        for kind, key in removed:
            (flags if kind is Kind.FLAG else segments).pop(key, None)
        for definition in definitions:
            if isinstance(definition, flag_pb2.Flag):
                flags[definition.key] = flag_from_proto(definition)
            else:
                segments[definition.key] = segment_from_proto(definition)
        found = validate_references(flags, segments)
        if found:
            # What was wrong before, because a newer version wrote it, is no fault of this change.
            own = tuple([f"{kind_of(each).value}s[{each.key}]." for each in definitions])
            before = set(validate_references(self.flags, self.segments))
            found = [each for each in found if each.field.startswith(own) or each not in before]
        return found

    def count_with(self, definitions: Iterable[Definition]) -> int:
        """Return how many flags and segments there would be."""
        keys = {(Kind.FLAG, key) for key in self.flags} | {(Kind.SEGMENT, key) for key in self.segments}
        return len(keys | {(kind_of(each), each.key) for each in definitions})

    def users(self, kind: Kind, key: str) -> list[str]:
        """Return who needs this flag or segment, as "flag a" and "segment b"."""
        if kind is Kind.FLAG:
            return [
                f"flag {flag.key}"
                for flag in self.flags.values()
                if any(needed.flag_key == key for needed in flag.prerequisites)
            ]
        return [
            f"flag {flag.key}"
            for flag in self.flags.values()
            if any(_names(rule.conditions, key) for rule in flag.rules)
        ] + [
            f"segment {segment.key}"
            for segment in self.segments.values()
            if any(_names(conditions, key) for conditions in segment.rules)
        ]


class References:
    """Checks changes against the whole environment, within the change, so that nothing moves meanwhile."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}

    async def require_sound(self, change: Change, *definitions: Definition) -> None:
        """
        Raise `InvalidRequest` if something refers to what is not there, or in a circle, once these are written.

        What is wrong with the one definition given is named "flag.…" or "segment.…", anything else by its key.

        Raises:
            StateConflict: there would be more definitions than an environment may have.
        """
        known = await self.known(change)
        refuse([_local(each, definitions) for each in await asyncio.to_thread(known.violations, definitions, ())])
        require_room(known.count_with(definitions), await change.size() + sum(each.ByteSize() for each in definitions))

    async def known(self, change: Change) -> Known:
        """Return the definitions as the change found them."""
        head = change.head
        known = self._known.pop(head.key, Known())
        if known.lineage != head.lineage or known.revision > head.revision:
            known = Known()
        entries = await change.entries_since(known.revision)
        # Off the loop: the first time these may be thousands.
        known = await asyncio.to_thread(known.after, entries, lineage=head.lineage, revision=head.revision)
        self._known[head.key] = known
        while len(self._known) > _MOST_ENVIRONMENTS:
            del self._known[next(iter(self._known))]
        return known


def require_room(count: int, size: int) -> None:
    """Raise `StateConflict` if an environment cannot have so many flags and segments, of so many bytes together."""
    if count > MOST_DEFINITIONS:
        raise StateConflict(
            f"an environment may have {MOST_DEFINITIONS} flags and segments at most", metadata={"state": "full"}
        )
    if size > MOST_BYTES:
        raise StateConflict(
            f"the definitions of an environment may have {MOST_BYTES} bytes at most", metadata={"state": "full"}
        )


def _local(violation: Violation, definitions: Collection[Definition]) -> Violation:
    """Name the field as the caller of one definition does."""
    if len(definitions) != 1:
        return violation
    (definition,) = definitions
    kind = kind_of(definition).value
    own = f"{kind}s[{definition.key}]."
    if violation.field.startswith(own):
        return Violation(f"{kind}.{violation.field.removeprefix(own)}", violation.description)
    return violation


def _names(conditions: Iterable[Condition], segment_key: str) -> bool:
    return any(each.operator is Operator.IN_SEGMENT and segment_key in each.values for each in conditions)
