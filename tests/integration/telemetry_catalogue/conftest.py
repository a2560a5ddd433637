"""The catalogue's service on a real database."""

from collections.abc import AsyncIterator

import pytest

from tests.support.catalogue_desk import Desk, open_desk


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    """The service on an empty database."""
    async with open_desk(database_url) as opened:
        yield opened
