"""The live values in Redis, for whoever looks there."""

from dataclasses import replace

import pytest
from mirante.api.metrics.v1 import live_metrics_service_pb2 as pb2

from services.metrics.answers.redis_values import channel_of, key_of
from services.runtime.redis import messages_of, open_redis
from tests.support.metrics_serving import metrics_serving, shown
from tests.support.serving import Datastores, eventually
from tests.support.telemetry_events import sale

KEY = key_of("production", "acme/são paulo")


@pytest.fixture(params=["redis_url", "cluster_url"])
def on(request: pytest.FixtureRequest, stores: Datastores) -> Datastores:
    """Return where data is: with one server, and with a cluster."""
    return replace(stores, redis_url=str(request.getfixturevalue(request.param)))


async def test_values_are_written_told_and_written_again(on: Datastores) -> None:
    """With an expiry; after Redis was emptied they come back with the next change."""
    async with (
        metrics_serving(on) as serving,
        open_redis(on.redis_url) as redis,
        messages_of(redis).pubsub() as pubsub,
    ):
        await pubsub.subscribe(channel_of("production"))

        async def told(sales: int) -> bool:
            value = await redis.get(KEY)
            if not isinstance(value, bytes):
                return False
            return shown(pb2.LiveFrame.FromString(value))["vendas_hora", ""] == str(sales)

        await serving.telemetry.send(sale("acme/são paulo", venda_id="v-1"))
        await eventually(lambda: told(1))
        assert 0 < await redis.ttl(KEY) <= 30
        heard: list[bytes] = []

        async def heard_of() -> bool:
            message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=1)
            heard.extend([] if message is None else [message["data"]])
            return "acme/são paulo".encode() in heard

        await eventually(heard_of)
        await redis.flushall()
        await serving.telemetry.send(sale("acme/são paulo", venda_id="v-2"))
        await eventually(lambda: told(2))
