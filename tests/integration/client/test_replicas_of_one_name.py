"""Where one name stands for several servers, all of them are used."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from mirante.client.channel import open_channel
from mirante.client.settings import ClientSettings

from services.runtime.balancing import ROUND_ROBIN

CALLS = 40
"""That one of two servers gets none of so many by chance: once in half a trillion runs."""


class Named(health_pb2_grpc.HealthServicer):  # type: ignore[misc]  # has no types
    """Answers with its name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def Check(  # noqa: N802 - the contract's name
        self, _request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext
    ) -> health_pb2.HealthCheckResponse:
        """See the contract."""
        context.set_trailing_metadata((("who", self._name),))
        return health_pb2.HealthCheckResponse()


@pytest.fixture
def name() -> Iterator[str]:
    """A name of two servers, always in the same order."""
    servers, ports = [grpc.server(ThreadPoolExecutor(2)) for _ in range(2)], []
    for number, server in enumerate(servers):
        health_pb2_grpc.add_HealthServicer_to_server(Named(str(number)), server)
        ports.append(server.add_insecure_port("127.0.0.1:0"))
        server.start()
    yield "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports)
    for server in servers:
        server.stop(None).wait()


def who(channel: grpc.Channel) -> str:
    """Return which server answers."""
    _, call = health_pb2_grpc.HealthStub(channel).Check.with_call(health_pb2.HealthCheckRequest(), wait_for_ready=True)
    return str(dict(call.trailing_metadata())["who"])


def test_each_client_keeps_to_one_of_them(name: str) -> None:
    """And not all to the same."""
    found: Counter[str] = Counter()
    for _ in range(CALLS):
        with open_channel(ClientSettings(address=name, api_key="key")) as channel:
            asked = {who(channel) for _ in range(3)}
        assert len(asked) == 1
        found.update(asked)
    assert set(found) == {"0", "1"}


def test_services_share_their_calls_out(name: str) -> None:
    """Over one channel, in turn."""
    with grpc.insecure_channel(name, [ROUND_ROBIN]) as channel:
        assert {who(channel) for _ in range(CALLS)} == {"0", "1"}
