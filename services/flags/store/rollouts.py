"""The seam through which rollout plans are kept."""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from mirante.api.flags.v1 import rollout_guard_pb2, rollout_pb2

from services.flags.rollouts.model import State
from services.flags.rollouts.records import Happening, StoredReport, StoredRollout


@dataclass(frozen=True, slots=True)
class Watched:
    """A plan that may go on by itself, its newest report, and how its flag is; the version is 0 without a flag."""

    rollout: StoredRollout
    report: StoredReport | None
    flag_version: int


class RolloutChange(Protocol):
    """Plans within a change of their environment: nobody else changes them meanwhile. See `Change`."""

    async def find(self, rollout_id: str) -> StoredRollout | None:
        """Return a plan of the environment."""

    async def started(self, flag_key: str) -> StoredRollout | None:
        """Return the plan of a flag that is started and may still change it."""

    async def report(self, rollout_id: str) -> StoredReport | None:
        """Return the newest report of a plan's guards."""

    async def drafts(self, flag_key: str) -> int:
        """Return how many drafts a flag has."""

    def put(self, rollout: StoredRollout, happening: Happening | None, *, at: datetime.datetime) -> StoredRollout:
        """
        Store a plan, and return it as it will be: with something happening its version grows by one.

        Only with nothing happening may its progress alone differ from what is stored.
        """

    def remove(self, rollout_id: str) -> None:
        """Remove a plan and all that is known of it."""


class RolloutStore(Protocol):
    """
    Rollout plans. Every method raises `Unavailable` when the database does not answer.
    """

    async def find(self, environment: str, rollout_id: str) -> tuple[StoredRollout, StoredReport | None] | None:
        """Return a plan with the newest report of its guards."""

    async def events(self, rollout_id: str, limit: int) -> Sequence[rollout_pb2.RolloutEvent]:
        """Return at most `limit` things that happened to a plan, newest first."""

    async def page(
        self,
        environment: str,
        *,
        flag_key: str,
        states: Collection[State],
        before: tuple[datetime.datetime, str] | None,
        limit: int,
    ) -> Sequence[tuple[StoredRollout, StoredReport | None]]:
        """Return at most `limit` plans, newest first, with `before` those made before; empty filters filter nothing."""

    async def watched(self) -> Sequence[Watched]:
        """Return all plans of all environments that may go on by themselves."""

    async def report(
        self, environment: str, rollout_id: str, step: int, message: rollout_guard_pb2.GuardReport
    ) -> bool:
        """Store a report; return whether it was of the plan's present step, and was taken."""
