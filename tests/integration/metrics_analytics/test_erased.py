"""Who is erased disappears from everything that analytics has of them, and stays away."""

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pyarrow.parquet as pq
import pytest
from mirante.api.metrics.v1 import analytics_store_service_pb2 as store_pb2
from mirante.api.metrics.v1 import sql_service_pb2 as sql_pb2
from mirante.api.metrics.v1.analytics_store_service_pb2_grpc import AnalyticsStoreServiceStub
from mirante.api.metrics.v1.sql_service_pb2_grpc import SqlServiceStub
from mirante.api.telemetry.v1 import event_pb2, identity_service_pb2, privacy_service_pb2

from services.metrics.analytics.store import StoreUnavailable, keeping
from services.metrics.analytics.store.folders import StoreFolder
from services.metrics.analytics.store.keys import open_keys
from services.metrics.analytics.store.reading import AnalyticsStore
from services.telemetry.log.archiving import Archiving
from tests.support.event_log import make_days
from tests.support.metrics_serving import MetricsServing, metrics_serving
from tests.support.serving import Datastores, eventually
from tests.support.sql_door import rows_of
from tests.support.telemetry_events import event_id, sale

_QUICK: dict[str, Any] = {"analytics": True, "analytics_seconds": 0.05, "report_processes": 1}


async def test_who_is_erased_is_in_no_file_and_no_answer(stores: Datastores, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the device that was theirs; also when the store is made anew from an archive that they were in."""
    # Files that nothing names any more wait for readers, two minutes otherwise.
    monkeypatch.setattr(keeping, "GRACE_SECONDS", 0.5)
    async with metrics_serving(stores, **_QUICK) as serving:
        telemetry = serving.telemetry
        device = event_pb2.Event(id=event_id(), name="pagina_vista", tenant="acme", anonymous_id="d-ana")
        await telemetry.send(device, sale(user_id="ana"), sale(user_id="ana"), sale(user_id="bia"))
        alias = identity_service_pb2.AliasRequest(tenant="acme", anonymous_id="d-ana", user_id="ana")
        await telemetry.identity.Alias(alias, metadata=telemetry.key("server"))
        await _until(serving, stores, [("ana", 2), ("bia", 1), (None, 1)])
        await _archive(telemetry.database_url, stores.home / "archive")
        await _made_anew(serving, stores)
        await _until(serving, stores, [("ana", 2), ("bia", 1), (None, 1)])
        theirs = _actors(stores) - _actors(stores, "bia")
        assert theirs
        subject = privacy_service_pb2.Subject(tenant="acme", user_id="ana")
        erase = privacy_service_pb2.EraseSubjectRequest(subject=subject, reason="pedido")
        await telemetry.privacy.EraseSubject(erase, metadata=telemetry.key("admin"))
        await _until(serving, stores, [("bia", 1)])

        async def in_no_file() -> bool:
            try:
                return not any(users & {"ana"} or actors & theirs for users, actors in _in_files(stores))
            except FileNotFoundError:
                return False

        await eventually(in_no_file)
        await _made_anew(serving, stores)
        await _until(serving, stores, [("bia", 1)])
        assert await in_no_file()
        assert _actors(stores) == _actors(stores, "bia")


async def _until(serving: MetricsServing, stores: Datastores, people: list[tuple[str | None, int]]) -> None:
    """Wait until the SQL door says that there is so much of whom."""
    statement = "SELECT user_id, count(*) FROM events GROUP BY 1 ORDER BY 1 NULLS LAST"
    request = sql_pb2.RunSqlRequest(tenant="acme", statement=statement)

    async def holds() -> bool:
        try:
            AnalyticsStore(stores.home / "analytics").snapshot("production")
        except StoreUnavailable:
            return False
        stub: Any = SqlServiceStub(serving.channel)
        return rows_of(await stub.RunSql(request, metadata=serving.key("reader"))) == people

    await eventually(holds)


async def _archive(database_url: str, folder: Path) -> None:
    """Let all that is in the log be of a day that is archived."""
    day = datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=9)
    connection = await asyncpg.connect(database_url)
    try:
        await make_days(connection, day)
        await connection.execute("UPDATE events SET received_at = received_at - interval '9 days'")
        await Archiving(folder).archive(connection, day)
        assert not await connection.fetchval("SELECT count(*) FROM events")
    finally:
        await connection.close()


async def _made_anew(serving: MetricsServing, stores: Datastores) -> None:
    files = StoreFolder(stores.home / "analytics", "production")
    before = files.current().live
    stub: Any = AnalyticsStoreServiceStub(serving.channel)
    await stub.RebuildAnalyticsStore(store_pb2.RebuildAnalyticsStoreRequest(), metadata=serving.key("admin"))

    async def other() -> bool:
        current = files.current()
        return current.live != before and not current.making

    await eventually(other)


def _actors(stores: Datastores, user: str | None = None) -> set[int]:
    """Return the actors of whom there are events, or those of a user."""
    with AnalyticsStore(stores.home / "analytics").snapshot("production").connect(None) as connection:
        rows = connection.execute("SELECT actor FROM events WHERE user_id = $1 OR $1 IS NULL", [user]).fetchall()
    return {actor for (actor,) in rows}


def _in_files(stores: Datastores) -> Iterator[tuple[set[str], set[int]]]:
    """Yield who is in each file of the store: users, and actors."""
    for file in (stores.home / "analytics").rglob("*.parquet"):
        table = pq.read_table(file, columns=["user_id", "actor", "own_actor"])
        yield set(table["user_id"].to_pylist()), {*table["actor"].to_pylist(), *table["own_actor"].to_pylist()}
        keys = open_keys(file.with_suffix(".keys"), table.num_rows)
        yield set(), set(keys.actor.tolist())
