"""Telemetry for tests: it goes nowhere, and can be looked at."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mirante.telemetry.status import TelemetryStatus

if TYPE_CHECKING:
    from mirante.telemetry.event import EventId


@dataclass(frozen=True, slots=True)
class Tracked:
    """
    A call of `track`, `identify` or `alias` (`kind`), with what it was given.

    `name` is the event's; `properties` are the traits of `identify`. What a call does not have is empty.
    """

    kind: str
    name: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)
    user_id: str = ""
    tenant: str = ""
    anonymous_id: str = ""
    session_id: str = ""
    occurred_at: datetime.datetime | None = None
    event_id: "EventId | None" = None


class RecordedCalls:
    """Telemetry that goes nowhere."""

    def __init__(self) -> None:
        self.tracked: list[Tracked] = []
        self._traits: dict[tuple[str, str], dict[str, Any]] = {}

    def track(
        self,
        name: str,
        properties: Mapping[str, Any] | None = None,
        *,
        user_id: str = "",
        tenant: str = "",
        anonymous_id: str = "",
        session_id: str = "",
        occurred_at: datetime.datetime | None = None,
        event_id: "EventId | None" = None,
    ) -> bool:
        """Put a `Tracked` into `tracked`; return True."""
        copied = dict(properties or {})
        self.tracked.append(
            Tracked("track", name, copied, user_id, tenant, anonymous_id, session_id, occurred_at, event_id)
        )
        return True

    def identify(
        self, user_id: str, traits: Mapping[str, Any] | None = None, *, tenant: str = "", anonymous_id: str = ""
    ) -> bool:
        """Put a `Tracked` into `tracked`, and let `traits` know them; return True."""
        copied = dict(traits or {})
        self.tracked.append(Tracked("identify", "", copied, user_id, tenant, anonymous_id))
        self._traits.setdefault((tenant, user_id), {}).update(copied)
        return True

    def alias(self, anonymous_id: str, user_id: str, *, tenant: str = "") -> bool:
        """Put a `Tracked` into `tracked`; return True."""
        self.tracked.append(Tracked("alias", "", {}, user_id, tenant, anonymous_id))
        return True

    def traits(self, user_id: str = "", tenant: str = "") -> dict[str, Any]:
        """Return what `identify` was told of the tenant and of the user; None removes a trait."""
        known = {**self._traits.get((tenant, ""), {}), **self._traits.get((tenant, user_id), {})}
        return {name: value for name, value in known.items() if value is not None}

    @property
    def telemetry_status(self) -> TelemetryStatus:
        """Everything counts as sent."""
        return TelemetryStatus(tracked=len(self.tracked), sent=len(self.tracked))
