"""What the engine holds by itself, whatever is asked of it: statements here run unread, as nobody's may."""

# ruff: noqa: S608 - queries of the tests themselves

from pathlib import Path

import duckdb
import pytest
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2

from services.metrics.analytics.store import tidy_plan
from services.metrics.analytics.store.schema import literal
from services.metrics.analytics.store.tidying import Tidier
from tests.support.analytics_store import NOW, BuiltStore
from tests.support.sql_door import actor_id, events_of

_PAST_THE_VIEW = "SELECT tenant, user_id FROM read_parquet(current_setting('allowed_paths'), union_by_name = true)"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BuiltStore:
    """Two tenants, each with a file of its own, and rows of both in a file that they share."""
    for name, rows in {"MANY": 2, "MOST_SETTLED": 20, "OWN_ROWS": 4}.items():
        monkeypatch.setattr(tidy_plan, name, rows)
    made = BuiltStore(tmp_path)
    for _ in range(3):
        made.take(*events_of("loja", 40), *events_of("bar", 30))
    tidier = Tidier(made.publisher, lambda: NOW)
    while tidier.step():
        pass
    owners = {segment.owner for segment in made.publisher.manifest.segments}
    assert {"loja", "bar"} <= owners
    made.take(*events_of("loja", 5), *events_of("bar", 5))
    return made


def test_nothing_of_others_can_be_reached(store: BuiltStore) -> None:
    """Neither files of other tenants, nor shared ones, nor anything else of the system."""
    manifest = store.publisher.manifest
    foreign = [segment for segment in manifest.segments if segment.owner != "loja"]
    with store.snapshot().connect("loja", sealed=True) as connection:
        assert connection.sql("SELECT tenant, count(*) FROM events GROUP BY 1").fetchall() == [("loja", 125)]
        assert {tenant for tenant, _ in connection.sql(_PAST_THE_VIEW).fetchall()} == {"loja"}
        assert connection.sql("SELECT * FROM duckdb_secrets()").fetchall() == []
        reached = [str(store.publisher.folder / f"{segment.name}.parquet") for segment in foreign]
        attempts = [
            *(f"SELECT * FROM read_parquet({literal(path)})" for path in reached),
            *(f"SELECT * FROM read_blob({literal(path)})" for path in reached),
            f"SELECT * FROM read_text({literal(str(store.publisher.folder / 'manifest'))})",
            f"SELECT * FROM glob({literal(str(store.publisher.folder / '*'))})",
            "SELECT * FROM '/etc/passwd'",
            "SELECT * FROM read_csv('/proc/self/environ')",
            "SELECT * FROM read_csv('http://127.0.0.1/x.csv')",
            "SELECT * FROM store",
            f"COPY events TO {literal(str(store.folder / 'out.csv'))}",
            f"ATTACH {literal(str(store.folder / 'other.db'))}",
            "INSTALL httpfs",
            "LOAD httpfs",
            "CREATE SECRET (TYPE s3)",
            "SET enable_external_access = true",
            "SET allowed_paths = ['/etc/passwd']",
            "SET memory_limit = '100GB'",
            "SET temp_directory = '/tmp'",
            "RESET lock_configuration",
            "EXPORT DATABASE '/tmp/out'",
        ]
        for attempt in attempts:
            with pytest.raises(duckdb.Error):
                connection.execute(attempt).fetchall()
    assert {entry.name for entry in store.folder.iterdir()} == {"production"}


def test_who_was_erased_cannot_be_reached_past_the_view(store: BuiltStore) -> None:
    """Their rows are still in a file that nobody has tidied; it is not given to the engine."""
    erased = log_pb2.ActorErasure(tenant="loja", actor_ids=[actor_id("loja", 1)])
    merge = log_pb2.ActorMerge(tenant="loja", from_actor_id=actor_id("loja", 2), into_actor_id=actor_id("loja", 3))
    both = log_pb2.ActorErasure(tenant="loja", actor_ids=[actor_id("loja", 3)])
    store.take(log_pb2.LogEntry(merge=merge), log_pb2.LogEntry(erasure=erased), log_pb2.LogEntry(erasure=both))
    snapshot = store.snapshot()
    assert snapshot.rows("loja") == 125
    with snapshot.connect("loja", sealed=True) as connection:
        held = {user for (user,) in connection.sql("SELECT user_id FROM events").fetchall()}
        assert held == {"loja-u0", "loja-u4"}
        past = connection.sql("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
        for (name,) in past:
            rows = connection.sql(f'SELECT * FROM "{name}"')
            if "user_id" in rows.columns:
                assert {user for (user,) in rows.project("user_id").fetchall()} <= held
        assert {user for _, user in connection.sql(_PAST_THE_VIEW).fetchall()} <= held
    with snapshot.connect("loja") as connection:
        assert connection.sql("SELECT count(*) FROM events").fetchall() == [(50,)]
