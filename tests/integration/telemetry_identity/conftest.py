"""A database with people."""

from collections.abc import AsyncIterator

import pytest

from tests.support.telemetry_people import People, people


@pytest.fixture
async def crowd(database_url: str) -> AsyncIterator[People]:
    """An up-to-date database."""
    async with people(database_url) as found:
        yield found
