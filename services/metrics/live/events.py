"""Events off the wire, with what the live metrics look at in every one of them by columns. Pure."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from mirante.api.telemetry.v1 import event_pb2

from services.metrics.analytics.store.keys import Integers
from services.metrics.analytics.store.wire.buffer import Buffer, Flags, Places
from services.metrics.analytics.store.wire.decoding import times
from services.metrics.analytics.store.wire.fields import Fields
from services.metrics.analytics.store.wire.frames import Frames
from services.metrics.live.plan import Properties

_STORED: Final = {name: field.number for name, field in event_pb2.StoredEvent.DESCRIPTOR.fields_by_name.items()}
_EVENT: Final = {name: field.number for name, field in event_pb2.Event.DESCRIPTOR.fields_by_name.items()}
_MINUTE_US: Final = 60_000_000

Codes = npt.NDArray[np.int64]


class Events:
    """
    Events in the order of the log.

    Attributes:
        tenants, names, actors: the different ones; an actor is an id, empty for nobody.
        tenant, name, actor: of each event, the index in those.
        occurred, committed: the minute in which each happened, and in which it was committed.
        received: the latter, but of imported events the former.
        odd: whether an event is encoded in an unusual way: of such a one nothing else is right.
    """

    def __init__(self, frames: Frames) -> None:
        self._content = frames.content
        self._starts, self._ends = frames.starts, frames.ends
        buffer = Buffer(frames.content)
        starts = np.array(frames.starts, np.int64)
        stored = Fields(buffer, starts, np.array(frames.ends, np.int64))
        event_at, event_size = stored.bytes(_STORED["event"], once=True)
        event_end = event_at + np.maximum(event_size, 0)
        self._events = event_at.tolist(), event_end.tolist()
        event = Fields(buffer, event_at, event_end)
        occurred, odd_occurred = times(buffer, *stored.bytes(_STORED["occurred_at"], once=True))
        committed, odd_committed = times(buffer, *stored.bytes(_STORED["received_at"], once=True))
        imported = stored.varints(_STORED["imported"], buffer) != 0
        self.occurred: Integers = occurred // _MINUTE_US
        self.committed: Integers = committed // _MINUTE_US
        self.received: Integers = np.where(imported, self.occurred, self.committed)
        self.actors, self.actor = _coded(buffer, *stored.bytes(_STORED["actor_id"]))
        tenants, self.tenant = _coded(buffer, *event.bytes(_EVENT["tenant"]))
        names, self.name = _coded(buffer, *event.bytes(_EVENT["name"]))
        self._id_at, self._id_size = event.bytes(_EVENT["id"])
        self.odd: Flags = stored.odd | event.odd | odd_occurred | odd_committed
        self.tenants = [_text(each) for each in tenants]
        self.names = [_text(each) for each in names]

    def __len__(self) -> int:
        return len(self._starts)

    def stored(self, at: int) -> event_pb2.StoredEvent:
        """Return a whole event. Raises DecodeError when it is none."""
        return event_pb2.StoredEvent.FromString(self._content[self._starts[at] : self._ends[at]])

    def properties(self, at: int) -> Properties:
        """Return the properties of an event that is not odd. Raises DecodeError when it is none."""
        starts, ends = self._events
        return event_pb2.Event.FromString(self._content[starts[at] : ends[at]]).properties

    def ids(self) -> list[bytes]:
        """Return the ids of all events."""
        content, size = self._content, np.maximum(self._id_size, 0)
        starts, ends = self._id_at.tolist(), (self._id_at + size).tolist()
        ids = [content[start:end] for start, end in zip(starts, ends, strict=True)]
        for at in np.flatnonzero(self.odd).tolist():
            ids[at] = self.stored(at).event.id
        return ids


def _coded(buffer: Buffer, at: Places, size: Places) -> tuple[Sequence[bytes], Codes]:
    encoded = buffer.stretches(at, np.maximum(size, 0))
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy().astype(np.int64)


def _text(content: bytes) -> str:
    return content.decode(errors="replace")
