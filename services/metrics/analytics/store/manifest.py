"""
The manifest: what the store of an environment holds at one moment. Pure.

It is a value: every change makes another one, which is written as a whole. Whoever reads one knows which files belong
together, how far the log is in them, and what of them must not be seen any more.
"""

import dataclasses
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

FORMAT: Final = 1
"""A store of another format is made anew from the log."""


class ManifestDamaged(Exception):
    """These bytes are no manifest of this version."""


@dataclass(frozen=True, slots=True)
class Part:
    """
    The rows of one tenant in a segment.

    Attributes:
        tenant: whose rows these are.
        start, rows: where they are in the segment, and how many.
        first_us, last_us: the least and the greatest event time, microseconds since 1970.
        first_actor, last_actor: the least and the greatest actor.
    """

    tenant: str
    start: int
    rows: int
    first_us: int
    last_us: int
    first_actor: int
    last_actor: int


@dataclass(frozen=True, slots=True)
class Segment:
    """
    One immutable file of rows, with the file of its keys beside it.

    Attributes:
        name: of the files, without their endings.
        month: of all event times, as months since year 0; None for rows that were not sorted into months yet.
        parts: the tenants in it, in the order of the file. Rows of a part are ordered by actor, time and position.
        file_rows: how many rows are in the file; those of no part must not be seen any more.
        properties: columns of properties in it, as in `PropertyColumn.column`.
        has_rest: whether there is a column `rest`.
        file_bytes, key_bytes: sizes of the files.
        made_us: when the oldest of its rows came into the store, microseconds since 1970.
    """

    name: str
    month: int | None
    parts: tuple[Part, ...]
    file_rows: int
    properties: tuple[str, ...] = ()
    has_rest: bool = False
    file_bytes: int = 0
    key_bytes: int = 0
    made_us: int = 0

    @property
    def rows(self) -> int:
        """How many rows belong to parts."""
        return sum(part.rows for part in self.parts)

    @property
    def owner(self) -> str | None:
        """The tenant of all rows of the file; None when there are several, or rows of no part."""
        whole = len(self.parts) == 1 and self.parts[0].rows == self.file_rows
        return self.parts[0].tenant if whole else None

    def of(self, tenant: str | None) -> Sequence[Part]:
        """Return the parts of a tenant; of all with None."""
        return self.parts if tenant is None else [part for part in self.parts if part.tenant == tenant]


@dataclass(frozen=True, slots=True)
class Manifest:
    """
    What the store holds.

    Attributes:
        build: this copy of the log; another build shares no files with it.
        term: of the writer: nobody with a lower one may publish any more.
        version: grows by one with every change.
        cursor: of the log, behind the last entry that is in.
        position: how many entries of the log are in.
        complete_us: everything that was committed to the log before is in, microseconds since 1970.
        at_end: whether the log had nothing more at that time.
        touched: by tenant, the position behind the last entry that concerned it.
        published_us: when this was published, by the writer's clock.
        segments: with all rows.
        merges: by tenant: of actors in segments, who they are now. Never a chain.
        erased: actors of whom no row may be seen, by tenant; they may still be in segments.
        forgets: grows whenever something was erased: what was made from an older one must not be kept.
        condemned: actors of whom no row is ever taken in again, by tenant.
        splits: by tenant: actors that were merged and are not any more, each with who they were taken for; rows in
            segments may still say so.
        unclear: whether only the log knows whose some rows are; then the store is made anew.
    """

    build: str
    term: int = 0
    version: int = 0
    cursor: bytes = b""
    position: int = 0
    complete_us: int = 0
    at_end: bool = False
    touched: Mapping[str, int] = field(default_factory=dict)
    published_us: int = 0
    segments: tuple[Segment, ...] = ()
    merges: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    erased: Mapping[str, frozenset[int]] = field(default_factory=dict)
    forgets: int = 0
    condemned: Mapping[str, frozenset[int]] = field(default_factory=dict)
    splits: Mapping[str, frozenset[tuple[int, int]]] = field(default_factory=dict)
    unclear: bool = False

    def changed(self, **changes: Any) -> "Manifest":
        """Return the next version, with these changes."""
        return dataclasses.replace(self, version=self.version + 1, **changes)


def encoded(manifest: Manifest) -> bytes:
    """Return a manifest as bytes that tell whether they are whole."""
    # Most segments have the same properties: each list of them is written once.
    properties = list(dict.fromkeys(segment.properties for segment in manifest.segments))
    numbers = {each: number for number, each in enumerate(properties)}
    document = {
        "build": manifest.build,
        "term": manifest.term,
        "version": manifest.version,
        "cursor": manifest.cursor.hex(),
        "position": manifest.position,
        "complete_us": manifest.complete_us,
        "at_end": manifest.at_end,
        "touched": manifest.touched,
        "published_us": manifest.published_us,
        "properties": properties,
        "segments": [_encoded_segment(segment, numbers[segment.properties]) for segment in manifest.segments],
        "merges": {tenant: list(pairs.items()) for tenant, pairs in manifest.merges.items()},
        "erased": {tenant: sorted(actors) for tenant, actors in manifest.erased.items()},
        "forgets": manifest.forgets,
        "condemned": {tenant: sorted(actors) for tenant, actors in manifest.condemned.items()},
        "unclear": manifest.unclear,
        "splits": {tenant: sorted(pairs) for tenant, pairs in manifest.splits.items()},
    }
    body = json.dumps(document, separators=(",", ":")).encode()
    return b"%d %08x\n" % (FORMAT, zlib.crc32(body)) + body


def decoded(content: bytes) -> Manifest:
    """
    Return the manifest in these bytes.

    Raises:
        ManifestDamaged: see there.
    """
    head, _, body = content.partition(b"\n")
    if head != b"%d %08x" % (FORMAT, zlib.crc32(body)):
        raise ManifestDamaged("the manifest is damaged, or of another version")
    document = json.loads(body)
    properties = [tuple(each) for each in document["properties"]]
    return Manifest(
        build=document["build"],
        term=document["term"],
        version=document["version"],
        cursor=bytes.fromhex(document["cursor"]),
        position=document["position"],
        complete_us=document["complete_us"],
        at_end=document["at_end"],
        touched=document["touched"],
        published_us=document["published_us"],
        segments=tuple(_decoded_segment(each, properties) for each in document["segments"]),
        merges={tenant: dict(pairs) for tenant, pairs in document["merges"].items()},
        erased={tenant: frozenset(actors) for tenant, actors in document["erased"].items()},
        forgets=document["forgets"],
        condemned={tenant: frozenset(actors) for tenant, actors in document["condemned"].items()},
        unclear=document["unclear"],
        splits={
            tenant: frozenset((actor, into) for actor, into in pairs) for tenant, pairs in document["splits"].items()
        },
    )


def _encoded_segment(segment: Segment, properties: int) -> list[Any]:
    parts = [
        [part.tenant, part.start, part.rows, part.first_us, part.last_us, part.first_actor, part.last_actor]
        for part in segment.parts
    ]
    return [
        segment.name,
        segment.month,
        parts,
        segment.file_rows,
        properties,
        segment.has_rest,
        segment.file_bytes,
        segment.key_bytes,
        segment.made_us,
    ]


def _decoded_segment(document: list[Any], known: list[tuple[str, ...]]) -> Segment:
    name, month, parts, file_rows, properties, has_rest, file_bytes, key_bytes, made_us = document
    return Segment(
        name=name,
        month=month,
        parts=tuple(Part(*part) for part in parts),
        file_rows=file_rows,
        properties=known[properties],
        has_rest=has_rest,
        file_bytes=file_bytes,
        key_bytes=key_bytes,
        made_us=made_us,
    )
