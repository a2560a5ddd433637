"""Compressed requests that are small until somebody expands them."""

import pytest

from tests.support.datastores import RunningDatastores
from tests.support.faults.telemetry_bomb import telemetry_bombed


@pytest.mark.usefixtures("redis_url")
async def test_what_would_expand_beyond_a_batch_is_refused_unexpanded(
    datastores: RunningDatastores, database_url: str
) -> None:
    """Memory stays as it is, and compressed batches of the usual size are taken before and after."""
    assert await telemetry_bombed(datastores, database_url, bombs=3)
