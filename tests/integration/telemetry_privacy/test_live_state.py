"""What lies in Redis of a person or a tenant goes, and whoever keeps more of them is told."""

import json

import pytest

from services.runtime.errors import Unavailable
from services.runtime.redis import RedisClient, messages_of, open_redis, scanned
from services.telemetry.privacy.redis_live_state import CHANNEL, RedisLiveState
from services.telemetry.privacy.requests import Place
from tests.support.telemetry_people import PRODUCTION

ACTORS = [bytes([number]) * 16 for number in range(3)]
PLACE = Place(PRODUCTION, "Ação [1]*")


def key(tenant: str, rest: str) -> str:
    """Return the name of a key of a tenant, as the module's docstring has it."""
    return f"mirante:live:production:{tenant}:{rest}"


@pytest.fixture(params=["redis_url", "cluster_url"])
def address(request: pytest.FixtureRequest) -> str:
    """Return the address of an empty server, and of an empty cluster."""
    return str(request.getfixturevalue(request.param))


ENCODED = "A%C3%A7%C3%A3o%20%5B1%5D%2A"


async def fill(redis: RedisClient) -> None:
    """Store live state of two tenants."""
    for tenant in (ENCODED, "acme"):
        for actor in ACTORS:
            await redis.set(key(tenant, f"actor:{actor.hex()}"), "online")
        await redis.set(key(tenant, "vendas_hora"), "7")


async def names(redis: RedisClient) -> list[str]:
    """Return the names of all keys."""
    return [str(name) async for page in scanned(redis, "*", 100) for name in page]


async def test_actors_are_forgotten(address: str) -> None:
    """Those and no others; listeners hear of it."""
    async with open_redis(address) as redis, messages_of(redis).pubsub() as listener:
        await listener.subscribe(CHANNEL)
        await listener.get_message(timeout=10.0)
        await fill(redis)
        state = RedisLiveState(redis)
        assert await state.left(PLACE, ACTORS[:2]) == 2
        assert await state.forget(PLACE, ACTORS[:2]) == 2
        assert await state.left(PLACE, ACTORS[:2]) == 0
        assert len(await names(redis)) == 6
        message = await listener.get_message(ignore_subscribe_messages=True, timeout=10.0)
        assert message is not None
        assert json.loads(message["data"]) == {
            "environment": PRODUCTION,
            "tenant": PLACE.tenant,
            "actor_ids": [actor.hex() for actor in ACTORS[:2]],
        }
        assert await state.forget(PLACE, []) == 0


async def test_tenant_is_forgotten(address: str) -> None:
    """Nothing in its name is taken for a pattern."""
    async with open_redis(address) as redis:
        await fill(redis)
        assert await RedisLiveState(redis).forget_tenant(PLACE) == 4
        assert {name.split(":")[3] for name in await names(redis)} == {"acme"}


async def test_silence_is_not_success() -> None:
    """An erasure must not call itself complete."""
    async with open_redis("redis://127.0.0.1:1") as redis:
        for call in (RedisLiveState(redis).forget(PLACE, ACTORS), RedisLiveState(redis).forget_tenant(PLACE)):
            with pytest.raises(Unavailable):
                await call
