"""Which statements run, what they answer, and how the others are refused."""

from pathlib import Path

import pytest
from mirante.api.metrics.v1 import sql_service_pb2 as pb2

from services.metrics.analytics.sql.asking import checked_statement, limits_of, tenant_of
from services.metrics.analytics.sql.checking import StatementRefused
from services.metrics.analytics.sql.running import ran, tables
from services.metrics.analytics.store import StoreUnavailable
from services.runtime.errors import InvalidRequest
from tests.support.analytics_store import BuiltStore
from tests.support.sql_door import events_of, question, rows_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of two tenants, in a shared segment and in one of a tenant alone."""
    made = tmp_path_factory.mktemp("stores")
    store = BuiltStore(made)
    theirs = events_of("bar", 7)
    for each in theirs:
        each.event.properties["segredo"].string_value = "x"
    store.take(*events_of("loja", 30), *theirs)
    store.take(*events_of("loja", 30))
    return made


def test_columns_have_types_and_rows_have_values(folder: Path) -> None:
    """What protobuf has a kind for is that; all else is text as the engine prints it, and exact."""
    answer = ran(
        question(
            folder,
            "SELECT true AS sim, -9223372036854775807 - 1 AS menor, 0.5::DOUBLE AS x, 'São João' AS \"praça\", "
            "NULL AS n, "
            "12345678901234567890.123456789::DECIMAL(38, 9) AS d, 18446744073709551615::UBIGINT AS u, "
            "TIMESTAMP '2026-03-02 03:00:00.5' AS t, [1, NULL] AS l, 1 AS n",
        )
    )
    assert rows_of(answer) == [
        (
            True, -(2**63), 0.5, "São João", None, "12345678901234567890.123456789", "18446744073709551615",
            "2026-03-02 03:00:00.5", "[1, NULL]", 1,
        )
    ]  # fmt: skip
    assert [column.name for column in answer.columns] == ["sim", "menor", "x", "praça", "n", "d", "u", "t", "l", "n"]
    assert [column.type for column in answer.columns][5:9] == ["DECIMAL(38,9)", "UBIGINT", "TIMESTAMP", "INTEGER[]"]
    assert (answer.truncated, answer.watermark.log_entries, answer.watermark.at_end) == (False, 67, True)
    assert answer.limits.most_rows == 100
    assert answer.took.nanos > 0


def test_a_tenant_sees_its_own_events(folder: Path) -> None:
    """The one asked for, or all where that was asked for; a tenant without events sees none."""
    counts = "SELECT tenant, count(*) FROM events GROUP BY 1 ORDER BY 1"
    assert rows_of(ran(question(folder, counts))) == [("loja", 60)]
    assert rows_of(ran(question(folder, counts, "bar"))) == [("bar", 7)]
    assert rows_of(ran(question(folder, counts, None))) == [("bar", 7), ("loja", 60)]
    assert rows_of(ran(question(folder, counts, "ninguém"))) == []


@pytest.mark.parametrize(
    "statement",
    [
        "FROM events LIMIT 1",
        "TABLE events LIMIT 1;",
        "SELECT count(*) FROM EVENTS -- ; DROP VIEW events",
        "/* a */ WITH e AS (SELECT * FROM memory.main.events), f AS (FROM e) SELECT max(\"i.n\") FROM f",
        "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT max(n) FROM t",
        "SELECT name, sum(TRY_CAST(\"s.^valor\" AS DECIMAL(38, 9))) OVER (PARTITION BY name) FROM events LIMIT 1",
        "SELECT unnest([1]) FROM events, range(2) r(i) WHERE EXISTS (SELECT 1 FROM events) LIMIT 1",
        "VALUES (1)",
        "(SELECT 1) UNION ALL (SELECT 2) LIMIT 1",
    ],
)  # fmt: skip
def test_these_are_answered(folder: Path, statement: str) -> None:
    """One SELECT, however it is written."""
    assert len(ran(question(folder, statement)).rows) == 1


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("SELECT 1; SELECT 2", "one statement"),
        ("-- nothing", "no statement"),
        ("COPY events TO 'x.csv'", "not COPY"),
        ("DROP VIEW events", "not DROP"),
        ("CREATE OR REPLACE VIEW events AS SELECT 1", "not CREATE"),
        ("INSERT INTO events SELECT * FROM events", "not INSERT"),
        ("SET memory_limit = '100GB'", "not SET"),
        ("PREPARE v AS SELECT 1", "not PREPARE"),
        ("EXPLAIN ANALYZE SELECT 1", "not EXPLAIN"),
        ("ATTACH 'x.db'", "not ATTACH"),
        ("INSTALL httpfs", "not LOAD"),
        ("CALL enable_logging()", "not CALL"),
        ("PRAGMA version", "pragma_version"),
        ("IMPORT DATABASE '/etc'", "neither files nor the network"),
        ("PRAGMA database_list", "no table"),
        ("PIVOT events ON name", "one statement"),
        ("DESCRIBE events", "DescribeTables"),
        ("SELECT * FROM (SHOW ALL TABLES)", "DescribeTables"),
        ("SELECT * FROM '/etc/passwd'", "no table '/etc/passwd'"),
        ("SELECT * FROM \"events\u200b\"", "no table"),
        ("SELECT * FROM fresh_rows", "no table"),
        ("SELECT * FROM information_schema.tables", "no table"),
        ("SELECT * FROM other.main.events", "no table"),
        ("SELECT * FROM folder", "no table"),
        ("SELECT (SELECT max(content) FROM read_text('/etc/passwd'))", "read_text"),
        ("SELECT 1 WHERE 1 IN (SELECT 1 FROM events, LATERAL (FROM glob('*')))", "glob"),
        ("SELECT * FROM query('SELECT * FROM duckdb_settings()')", "query"),
        ("SELECT * FROM query_table('duckdb_views')", "query_table"),
        ("SELECT * FROM arrow_scan(0::POINTER, 0::POINTER, 0::POINTER)", "arrow_scan"),
        ("SELECT * FROM duckdb_secrets()", "duckdb_secrets"),
        ("WITH a AS (WITH duckdb_views AS (SELECT 1) SELECT 1) SELECT sql FROM duckdb_views", "may not be named"),
        ("SELECT system.main.\"CURRENT_SETTING\"('allowed_paths')", "current_setting"),
        ("SELECT 'allowed_paths'.current_setting()", "current_setting"),
        ("SELECT json_serialize_plan('FROM events')", "json_serialize_plan"),
        ("SELECT pg_get_viewdef(1)", "pg_get_viewdef"),
        ("SELECT getenv('HOME')", "getenv"),
        ("SELECT $1", "parameter"),
        ("SELECT nada FROM events", "nada"),
        ("SELECT own_actor FROM events", "own_actor"),
        ("SELECT filename FROM events", "filename"),
        ("SELEC 1", "syntax error"),
        ("SELECT '1x'::INTEGER", "Could not convert"),
        (f"SELECT {'(' * 20_000}1{')' * 20_000}", "memory exhausted"),
        (f"SELECT {'1 + ' * 20_000}1", "depth"),
        ("SELECT repeat('x', 10000000000)", "maximum"),
    ],
)  # fmt: skip
def test_these_are_refused(folder: Path, statement: str, words: str) -> None:
    """What is no single SELECT on the view, and what would tell about the server; in words, without its paths."""
    with pytest.raises(StatementRefused) as refused:
        ran(question(folder, statement))
    said = str(refused.value)
    assert words in said
    assert str(folder) not in said
    assert "unnamed_relation" not in said


def test_an_answer_ends_at_its_limits(folder: Path) -> None:
    """In the order asked for; by rows, and by bytes."""
    answer = ran(question(folder, "SELECT i FROM range(1000000) t(i) ORDER BY i DESC", most_rows=3))
    assert (rows_of(answer), answer.truncated) == ([(999_999,), (999_998,), (999_997,)], True)
    answer = ran(question(folder, "SELECT * FROM range(1000000000000)", most_rows=2))
    assert (rows_of(answer), answer.truncated) == ([(0,), (1,)], True)
    assert not ran(question(folder, "SELECT 1", most_rows=1)).truncated
    answer = ran(question(folder, "SELECT repeat('x', 1000) FROM range(100)", most_bytes=10_000))
    assert (len(answer.rows), answer.truncated) == (9, True)
    wide = 'SELECT COLUMNS(*) AS "' + "x" * 1_000 + '" FROM events LIMIT 0'
    with pytest.raises(StatementRefused, match="columns have more than 10,000 bytes"):
        ran(question(folder, wide, most_bytes=10_000))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM range(1000000) a, range(1000000) b, range(1000000) c",
        "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t",
    ],
)
def test_what_takes_too_long_is_ended(folder: Path, statement: str) -> None:
    """Endless ones too."""
    with pytest.raises(StatementRefused, match="longer than 1 seconds"):
        ran(question(folder, statement, seconds=1.0))


def test_what_needs_too_much_memory_is_ended(folder: Path) -> None:
    """Nothing is put on disk instead."""
    with pytest.raises(StatementRefused, match="more memory than 64 MiB"):
        ran(question(folder, "SELECT list(i) FROM range(100000000) t(i)", memory_mib=64))


def test_what_there_is_to_select_from(folder: Path) -> None:
    """The view with all its columns, each of which says what it is."""
    [table] = tables(question(folder, None)).tables
    columns = {column.name: column for column in table.columns}
    assert (table.name, table.rows) == ("events", 60)
    assert (columns["time"].type, columns["i.n"].type, columns["s.^valor"].type) == ("TIMESTAMP", "BIGINT", "VARCHAR")
    assert "Valor" in columns["s.^valor"].description
    assert all(column.description for column in table.columns)
    assert not {"own_actor", "s.segredo"} & columns.keys()
    assert "s.segredo" in {column.name for column in tables(question(folder, None, "bar")).tables[0].columns}


def test_without_a_store_it_says_so(tmp_path: Path) -> None:
    """An environment that nobody has built a store of."""
    with pytest.raises(StoreUnavailable, match="not built yet"):
        ran(question(tmp_path, "SELECT 1"))


def test_requests_that_cannot_be_meant() -> None:
    """Each names its field."""
    for call, field in (
        (lambda: limits_of(10_001, None), "most_rows"),
        (lambda: limits_of(1, 0.0), "time_limit"),
        (lambda: limits_of(1, 61.0), "time_limit"),
        (lambda: checked_statement(" \n"), "statement"),
        (lambda: checked_statement("x" * 100_001), "statement"),
        (lambda: tenant_of(None, all_tenants=False), "tenant"),
        (lambda: tenant_of("", all_tenants=True), "tenant"),
    ):
        with pytest.raises(InvalidRequest) as refused:
            call()
        assert [violation.field for violation in refused.value.violations] == [field]
    assert tenant_of("", all_tenants=False) == ""
    assert pb2.RunSqlRequest().HasField("tenant") is False
