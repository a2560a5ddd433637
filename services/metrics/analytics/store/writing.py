"""Takes the log in: what is read becomes a segment, and appears together with the cursor. Blocking."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from google.protobuf.message import DecodeError
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2

from services.metrics.analytics.store.changes import all_applied, tenant_of
from services.metrics.analytics.store.manifest import Manifest, Segment
from services.metrics.analytics.store.publishing import Publisher
from services.metrics.analytics.store.rows import sorted_rows, with_few_properties, with_people
from services.metrics.analytics.store.schema import TENANT
from services.metrics.analytics.store.segment_files import write_segment
from services.metrics.analytics.store.wire.decoding import decoded
from services.metrics.analytics.store.wire.frames import Frames, frames_of


class LogUnreadable(Exception):
    """What the log streamed are no responses of `FollowEvents`."""


@dataclass(frozen=True, slots=True)
class Taken:
    """
    What the log streamed, taken apart.

    Attributes:
        rows: of events, as `decoded` returns them, with who is who as far as that is said; in the order of the log.
        frames: all entries.
        after: what the entries that are not events make of the manifest.
        unreadable: events that could not be decoded and were left out.
    """

    rows: Any
    frames: Frames
    after: Manifest
    unreadable: int


def taken(manifest: Manifest, responses: Sequence[bytes]) -> Taken:
    """
    Take serialised responses apart, which follow what a manifest holds.

    Raises:
        LogUnreadable: see there.
    """
    try:
        frames = frames_of(responses)
    except DecodeError as error:
        raise LogUnreadable(str(error)) from None
    found = decoded(frames, manifest.position)
    after = _after(manifest, frames.others)
    rows = _kept(found.table, frames, manifest.position)
    return Taken(with_people(rows, after.merges, after.condemned), frames, after, found.unreadable)


class LogIntake:
    """
    Writes what the log streams, some responses at a time.

    Args:
        publisher: of the build.
        clock: seconds since 1970.

    Attributes:
        unreadable: events that could not be decoded and were left out.
        rows: that were written.
    """

    def __init__(self, publisher: Publisher, clock: Callable[[], float]) -> None:
        self._publisher = publisher
        self._clock = clock
        self.unreadable = 0
        self.rows = 0

    def take(self, responses: Sequence[bytes]) -> Manifest:
        """
        Take serialised responses in, which follow those before; return the manifest in which they are.

        Raises:
            LogUnreadable: see there.
            Deposed: another process writes the store now.
            OSError: it cannot be written.
        """
        # Of what another thread changes meanwhile, nothing matters here: who is who is said by the log alone.
        found = taken(self._publisher.manifest, responses)
        segment = self._written(found.rows) if found.rows.num_rows else None
        published = self._publisher.publish(lambda before: self._next(before, found.frames, segment))
        self.unreadable += found.unreadable
        self.rows += found.rows.num_rows
        return published

    def _written(self, rows: Any) -> Segment:
        rows = sorted_rows(with_few_properties(rows))
        segment = write_segment(self._publisher.folder, self._publisher.new_name(), rows, None)
        return replace(segment, made_us=int(self._clock() * 1_000_000))

    def _next(self, before: Manifest, frames: Frames, segment: Segment | None) -> Manifest:
        after = _after(before, frames.others)
        return replace(
            after,
            segments=after.segments if segment is None else (*after.segments, segment),
            cursor=frames.cursor,
            position=before.position + frames.entries,
            complete_us=max(before.complete_us, frames.complete_us),
            at_end=frames.at_end,
            touched=_touched(before, frames, segment),
        )


def _touched(before: Manifest, frames: Frames, segment: Segment | None) -> Mapping[str, int]:
    tenants = {part.tenant for part in segment.parts} if segment is not None else set()
    tenants |= {tenant_of(entry) for _, entry in frames.others}
    if not tenants:
        return before.touched
    return {**before.touched, **dict.fromkeys(tenants, before.position + frames.entries)}


def _after(manifest: Manifest, others: Sequence[tuple[int, log_pb2.LogEntry]]) -> Manifest:
    return all_applied(manifest, [entry for _, entry in others])


def _kept(rows: Any, frames: Frames, position: int) -> Any:
    """Return rows without those that stand before the erasure of their tenant."""
    erasures = [
        (ordinal, entry.tenant_erasure.tenant)
        for ordinal, entry in frames.others
        if entry.WhichOneof("kind") == "tenant_erasure"
    ]
    for ordinal, tenant in erasures:
        before = pa.array(rows["position"].to_numpy() < position + ordinal)
        theirs = pc.equal(rows[TENANT].cast(pa.string()), tenant)
        rows = rows.filter(pc.invert(pc.and_(before, theirs)))
    return rows
