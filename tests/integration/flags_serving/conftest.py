"""A service for tests of serving."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.serving import Datastores, Serving, serving


@pytest.fixture
def stores(database_url: str, redis_url: str, tmp_path: Path) -> Datastores:
    """Return where this test's data is."""
    return Datastores(database_url, redis_url, tmp_path)


@pytest.fixture
async def service(stores: Datastores) -> AsyncIterator[Serving]:
    """Yield a running service."""
    async with serving(stores) as running:
        yield running
