"""The admin services for the tests of this folder."""

from collections.abc import AsyncIterator

import pytest

from tests.support.flag_desk import Desk, open_desk


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    """Yield the admin services on a fresh database with the environments "production" and "staging"."""
    async with open_desk(database_url) as opened:
        yield opened
