"""Where the data of these tests is."""

from pathlib import Path

import pytest

from tests.support.serving import Datastores


@pytest.fixture
def stores(database_url: str, redis_url: str, tmp_path: Path) -> Datastores:
    """Return where this test's data is."""
    return Datastores(database_url, redis_url, tmp_path)
