"""
What experiments need of other services: flags, the catalogue of events, rollout plans.

Calls that change something are made in the name of whoever asked for it, and in their role.
"""

from collections.abc import Mapping
from typing import Protocol

from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import flag_pb2, rollout_pb2
from mirante.api.telemetry.v1 import catalogue_service_pb2 as catalogue_pb2

from services.runtime.access import Caller


class Flags(Protocol):
    """Flags. All methods raise the `ServiceError` that the flag service answers, `Unavailable` without an answer."""

    async def get(self, environment: str, key: str) -> flags_pb2.FlagRecord:
        """Return a flag; raise `NotFound`."""

    async def update(
        self, environment: str, flag: flag_pb2.Flag, *, etag: str, comment: str, caller: Caller
    ) -> flags_pb2.FlagRecord:
        """Replace a flag; raise `EtagMismatch` when it was changed since it was read."""


class Rollouts(Protocol):
    """Rollout plans; raises as `Flags` does."""

    async def ship(self, environment: str, plan: rollout_pb2.RolloutPlan, *, template: str, caller: Caller) -> str:
        """
        Make a plan with the stages of a template and start it, unless it is under way; return its id.

        One that cannot start is deleted. Raise `StateConflict` when the flag has another one.
        """

    async def under_way(self, environment: str, flag_key: str) -> str:
        """Return the id of a plan of a flag that is under way; empty when there is none."""


class Catalogue(Protocol):
    """The catalogue of events; raises as `Flags` does."""

    async def events(self, environment: str) -> Mapping[str, catalogue_pb2.EventDefinition]:
        """Return the events that are declared, by name."""
