"""Puts events into the table, in the caller's transaction."""

import datetime
import time
import uuid
from collections.abc import Callable, Mapping

from mirante.api.telemetry.v1 import event_pb2
from mirante.client.version import CLIENT_VERSION
from mirante.outbox.checks import refuse_invalid
from mirante.outbox.executing import execute, execute_async
from mirante.outbox.table import ADD
from mirante.telemetry.event import EventId, PropertyValue, build_event, uuid7


class Outbox:
    """
    Adds events to `mirante_outbox`. Holds no connection and no state; any thread may use it.

    An event is what it is from that call on: its id and its time are fixed, so that it counts once however often it is
    delivered. `release` of the application travels with it, for instance a commit.
    """

    def __init__(self, *, release: str = "", now_ns: Callable[[], int] = time.time_ns) -> None:
        name, _, version = CLIENT_VERSION.rpartition("/")
        self._context = event_pb2.EventContext(library=event_pb2.Library(name=name, version=version), release=release)
        self._now_ns = now_ns

    def add(
        self,
        connection: object,
        name: str,
        properties: Mapping[str, PropertyValue] | None = None,
        *,
        tenant: str = "",
        user_id: str = "",
        anonymous_id: str = "",
        session_id: str = "",
        occurred_at: datetime.datetime | None = None,
        event_id: EventId | None = None,
    ) -> uuid.UUID:
        """
        Insert an event in the transaction that is open on `connection`, and return its id.

        Args:
            connection: a DB-API connection or cursor (psycopg, psycopg2, pg8000, Django), or a connection or session of
                SQLAlchemy. It must not be in autocommit mode, or the event stands alone.
            name: what happened.
            properties: as of `Mirante.track`. Money is a Decimal beside its currency.
            tenant: the customer company.
            user_id: who did it, if known.
            anonymous_id: of the browser or device, if known.
            session_id: if known.
            occurred_at: when, if it was not just now.
            event_id: a UUIDv7 of your own; the same one twice violates the table's key.

        Raises:
            ValueError: the service would never take it; the text begins with the field, such as "properties.valor".
                Nothing was inserted.
            TypeError: `connection` is something else.
        """
        event = self._event(
            name,
            properties,
            tenant=tenant,
            user_id=user_id,
            anonymous_id=anonymous_id,
            session_id=session_id,
            occurred_at=occurred_at,
            event_id=event_id,
        )
        added = uuid.UUID(bytes=event.id)
        execute(connection, ADD, (str(added), event.SerializeToString()))
        return added

    async def add_async(
        self,
        connection: object,
        name: str,
        properties: Mapping[str, PropertyValue] | None = None,
        *,
        tenant: str = "",
        user_id: str = "",
        anonymous_id: str = "",
        session_id: str = "",
        occurred_at: datetime.datetime | None = None,
        event_id: EventId | None = None,
    ) -> uuid.UUID:
        """As `add`, on a connection of asyncpg, or psycopg's or SQLAlchemy's asynchronous ones."""
        event = self._event(
            name,
            properties,
            tenant=tenant,
            user_id=user_id,
            anonymous_id=anonymous_id,
            session_id=session_id,
            occurred_at=occurred_at,
            event_id=event_id,
        )
        added = uuid.UUID(bytes=event.id)
        await execute_async(connection, ADD, (str(added), event.SerializeToString()))
        return added

    def _event(
        self,
        name: str,
        properties: Mapping[str, PropertyValue] | None,
        *,
        tenant: str,
        user_id: str,
        anonymous_id: str,
        session_id: str,
        occurred_at: datetime.datetime | None,
        event_id: EventId | None,
    ) -> event_pb2.Event:
        now_ns = self._now_ns()
        event = build_event(
            name,
            properties,
            tenant=tenant,
            user_id=user_id,
            anonymous_id=anonymous_id,
            session_id=session_id,
            occurred_at=occurred_at,
            event_id=uuid7(now_ns // 1_000_000) if event_id is None else event_id,
            context=self._context,
        )
        if occurred_at is None:
            event.occurred_at.FromNanoseconds(now_ns)
        refuse_invalid(event)
        return event
