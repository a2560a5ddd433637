"""People and logins for the tests of this folder."""

from collections.abc import AsyncIterator

import pytest

from tests.support.people_desk import PeopleDesk, open_people_desk


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[PeopleDesk]:
    """Yield the services on a fresh database with the environments "production" and "staging"."""
    async with open_people_desk(database_url) as opened:
        yield opened
