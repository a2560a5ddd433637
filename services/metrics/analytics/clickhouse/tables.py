"""The tables in ClickHouse: which there are, and how far the log is in them. Blocking."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa

from services.metrics.analytics.clickhouse.server import ClickHouseServer
from services.metrics.analytics.reports.clickhouse import TABLE
from services.metrics.analytics.reports.dialects import ClickHouseDialect
from services.metrics.analytics.store.manifest import Manifest, ManifestDamaged, decoded, encoded

BUILDS: Final = "mirante_builds"

_CREATE: Final = f"""
CREATE TABLE IF NOT EXISTS {BUILDS} (
    environment String, build String, version UInt64, live_since UInt64, manifest String
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (environment, build)
"""
_quoted: Final = ClickHouseDialect().literal


@dataclass(frozen=True, slots=True)
class Build:
    """
    One copy of an environment's log.

    Attributes:
        environment: its key.
        manifest: how far the log is in it, and whom there must be no row of; it names no segments.
        version: grows with every batch.
        live_since: when it had caught up with the log for the first time, and answers since; microseconds since 1970, 0
            before.
    """

    environment: str
    manifest: Manifest
    version: int = 0
    live_since: int = 0

    @property
    def table(self) -> str:
        """The name of the table with its events."""
        return f"mirante_events_{name_of(self.environment)}_{self.manifest.build}"


def name_of(environment: str) -> str:
    """Return what names of tables call an environment: those are named by people."""
    return hashlib.blake2b(environment.encode(), digest_size=8).hexdigest()


def builds_of(server: ClickHouseServer, environment: str) -> list[Build]:
    """Return the builds of an environment, that which answers first; raise Unavailable."""
    server.run(_CREATE)
    rows = server.rows(
        f"SELECT manifest, version, live_since FROM {BUILDS} FINAL "  # noqa: S608 - quoted
        f"WHERE environment = {_quoted(environment)} ORDER BY live_since DESC, build"
    )
    found = []
    for manifest, version, live_since in rows:
        try:
            found.append(Build(environment, decoded(str(manifest).encode()), int(version), int(live_since)))
        except ManifestDamaged:
            # Of another version of Mirante: made anew.
            continue
    return found


def begun(server: ClickHouseServer, environment: str) -> Build:
    """Return a new build, which holds nothing yet and does not answer; raise Unavailable."""
    build = Build(environment, Manifest(build=secrets.token_hex(4)))
    server.run(TABLE.format(table=build.table))
    return saved(server, build)


def saved(server: ClickHouseServer, build: Build) -> Build:
    """Write how far a build is; return it with its next version. Raises Unavailable."""
    after = replace(build, version=build.version + 1)
    row = {
        "environment": after.environment,
        "build": after.manifest.build,
        "version": after.version,
        "live_since": after.live_since,
        "manifest": encoded(after.manifest).decode(),
    }
    server.insert(BUILDS, pa.Table.from_pylist([row]))
    return after


def dropped(server: ClickHouseServer, build: Build) -> None:
    """Drop a build with all its rows; raise Unavailable."""
    server.run(f"DROP TABLE IF EXISTS {build.table}")
    server.run(
        f"ALTER TABLE {BUILDS} DELETE WHERE environment = {_quoted(build.environment)} "
        f"AND build = {_quoted(build.manifest.build)}"
    )
