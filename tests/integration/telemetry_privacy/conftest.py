"""A database with people, and what they may ask for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.telemetry_people import People, people
from tests.support.telemetry_privacy import Privacy, privacy


@pytest.fixture
async def crowd(database_url: str) -> AsyncIterator[People]:
    """An up-to-date database."""
    async with people(database_url) as found:
        yield found


@pytest.fixture
async def desk(crowd: People, tmp_path: Path) -> AsyncIterator[Privacy]:
    """The use cases, with an empty folder of archives."""
    async with privacy(crowd, tmp_path / "archive") as found:
        yield found
