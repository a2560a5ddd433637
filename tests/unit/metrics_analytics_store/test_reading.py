"""What readers of a store see: their own rows, as of one moment, whoever writes meanwhile."""

# ruff: noqa: S608 - queries of the tests themselves

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest
from mirante.api.common.v1.value_pb2 import ListValue, Value
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1 import event_pb2

from services.metrics.analytics.store import SnapshotExpired, StoreUnavailable, tidy_plan
from services.metrics.analytics.store.arrays import Wanted
from services.metrics.analytics.store.publishing import Deposed, Publisher, take_term
from services.metrics.analytics.store.reading import GRACE_SECONDS, AnalyticsStore, Snapshot
from services.metrics.analytics.store.schema import Kind, literal, number_expression, quoted, text_expression
from services.metrics.analytics.store.sweeping import Sweeper
from services.metrics.analytics.store.tidying import Tidier
from services.metrics.analytics.store.writing import LogIntake, LogUnreadable
from tests.support.analytics_store import NOW, BuiltStore


def _event(
    number: int, tenant: str = "loja", rare: Mapping[str, Value] | None = None, **properties: Value
) -> event_pb2.StoredEvent:
    stored = event_pb2.StoredEvent(
        event=event_pb2.Event(
            name=f"evento_{number % 3}",
            tenant=tenant,
            user_id=f"u{number % 5}",
            properties={**properties, **(rare or {})},
        ),
        actor_id=f"{tenant}-{number % 5}".encode().ljust(16, b"-"),
    )
    stored.occurred_at.FromSeconds(int(NOW) - number)
    return stored


def _count(snapshot: Snapshot, tenant: str | None) -> int:
    with snapshot.connect(tenant) as connection:
        [(count,)] = connection.sql("SELECT count(*) FROM events").fetchall()
    assert count == sum(len(rows) for rows in snapshot.arrays(tenant, Wanted(nobody=True)))
    return int(count)


def test_a_connection_sees_the_rows_of_its_tenant_and_reaches_nothing_else(tmp_path: Path) -> None:
    """Neither files of others, nor the network, nor its own settings: DuckDB itself refuses."""
    store = BuiltStore(tmp_path)
    for _ in range(2):
        store.take(*[_event(number, "loja") for number in range(30)], *[_event(number, "bar") for number in range(7)])
    theirs = store.publisher.folder / f"{store.publisher.manifest.segments[0].name}.parquet"
    with store.snapshot().connect("bar") as connection:
        assert connection.sql("SELECT tenant, count(*) FROM events GROUP BY 1").fetchall() == [("bar", 14)]
        for statement in (
            f"SELECT * FROM read_parquet({literal(str(theirs))})",
            f"SELECT * FROM read_blob({literal(str(store.publisher.folder / 'manifest'))})",
            "SELECT * FROM 'http://localhost/x.parquet'",
            f"COPY events TO {literal(str(tmp_path / 'out.csv'))}",
            f"ATTACH {literal(str(tmp_path / 'out.db'))}",
            "SET enable_external_access = true",
            "SET allowed_paths = ['/']",
            "SET memory_limit = '100GB'",
            "INSTALL httpfs",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(statement).fetchall()
        held = [row[0] for row in connection.sql("SELECT DISTINCT tenant FROM fresh_rows").fetchall()]
        assert held == ["bar"]


def test_a_tenant_has_files_of_its_own_once_its_rows_are_settled(tmp_path: Path) -> None:
    """None of its texts is in a file of another one."""
    store = BuiltStore(tmp_path)
    store.take(
        *[_event(number, "loja", de=Value(string_value="segredo da loja")) for number in range(30)],
        *[_event(number, "bar", de=Value(string_value="segredo do bar")) for number in range(7)],
    )
    tidier = Tidier(store.publisher, lambda: NOW + 10_000)
    while tidier.step():
        pass
    segments = store.publisher.manifest.segments
    assert {segment.owner for segment in segments} == {"loja", "bar"}
    for segment in segments:
        content = (store.publisher.folder / f"{segment.name}.parquet").read_bytes()
        assert (b"segredo da loja" in content) == (segment.owner == "loja")
        assert (b"segredo do bar" in content) == (segment.owner == "bar")


def test_a_snapshot_is_read_to_its_end_while_segments_are_made_into_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files of an old manifest stay for as long as a reader may have it; afterwards it gets a clear error."""
    monkeypatch.setattr(tidy_plan, "MANY", 2)
    store = BuiltStore(tmp_path)
    for _ in range(4):
        store.take(*[_event(number) for number in range(30)])
    now = [0.0]
    manifest = store.publisher.manifest
    before = Snapshot(store.publisher.folder, manifest, lambda: now[0])
    sweeper = Sweeper(store.files, GRACE_SECONDS, lambda: now[0])
    tidier = Tidier(store.publisher, lambda: NOW + 10_000)
    while tidier.step():
        sweeper.sweep([store.publisher.manifest], store.publisher.writing)
    assert not {segment.name for segment in manifest.segments} & {
        segment.name for segment in store.publisher.manifest.segments
    }
    now[0] = GRACE_SECONDS - 1
    assert sweeper.sweep([store.publisher.manifest], ()) == 0
    assert _count(before, None) == 120
    now[0] = GRACE_SECONDS + 1
    assert sweeper.sweep([store.publisher.manifest], ()) > 0
    with pytest.raises(SnapshotExpired):
        before.connect(None)
    with pytest.raises(SnapshotExpired):
        list(before.arrays(None, Wanted()))
    assert _count(store.snapshot(), None) == 120


def test_keys_are_let_go_when_nobody_asks(tmp_path: Path) -> None:
    """They are opened once; what was deleted of them takes no room when nobody asked for long."""
    store, now = BuiltStore(tmp_path), [0.0]
    store.take(*[_event(number) for number in range(30)])
    reader = AnalyticsStore(tmp_path, lambda: now[0])

    def rows() -> int:
        return sum(batch.read().rows for batch in reader.snapshot(store.environment).batches(None, Wanted(nobody=True)))

    assert rows() == 30
    for file in store.publisher.folder.glob("*.keys"):
        file.unlink()
    now[0] = GRACE_SECONDS
    reader.release()
    assert rows() == 30
    now[0] = 2 * GRACE_SECONDS + 1
    reader.release()
    with pytest.raises(StoreUnavailable):
        rows()


def test_a_deposed_writer_publishes_nothing(tmp_path: Path) -> None:
    """However far it was when another one began: neither rows, nor segments that were tidied."""
    store = BuiltStore(tmp_path)
    store.take(_event(1))
    late = Tidier(store.publisher, lambda: NOW + 10_000)
    term = take_term(store.files).term
    manifest = store.files.manifest(store.publisher.manifest.build)
    assert manifest is not None
    other = LogIntake(Publisher(store.files, term, manifest, lambda: NOW), lambda: NOW)
    with pytest.raises(Deposed):
        store.take(_event(2))
    with pytest.raises(Deposed):
        late.step()
    other.take([log_pb2.FollowEventsResponse(entries=[log_pb2.LogEntry(event=_event(2))]).SerializeToString()])
    assert _count(store.snapshot(), None) == 2


def test_properties_are_what_they_are(tmp_path: Path) -> None:
    """Money is exact, numbers compare as numbers, names differ by case, and kinds may change."""
    store = BuiltStore(tmp_path)
    store.take(
        _event(0, valor=Value(string_value="0.10"), Valor=Value(string_value="x")),
        _event(1, valor=Value(string_value="0.20")),
        _event(2, valor=Value(int_value=3)),
    )
    store.take(_event(3, valor=Value(double_value=1.5)), _event(4, valor=Value(bool_value=True)))
    snapshot = store.snapshot()
    kinds = snapshot.properties("loja")
    assert kinds["valor"] == {Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN}
    assert kinds["Valor"] == {Kind.TEXT}
    text = text_expression("valor", kinds["valor"], rest=False)
    money = number_expression("valor", kinds["valor"], rest=False, type_="DECIMAL(38, 9)")
    with snapshot.connect("loja") as connection:
        found = connection.sql(f"SELECT {text} FROM events ORDER BY time DESC").fetchall()
        assert [row[0] for row in found] == ["0.10", "0.20", "3", "1.5", "true"]
        assert str(connection.sql(f"SELECT sum({money}) FROM events").fetchall()[0][0]) == "4.800000000"
        other = text_expression("Valor", kinds["Valor"], rest=False)
        assert connection.sql(f"SELECT count({other}) FROM events").fetchall() == [(1,)]


def test_rare_properties_are_found_in_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When there are more properties than columns, nothing is lost, also when segments are tidied."""
    monkeypatch.setattr("services.metrics.analytics.store.rows.MOST_PROPERTY_COLUMNS", 1)
    store = BuiltStore(tmp_path)
    name = "a/~\"b'. "
    store.take(
        _event(0, tipo=Value(string_value="x"), rare={name: Value(string_value="ç")}),
        _event(1, tipo=Value(string_value="y"), lista=Value(list_value=ListValue(values=[Value(int_value=1)]))),
    )
    store.take(_event(2, tipo=Value(string_value="z"), rare={name: Value(int_value=7)}))
    tidier = Tidier(store.publisher, lambda: NOW + 10_000)
    while tidier.step():
        pass
    snapshot = store.snapshot()
    assert set(snapshot.properties(None)) == {"tipo"}
    assert snapshot.has_rest(None)
    with snapshot.connect(None) as connection:
        rare = text_expression(name, frozenset(), rest=True)
        found = connection.sql(f"SELECT {rare} FROM events ORDER BY time DESC").fetchall()
        assert [row[0] for row in found] == ["ç", None, "7"]
        number = number_expression(name, frozenset(), rest=True)
        assert connection.sql(f"SELECT sum({number}) FROM events").fetchall() == [(7.0,)]
        assert connection.sql(f"SELECT max({text_expression('lista', frozenset(), rest=True)}) FROM events").fetchall()


def test_arrays_are_of_what_was_asked_for(tmp_path: Path) -> None:
    """Names, a period, columns that only some segments have, and nobody only when asked for."""
    store = BuiltStore(tmp_path)
    store.take(*[_event(number, n=Value(int_value=number)) for number in range(20)])
    nobody = _event(0)
    nobody.actor_id = b""
    store.take(nobody, *[_event(number) for number in range(20)])
    snapshot = store.snapshot()
    first_us = (int(NOW) - 10) * 1_000_000
    [rows] = snapshot.arrays(
        "loja", Wanted(["evento_2", "evento_0"], columns=["i.n", "user_id", "s.no"], first_us=first_us)
    )
    assert [rows.names[code] for code in sorted(set(rows.code.tolist()))] == ["evento_2", "evento_0"]
    assert sorted(each for each in rows.columns["i.n"].to_pylist() if each is not None) == [0, 2, 3, 5, 6, 8, 9]
    assert len(rows) == 14
    assert rows.columns["s.no"].null_count == len(rows)
    assert sum(len(each) for each in snapshot.arrays(None, Wanted(nobody=True))) == 41
    assert not list(snapshot.arrays("nobody's", Wanted()))


def test_a_store_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    """Also for an environment whose name would lead elsewhere; an empty store answers with no rows."""
    with pytest.raises(StoreUnavailable):
        AnalyticsStore(tmp_path).snapshot("../production")
    empty = BuiltStore(tmp_path).snapshot()
    assert _count(empty, None) == 0
    assert quoted('a"b') == '"a""b"'


def test_what_is_no_response_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    """Half a response would otherwise be half of the log."""
    store = BuiltStore(tmp_path)
    with pytest.raises(LogUnreadable):
        store.intake.take([b"\x0a\x05abc"])
    assert store.publisher.manifest.position == 0
