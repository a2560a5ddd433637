"""Where reports find the events of an environment in ClickHouse. Blocking."""

from collections.abc import Sequence
from typing import Any

from services.metrics.analytics.clickhouse.server import ClickHouseServer
from services.metrics.analytics.clickhouse.tables import builds_of
from services.metrics.analytics.clickhouse.traits import relation_of, state_of
from services.metrics.analytics.reports.clickhouse import ClickHouse
from services.metrics.analytics.store import StoreUnavailable
from services.metrics.analytics.store.reading import Watermark


def events_of(
    server: ClickHouseServer, environment: str, *, seconds: float, memory_bytes: int
) -> tuple[ClickHouse, Watermark]:
    """
    Return the events of an environment, to ask reports of, and how far the log is in them.

    Args:
        server: where the tables are.
        environment: its key.
        seconds: how long each query may run.
        memory_bytes: how much memory each query may use.

    Raises:
        StoreUnavailable: no table has caught up with the log yet.
        Unavailable: the server does not answer.
    """
    live = next((build for build in builds_of(server, environment) if build.live_since), None)
    if live is None:
        raise StoreUnavailable(f"the events of {environment!r} are not in ClickHouse yet")
    manifest = live.manifest

    def query(sql: str) -> Sequence[Sequence[Any]]:
        return server.rows(sql, seconds=seconds, memory_bytes=memory_bytes)

    told = relation_of(state_of(server, environment), manifest)
    engine = ClickHouse(query, f"(SELECT * FROM {live.table} FINAL)", told)  # noqa: S608 - a name of ours
    return engine, Watermark(manifest.position, manifest.complete_us, manifest.at_end)
