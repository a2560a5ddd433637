"""One replica dies over and over, for a few seconds."""

from tests.support.aio_crowd import AioCrowd
from tests.support.datastores import RunningDatastores
from tests.support.faults.replica_killed import replica_killed_in_a_loop


async def test_subscribers_outlive_a_replica_that_dies(
    datastores: RunningDatastores, database_url: str, redis_url: str
) -> None:
    """Nobody ends stale, nobody sees revisions go back, nothing acknowledged is lost."""
    assert redis_url == datastores.valkey.url
    counts = await replica_killed_in_a_loop(datastores, database_url, AioCrowd, streams=20, seconds=4.0)
    assert counts["streams"] == 20
