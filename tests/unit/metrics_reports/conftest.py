"""Fixtures of tests of reports."""

from collections.abc import Iterator

import pytest

from tests.support.report_events import ChdbEvents


@pytest.fixture(scope="session")
def chdb_events() -> Iterator[ChdbEvents]:
    """ClickHouse's engine in this process; there can be only one."""
    engine = ChdbEvents()
    yield engine
    engine.close()
