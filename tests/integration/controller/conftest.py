"""A flag service, a Kubernetes API, and a controller between them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.fake_kubernetes import fake_kubernetes
from tests.support.flag_resources import Desk, controlling
from tests.support.serving import Datastores, serving


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """Yield both ends, without a controller."""
    async with serving(Datastores(database_url, redis_url, tmp_path)) as service, fake_kubernetes() as kubernetes:
        yield Desk(kubernetes, service)


@pytest.fixture
async def controlled(desk: Desk, tmp_path: Path) -> AsyncIterator[Desk]:
    """Yield both ends, with a controller."""
    async with controlling(desk, tmp_path):
        yield desk
