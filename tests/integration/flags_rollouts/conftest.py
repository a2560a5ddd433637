"""Rollout plans for the tests of this folder."""

from collections.abc import AsyncIterator

import pytest

from tests.support.rollout_desk import RolloutDeskOfTest, open_rollouts


@pytest.fixture
async def rollouts(database_url: str) -> AsyncIterator[RolloutDeskOfTest]:
    """Yield plans on a fresh database with the environments "production" and "staging"."""
    async with open_rollouts(database_url) as opened:
        yield opened
