"""Catalogues and coverage in Postgres."""

import datetime
from collections.abc import Sequence
from typing import Final

import asyncpg
from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2

from services.runtime.errors import EtagMismatch
from services.runtime.postgres.pool import PostgresPool
from services.telemetry.catalogue.store import CatalogueHead, CoverageCount

_HEADS: Final = """
    SELECT DISTINCT ON (environment) environment, version, updated_at
    FROM catalogue_versions ORDER BY environment, version DESC
"""
_PRESENT: Final = """
    SELECT version, catalogue, updated_by, updated_at
    FROM catalogue_versions WHERE environment = $1 ORDER BY version DESC LIMIT 1
"""
# Two that replace the same version want the same next one, which the primary key gives to one of them.
_ADD: Final = """
    INSERT INTO catalogue_versions (environment, version, catalogue, updated_by)
    SELECT $1, $2 + 1, $3, $4
    WHERE $2 = (SELECT coalesce(max(version), 0) FROM catalogue_versions WHERE environment = $1)
    ON CONFLICT DO NOTHING
    RETURNING version, catalogue, updated_by, updated_at
"""
_COVERAGE: Final = """
    SELECT day, name, outcome, detail, sum(events)::bigint AS events
    FROM coverage WHERE environment = $1 AND day >= $2
    GROUP BY day, name, outcome, detail
"""


class PostgresCatalogues:
    """The `CatalogueStore` and `CoverageReader` on Postgres."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def heads(self) -> Sequence[CatalogueHead]:
        """See `CatalogueStore`."""
        async with self._pool.connection() as connection:
            return [CatalogueHead(*row) for row in await connection.fetch(_HEADS)]

    async def present(self, environment: str) -> pb2.Catalogue:
        """See `CatalogueStore`."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(_PRESENT, environment)
        return pb2.Catalogue(policy=pb2.POLICY_OPEN) if row is None else _catalogue(row)

    async def add(self, environment: str, catalogue: pb2.Catalogue, *, updated_by: str) -> pb2.Catalogue:
        """See `CatalogueStore`."""
        content = pb2.Catalogue(policy=catalogue.policy, events=catalogue.events)
        serialised = content.SerializeToString(deterministic=True)
        async with self._pool.transaction() as connection:
            row = await connection.fetchrow(_ADD, environment, catalogue.version, serialised, updated_by)
        if row is None:
            raise EtagMismatch("somebody else changed the catalogue meanwhile: look at it, and import again")
        return _catalogue(row)

    async def coverage(self, environment: str, since: datetime.date) -> Sequence[CoverageCount]:
        """See `CoverageReader`."""
        async with self._pool.connection() as connection:
            return [CoverageCount(*row) for row in await connection.fetch(_COVERAGE, environment, since)]


def _catalogue(row: asyncpg.Record) -> pb2.Catalogue:
    catalogue = pb2.Catalogue.FromString(row["catalogue"])
    catalogue.version = row["version"]
    catalogue.updated_by = row["updated_by"]
    catalogue.updated_at.FromDatetime(row["updated_at"])
    return catalogue
