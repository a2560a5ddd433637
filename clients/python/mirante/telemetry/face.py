"""What the client offers for telemetry, blocking and asyncio alike."""

import datetime
import time
from collections.abc import Mapping
from typing import Protocol

from mirante.evaluation.model import JsonValue
from mirante.telemetry.event import EventId, PropertyValue
from mirante.telemetry.intake import Raw
from mirante.telemetry.ledger import Ledger
from mirante.telemetry.records import Kind
from mirante.telemetry.status import TelemetryStatus

_now_ns = time.time_ns
_EVENT, _IDENTIFY, _ALIAS = Kind.EVENT, Kind.IDENTIFY, Kind.ALIAS


class Recorder(Protocol):
    """What takes the calls: `Telemetry`, or `NoTelemetry`."""

    @property
    def status(self) -> TelemetryStatus:
        """The counters."""

    def put(self, raw: Raw) -> bool:
        """Take a call; return whether it was taken."""

    def refuse_invalid(self) -> bool:
        """Count a call that could not even be taken; return False."""

    def traits(self, user_id: str, tenant: str) -> dict[str, JsonValue]:
        """Return traits, blocking."""

    async def traits_async(self, user_id: str, tenant: str) -> dict[str, JsonValue]:
        """Return traits."""

    def flush(self, timeout: float) -> int:
        """Wait, and return how many are left."""

    def flush_to_spool(self, timeout: float) -> bool:
        """Wait, and return whether everything is on disk."""

    def close(self) -> None:
        """Deliver the rest, and end."""


class NoTelemetry:
    """Stands in where no telemetry service is configured: takes nothing, and counts what it was asked."""

    def __init__(self) -> None:
        self._ledger = Ledger()

    @property
    def status(self) -> TelemetryStatus:
        """See `Recorder`."""
        return self._ledger.status()

    def put(self, _raw: Raw) -> bool:
        """See `Recorder`."""
        with self._ledger.lock:
            self._ledger.disabled += 1
        return False

    def refuse_invalid(self) -> bool:
        """See `Recorder`."""
        return self.put(())

    def traits(self, _user_id: str, _tenant: str) -> dict[str, JsonValue]:
        """See `Recorder`."""
        return {}

    async def traits_async(self, _user_id: str, _tenant: str) -> dict[str, JsonValue]:
        """See `Recorder`."""
        return {}

    def flush(self, _timeout: float) -> int:
        """See `Recorder`."""
        return 0

    def flush_to_spool(self, _timeout: float) -> bool:
        """See `Recorder`."""
        return False

    def close(self) -> None:
        """See `Recorder`."""


class TelemetryFace:
    """
    `track` and its like. None of them ever raises, waits for anything or does I/O.

    They take the time, and copy properties and traits one level deep; what these hold must not be changed afterwards.
    Everything else happens on a thread of the client, which sends in the order of the calls.
    """

    _telemetry: Recorder

    def track(
        self,
        name: str,
        properties: Mapping[str, PropertyValue] | None = None,
        *,
        user_id: str = "",
        tenant: str = "",
        anonymous_id: str = "",
        session_id: str = "",
        occurred_at: datetime.datetime | None = None,
        event_id: EventId | None = None,
    ) -> bool:
        """
        Record that something happened; return whether it was taken.

        False: there is no room, the client is closed, or no telemetry service is configured. Whether an event that was
        taken can be sent shows in `telemetry_status`. Money is a Decimal beside its currency.
        """
        try:
            copied = None if properties is None else dict(properties)
            return self._telemetry.put(
                (_EVENT, _now_ns(), name, copied, user_id, tenant, anonymous_id, session_id, occurred_at, event_id)
            )
        except Exception:  # noqa: BLE001 - tracking never raises
            return self._telemetry.refuse_invalid()

    def identify(
        self,
        user_id: str,
        traits: Mapping[str, PropertyValue] | None = None,
        *,
        tenant: str = "",
        anonymous_id: str = "",
    ) -> bool:
        """
        Set traits of a user or, with an empty `user_id`, of the tenant; return whether that was taken.

        An anonymous id that comes with a user id is joined to that user.
        """
        try:
            copied = None if traits is None else dict(traits)
            return self._telemetry.put((_IDENTIFY, _now_ns(), user_id, copied, tenant, anonymous_id))
        except Exception:  # noqa: BLE001 - tracking never raises
            return self._telemetry.refuse_invalid()

    def alias(self, anonymous_id: str, user_id: str, *, tenant: str = "") -> bool:
        """Join an anonymous id to a user; return whether that was taken."""
        return self._telemetry.put((_ALIAS, _now_ns(), anonymous_id, user_id, tenant))

    def traits(self, user_id: str = "", tenant: str = "") -> dict[str, JsonValue]:
        """
        Return the traits of the tenant and of the user, to be put into an evaluation context.

        Blocks until the service answers or the deadline passes; empty when it does not answer.
        """
        return self._telemetry.traits(user_id, tenant)

    @property
    def telemetry_status(self) -> TelemetryStatus:
        """What became of everything that was tracked."""
        return self._telemetry.status
