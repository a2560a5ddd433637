"""What an address of a cluster may be."""

import pytest

from services.runtime.redis import open_redis
from services.runtime.redis_cluster import ClusterClient, parse_cluster_url


def test_nodes_and_login_are_read() -> None:
    """A port may be left out; what is percent-encoded is decoded."""
    nodes, options = parse_cluster_url("redis+cluster://ana:p%40ss@one:7001,two,[::1]:7003/0")
    assert nodes == [("one", 7001), ("two", 6379), ("::1", 7003)]
    assert options["username"] == "ana"
    assert options["password"] == "p@ss"
    assert parse_cluster_url("redis+cluster://[::1]:7003,two")[0] == [("::1", 7003), ("two", 6379)]


@pytest.mark.parametrize(
    "url", ["redis+cluster://", "redis+cluster://one,", "redis+cluster://one/3", "redis+cluster://one?db=3"]
)
async def test_what_is_no_address_is_refused(url: str) -> None:
    """No host, or a database that clusters do not have."""
    with pytest.raises(ValueError, match="cluster"):
        async with open_redis(url):
            pass


@pytest.mark.parametrize("scheme", ["redis", "rediss"])
async def test_clients_of_a_cluster_are_opened_without_asking_it(scheme: str) -> None:
    """It may be away at the start."""
    async with open_redis(f"{scheme}+cluster://127.0.0.1:1,127.0.0.1:2") as redis:
        assert isinstance(redis, ClusterClient)
