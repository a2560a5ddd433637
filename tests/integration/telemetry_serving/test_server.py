"""The server itself: health, reflection, TLS, and its beginning before anything else answers."""

import asyncio
from typing import Any

import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from services.runtime.settings import SettingsError
from services.telemetry.app import running
from services.telemetry.roles import SERVICES
from services.telemetry.settings import TelemetrySettings
from tests.support.certificates import make_certificates
from tests.support.datastores import ServerHandle
from tests.support.fake_key_registry import fake_key_registry
from tests.support.running_up import free_port
from tests.support.serving import PATIENCE_SECONDS, Datastores, bearer, eventually, refused, serving
from tests.support.telemetry_events import sale
from tests.support.telemetry_methods import METHODS, outcome
from tests.support.telemetry_serving import (
    ACCEPTED,
    TelemetryServing,
    open_channel,
    settings_for,
    telemetry_serving,
)


async def health(channel: grpc.aio.Channel) -> str:
    """What health says."""
    answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), wait_for_ready=True)
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))


async def test_health_and_reflection_name_every_service(service: TelemetryServing) -> None:
    """And need no key."""
    for name in ("", *SERVICES):
        assert await service.health(name) == "SERVING"
    assert (await refused(service.health("mirante.api.telemetry.v1.Nothing"))).code == "NOT_FOUND"
    call = reflection_pb2_grpc.ServerReflectionStub(service.channel).ServerReflectionInfo()
    await call.write(reflection_pb2.ServerReflectionRequest(list_services=""))
    answer = await call.read()
    assert {each.name for each in answer.list_services_response.service} >= set(SERVICES)
    await call.write(reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICES[0]))
    assert (await call.read()).file_descriptor_response.file_descriptor_proto
    call.cancel()


async def test_before_the_database_answers_calls_are_to_come_again(
    stores: Datastores, postgres_server: ServerHandle
) -> None:
    """The port is open, health says NOT_SERVING; every method refuses as NOT_READY, whoever asks."""
    await postgres_server.stop()
    stop = asyncio.Event()
    async with fake_key_registry() as registry:
        settings = settings_for(stores, registry, port=free_port())

        async def serve() -> None:
            async with running(settings):
                await stop.wait()

        task = asyncio.create_task(serve())
        async with open_channel(settings.port) as channel:
            assert await health(channel) == "NOT_SERVING"
            for method in METHODS:
                found = await outcome(channel, method, b"")
                assert (found.code, found.reason) == ("UNAVAILABLE", "NOT_READY"), method
                assert found.retry_seconds is not None
            await postgres_server.start()
            await postgres_server.wait_until_ready()

            async def is_serving() -> bool:
                return await health(channel) == "SERVING"

            await eventually(is_serving)
            service = TelemetryServing(None, stores, registry, channel)  # type: ignore[arg-type]  # it is not asked
            assert await service.send(sale()) == [ACCEPTED]
        stop.set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await task


async def test_a_first_start_waits_for_the_flag_service_and_later_ones_do_not(stores: Datastores) -> None:
    """The keys are kept in the database: who was let in is let in while the flag service is away."""
    async with fake_key_registry() as registry:
        await registry.stop()
        settings = settings_for(stores, registry, port=free_port())
        stop = asyncio.Event()

        async def serve() -> None:
            async with running(settings):
                await stop.wait()

        task = asyncio.create_task(serve())
        async with open_channel(settings.port) as channel:
            assert await health(channel) == "NOT_SERVING"
            await registry.start()

            async def is_serving() -> bool:
                return await health(channel) == "SERVING"

            await eventually(is_serving)
        stop.set()
        await task
        await registry.stop()
        async with running(settings) as again, open_channel(again.port) as channel:
            service = TelemetryServing(again, stores, registry, channel)
            assert await service.send(sale()) == [ACCEPTED]
            assert (await refused(service.send(sale(), key=bearer("nobody")))).reason == "UNKNOWN_KEY"


async def test_keys_come_from_the_real_flag_service(stores: Datastores) -> None:
    """With the key of role internal that the flag service leaves in the home folder."""
    async with serving(stores) as flags, fake_key_registry() as registry:
        address = f"127.0.0.1:{flags.service.port}"
        settings = settings_for(stores, registry, flags_address=address, internal_key=None)
        async with running(settings) as telemetry, open_channel(telemetry.port) as channel:
            service = TelemetryServing(telemetry, stores, registry, channel)
            assert await service.send(sale(), key=flags.key("server")) == [ACCEPTED]
            assert await service.send(sale(), key=flags.admin, environment="production") == [ACCEPTED]
            assert (await refused(service.send(sale()))).reason == "UNKNOWN_KEY"


async def test_tls(stores: Datastores) -> None:
    """Whoever trusts the authority can send, and nobody can in plain text."""
    certificates = make_certificates(stores.home)
    tls = {"tls_certificate": certificates.server.certificate, "tls_key": certificates.server.key}
    async with telemetry_serving(stores, **tls) as service:
        credentials = grpc.ssl_channel_credentials(certificates.ca.read_bytes())
        async with grpc.aio.secure_channel(f"localhost:{service.service.port}", credentials) as channel:
            encrypted = TelemetryServing(service.service, stores, service.registry, channel)
            assert await encrypted.send(sale()) == [ACCEPTED]
        assert (await refused(service.send(sale()))).code == "UNAVAILABLE"


@pytest.mark.parametrize(
    ("settings", "variable"),
    [
        ({"internal_key": None}, "MIRANTE_INTERNAL_KEY"),
        ({"flags_ca": "nowhere.pem"}, "MIRANTE_FLAGS_CA"),
        ({"database_url": "not an address"}, "DATABASE_URL"),
        ({"database_url": "postgresql://host:not-a-port/not"}, "DATABASE_URL"),
        ({"redis_url": "not an address"}, "REDIS_URL"),
        ({"redis_url": "redis://host:not-a-port/not"}, "REDIS_URL"),
    ],
)
async def test_a_setting_that_cannot_be_is_named(stores: Datastores, settings: dict[str, Any], variable: str) -> None:
    """The service does not come up with it, and does not repeat it."""
    values: dict[str, Any] = {
        "home": stores.home,
        "database_url": stores.database_url,
        "redis_url": stores.redis_url,
        "port": 0,
        "internal_key": "any",
    }
    with pytest.raises(SettingsError, match=variable) as caught:
        async with running(TelemetrySettings(**(values | settings))):
            pass
    assert "not-a-port" not in str(caught.value)


async def test_a_taken_port_is_named(stores: Datastores, service: TelemetryServing) -> None:
    """Two services never share a port by accident."""
    with pytest.raises(SettingsError, match="MIRANTE_TELEMETRY_PORT"):
        async with running(settings_for(stores, service.registry, port=service.service.port)):
            pass
