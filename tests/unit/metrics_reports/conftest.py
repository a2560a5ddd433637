"""Fixtures of tests of reports."""

from collections.abc import Iterator

import pytest

from tests.support.clickhouse_http import ClickHouseHttp, clickhouse_http
from tests.support.report_events import ChdbEvents


@pytest.fixture(scope="session")
def chdb_events() -> Iterator[ChdbEvents]:
    """ClickHouse's engine in this process; there can be only one."""
    engine = ChdbEvents()
    yield engine
    engine.close()


@pytest.fixture
def http(chdb_events: ChdbEvents) -> Iterator[ClickHouseHttp]:
    """A server without any table of ours."""
    with clickhouse_http(chdb_events) as server:
        yield server
        for (table,) in chdb_events.query("SELECT name FROM system.tables WHERE name LIKE 'mirante_%'"):
            chdb_events.run(f"DROP TABLE {table}")
