"""Calls of `track`, `identify` and `alias` as they wait and travel: serialised requests."""

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mirante.api.telemetry.v1 import event_pb2, identity_service_pb2
from mirante.client.version import CLIENT_VERSION
from mirante.telemetry.event import build_event, set_text
from mirante.telemetry.event_id import uuid7
from mirante.telemetry.intake import Raw
from mirante.telemetry.settings import MOST_EVENTS
from mirante.telemetry.values import LARGEST_EVENT, ValueWriter

if TYPE_CHECKING:
    from mirante.telemetry.spool.segment import Segment


class Kind(enum.IntEnum):
    """What a record is; also how it is written to disk."""

    EVENT = 1
    """`body` is an Event."""
    IDENTIFY = 2
    """`body` is an IdentifyRequest."""
    ALIAS = 3
    """`body` is an AliasRequest."""


@dataclass(slots=True, eq=False)
class Record:
    """
    One call on its way.

    `generation` tells `flush` what came before it. `segment` is the file that holds it, if one does. `most` is with how
    many others it may share a batch, itself included; less when batches that held it failed. `tries` counts the answers
    that told it to come again.
    """

    kind: Kind
    body: bytes
    generation: int = 0
    segment: "Segment | None" = None
    most: int = MOST_EVENTS
    tries: int = 0


class RecordMaker:
    """Makes messages of calls, on the sender's thread."""

    def __init__(self, environment: str, release: str) -> None:
        self._environment = environment
        name, _, version = CLIENT_VERSION.rpartition("/")
        self._context = event_pb2.EventContext(library=event_pb2.Library(name=name, version=version), release=release)
        self._makers = {Kind.EVENT: self._event, Kind.IDENTIFY: self._identify, Kind.ALIAS: self._alias}

    def make(self, raw: Raw) -> tuple[Kind, bytes]:
        """
        Return what is to be sent for a call.

        Raises:
            ValueError: no message can be made of it; the text names the field.
        """
        kind: Kind = raw[0]
        body = self._makers[kind](raw)
        if len(body) > LARGEST_EVENT:
            raise ValueError(f"{kind.name.lower()}: is larger than {LARGEST_EVENT} bytes")
        return kind, body

    def _event(self, raw: Raw) -> bytes:
        _, now_ns, name, properties, user_id, tenant, anonymous_id, session_id, occurred_at, event_id = raw
        event = build_event(
            name,
            properties,
            user_id=user_id,
            tenant=tenant,
            anonymous_id=anonymous_id,
            session_id=session_id,
            occurred_at=occurred_at,
            event_id=uuid7(now_ns // 1_000_000) if event_id is None else event_id,
            context=self._context,
        )
        if occurred_at is None:
            event.occurred_at.FromNanoseconds(now_ns)
        return event.SerializeToString()

    def _identify(self, raw: Raw) -> bytes:
        _, now_ns, user_id, traits, tenant, anonymous_id = raw
        request = identity_service_pb2.IdentifyRequest(environment=self._environment)
        set_text(request, "user_id", user_id)
        set_text(request, "tenant", tenant)
        set_text(request, "anonymous_id", anonymous_id)
        if traits:
            ValueWriter().set_fields(request.traits, traits, "traits")
        request.observed_at.FromNanoseconds(now_ns)
        return request.SerializeToString()

    def _alias(self, raw: Raw) -> bytes:
        _, _, anonymous_id, user_id, tenant = raw
        request = identity_service_pb2.AliasRequest(environment=self._environment)
        set_text(request, "anonymous_id", anonymous_id)
        set_text(request, "user_id", user_id)
        set_text(request, "tenant", tenant)
        return request.SerializeToString()


def name_of(record: Record) -> str:
    """Return what people call it: the event's name, "identify" or "alias"."""
    if record.kind is Kind.EVENT:
        return event_pb2.Event.FromString(record.body).name
    return record.kind.name.lower()


def anonymous_of(record: Record) -> tuple[str, str] | None:
    """Return tenant and anonymous id of an identity call; None when it joins none."""
    if record.kind is Kind.EVENT:
        return None
    request = (
        identity_service_pb2.IdentifyRequest if record.kind is Kind.IDENTIFY else identity_service_pb2.AliasRequest
    )
    message = request.FromString(record.body)
    return (message.tenant, message.anonymous_id) if message.anonymous_id else None
