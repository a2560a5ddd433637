"""The seam between the catalogue and the telemetry service's database."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2

from services.runtime.errors import Reason


@dataclass(frozen=True, slots=True)
class CatalogueHead:
    """Which catalogue an environment has. After a restore the same version may have another time."""

    environment: str
    version: int
    updated_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class CoverageCount:
    """How many events of one name had one outcome on one day of receipt (UTC). Columns of the table `coverage`."""

    day: datetime.date
    name: str
    outcome: int
    detail: str
    events: int


@dataclass(frozen=True, slots=True)
class DeadLetterRow:
    """A row of `dead_letters`. `event` is the serialised `Event`, `occurred_at` the corrected time that it
    keeps, and `digest` that of the event as it was sent.
    """

    id: UUID
    environment: str
    tenant: str
    subject: str
    name: str
    event_id: UUID
    reason: Reason
    field: str
    message: str
    definition_version: int
    event: bytes
    occurred_at: datetime.datetime
    time_marks: tuple[int, ...]
    digest: int
    received_at: datetime.datetime
    replayed_at: datetime.datetime | None


class CatalogueStore(Protocol):
    """Every method raises `Unavailable` when the database does not answer, and works again by itself afterwards."""

    async def heads(self) -> Sequence[CatalogueHead]:
        """Return the present catalogue's version of each environment that has one."""

    async def present(self, environment: str) -> pb2.Catalogue:
        """Return the present catalogue; an empty one of version 0 where there is none."""

    async def add(self, environment: str, catalogue: pb2.Catalogue, *, updated_by: str) -> pb2.Catalogue:
        """
        Make a catalogue the present one, and return it as it was stored.

        Its `version` is that of the catalogue it replaces. Of two that replace the same one, the first to commit wins.

        Raises:
            EtagMismatch: the present catalogue has another version.
        """


class CoverageReader(Protocol):
    """Raises `Unavailable` when the database does not answer."""

    async def coverage(self, environment: str, since: datetime.date) -> Sequence[CoverageCount]:
        """Return the counts from a day on, summed over shards."""


class DeadLetterReader(Protocol):
    """
    Raises `Unavailable` when the database does not answer.

    What is returned is bounded in bytes too, so it may be fewer than `most`; only none at all means that there are no
    more.
    """

    async def newest_first(
        self, environment: str, name: str, *, before: UUID | None, most: int, include_replayed: bool
    ) -> Sequence[DeadLetterRow]:
        """
        Return dead letters by id, descending.

        Args:
            environment: whose.
            name: of their events; empty for all.
            before: the id after which the page begins; None for the first page.
            most: how many.
            include_replayed: those too that a replay has stored.
        """

    async def waiting(
        self, environment: str, name: str, *, ids: Sequence[UUID], after: UUID, until: UUID, most: int
    ) -> Sequence[DeadLetterRow]:
        """
        Return dead letters that no replay has stored, by id, ascending.

        Args:
            environment: whose.
            name: of their events; empty for all.
            ids: only these; empty for all.
            after: ids above this one.
            until: ids up to this one.
            most: how many.
        """

    async def newest(self, environment: str) -> UUID | None:
        """Return the highest id; None when there are none."""
