"""The server itself: health, reflection, TLS, ports, and its beginning and end."""

import asyncio
import json
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from mirante.api.flags.v1 import evaluation_service_pb2 as pb2
from mirante.api.flags.v1.evaluation_service_pb2_grpc import EvaluationServiceStub

from services.flags.app import running
from services.flags.roles import SERVICES
from services.flags.settings import FlagsSettings
from services.runtime.settings import SettingsError
from tests.support.certificates import Certificates, make_certificates
from tests.support.datastores import ServerHandle
from tests.support.flag_store import bool_flag
from tests.support.running_up import free_port
from tests.support.serving import PATIENCE_SECONDS, Datastores, Serving, bearer, eventually, refused, serving


async def test_health_names_every_service(service: Serving) -> None:
    """And needs no key."""
    for name in ("", *SERVICES):
        assert await service.health(name) == "SERVING"
    found = await refused(service.health("mirante.api.flags.v1.Nothing"))
    assert found.code == "NOT_FOUND"


async def test_health_can_be_watched_until_the_end(stores: Datastores) -> None:
    """It says NOT_SERVING before the service goes."""
    status = health_pb2.HealthCheckResponse
    async with serving(stores) as service:
        call = health_pb2_grpc.HealthStub(service.channel).Watch(health_pb2.HealthCheckRequest())
        assert (await call.read()).status == status.SERVING
        last = asyncio.create_task(call.read())
    assert (await last).status == status.NOT_SERVING


async def test_reflection_lists_what_there_is(service: Serving) -> None:
    """For tools that have no contracts at hand."""
    call = reflection_pb2_grpc.ServerReflectionStub(service.channel).ServerReflectionInfo()
    await call.write(reflection_pb2.ServerReflectionRequest(list_services=""))
    answer = await call.read()
    assert {each.name for each in answer.list_services_response.service} >= set(SERVICES)


async def test_a_taken_port_is_named(stores: Datastores, service: Serving) -> None:
    """Two services never share a port by accident."""
    settings = FlagsSettings(
        home=stores.home,
        database_url=stores.database_url,
        redis_url=stores.redis_url,
        port=service.service.port,
    )
    with pytest.raises(SettingsError, match="MIRANTE_FLAGS_PORT"):
        async with running(settings):
            pass


async def test_several_may_share_a_port_on_purpose(stores: Datastores) -> None:
    """With SO_REUSEPORT."""
    port = free_port()
    async with (
        serving(stores, port=port, reuseport=True) as one,
        serving(stores, port=port, reuseport=True) as two,
    ):
        assert one.service.port == two.service.port == port
        assert await one.health() == "SERVING"


async def test_a_database_that_is_not_there_yet_is_waited_for(
    stores: Datastores, postgres_server: ServerHandle
) -> None:
    """Meanwhile the port is open, health says NOT_SERVING, and calls are told to come again."""
    await postgres_server.stop()
    port = free_port()
    stop = asyncio.Event()

    async def serve() -> None:
        async with serving(stores, port=port) as service:
            await service.create(bool_flag("a"))
            await stop.wait()

    task = asyncio.create_task(serve())
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        health = health_pb2_grpc.HealthStub(channel)

        async def says(status: str) -> bool:
            answer = await health.Check(health_pb2.HealthCheckRequest(), wait_for_ready=True)
            return bool(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status) == status)

        assert await says("NOT_SERVING")
        stub = EvaluationServiceStub(channel)
        for _ in range(3):
            early: Awaitable[Any] = stub.EvaluateFlag(pb2.EvaluateFlagRequest(flag_key="a"), metadata=bearer("any"))
            found = await refused(early)
            assert (found.code, found.reason) == ("UNAVAILABLE", "NOT_READY")
            assert found.retry_seconds is not None
        stream = stub.EvaluateStream(metadata=bearer("any"))
        assert (await stream.code()).name == "UNAVAILABLE"
        await postgres_server.start()
        await postgres_server.wait_until_ready()
        await eventually(lambda: says("SERVING"))
        key = json.loads((stores.home / "keys.json").read_text())["server"]

        async def answers() -> bool:
            call = stub.EvaluateFlag(pb2.EvaluateFlagRequest(flag_key="a"), metadata=bearer(key))
            return (await call.code()).name == "OK"

        await eventually(answers)
    stop.set()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await task


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority, a server and a client."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def channel(
    service: Serving, authority: Path, *, key: Path | None = None, chain: Path | None = None
) -> grpc.aio.Channel:
    """An encrypted channel that trusts an authority."""
    credentials = grpc.ssl_channel_credentials(
        authority.read_bytes(), key.read_bytes() if key else None, chain.read_bytes() if chain else None
    )
    options = [("grpc.use_local_subchannel_pool", 1)]
    return grpc.aio.secure_channel(f"localhost:{service.service.port}", credentials, options=options)


async def serves(connection: grpc.aio.Channel) -> bool:
    """Whether the server can be talked to."""
    call = health_pb2_grpc.HealthStub(connection).Check(health_pb2.HealthCheckRequest(), timeout=PATIENCE_SECONDS)
    code = await call.code()
    assert code in {grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE}
    return bool(code is grpc.StatusCode.OK)


async def test_tls(stores: Datastores, certificates: Certificates) -> None:
    """Whoever trusts the authority can talk to the server, and nobody can in plain text."""
    tls = {"tls_certificate": certificates.server.certificate, "tls_key": certificates.server.key}
    async with serving(stores, **tls) as service:
        async with channel(service, certificates.ca) as connection:
            assert await serves(connection)
        assert not await serves(service.channel)


async def test_mutual_tls(stores: Datastores, certificates: Certificates) -> None:
    """Clients have to show a certificate of the authority."""
    tls = {
        "tls_certificate": certificates.server.certificate,
        "tls_key": certificates.server.key,
        "tls_client_ca": certificates.ca,
    }
    client = certificates.client
    async with serving(stores, **tls) as service:
        async with channel(service, certificates.ca, key=client.key, chain=client.certificate) as connection:
            assert await serves(connection)
        async with channel(service, certificates.ca) as connection:
            assert not await serves(connection)


async def test_a_renewed_certificate_is_used_without_a_restart(
    stores: Datastores, certificates: Certificates, tmp_path: Path
) -> None:
    """The next connection sees the new one; while the files are broken the old one holds."""
    folders = tmp_path / "in use", tmp_path / "renewed"
    for folder in folders:
        folder.mkdir()
    certificate, key = folders[0] / "server.pem", folders[0] / "server.key"
    certificate.write_bytes(certificates.server.certificate.read_bytes())
    key.write_bytes(certificates.server.key.read_bytes())
    async with serving(stores, tls_certificate=certificate, tls_key=key) as service:
        async with channel(service, certificates.ca) as connection:
            assert await serves(connection)
        key.unlink()
        async with channel(service, certificates.ca) as connection:
            assert await serves(connection)
        renewed = make_certificates(folders[1])
        key.write_bytes(renewed.server.key.read_bytes())
        certificate.write_bytes(renewed.server.certificate.read_bytes())
        async with channel(service, renewed.ca) as connection:
            assert await serves(connection)
        async with channel(service, certificates.ca) as connection:
            assert not await serves(connection)


async def test_missing_tls_files_are_named(stores: Datastores, tmp_path: Path) -> None:
    """The service does not come up without them."""
    with pytest.raises(SettingsError, match=r"nowhere\.pem"):
        async with serving(stores, tls_certificate=tmp_path / "nowhere.pem", tls_key=tmp_path / "nowhere.key"):
            pass
