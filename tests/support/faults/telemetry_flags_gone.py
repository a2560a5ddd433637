"""The flag service, which knows the keys, is away: telemetry goes on, and starts, with the keys as it was told last."""

import asyncio

import grpc
import grpc.aio
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2
from mirante.api.flags.v1.access_admin_service_pb2_grpc import AccessAdminServiceStub

from tests.support.datastores import RunningDatastores
from tests.support.faults.telemetry_callers import Ledger
from tests.support.faults.telemetry_ingest import Ingest, Metadata
from tests.support.faults.telemetry_traffic import Traffic, request_of
from tests.support.flag_service_process import CHANNEL_OPTIONS, ENVIRONMENT, PATIENCE_SECONDS, ServiceProcess
from tests.support.telemetry_process import TelemetryInstallation, telemetry_installation

_BATCH = 20


async def telemetry_without_flags(datastores: RunningDatastores, database_url: str) -> dict[str, object]:
    """Return what happened, after known keys opened, and unknown and revoked ones did not, all the time."""
    ledger = Ledger()
    async with telemetry_installation(database_url, datastores.valkey.url) as services:
        made, revoked = await _make_key(services, "feita"), await _make_key(services, "revogada")
        for replica in services.telemetry.replicas:
            await _until(replica, _bearer(made.secret), None)
            await _until(replica, _bearer(revoked.secret), None)
        await _revoke(services, revoked.api_key)
        for replica in services.telemetry.replicas:
            await _until(replica, _bearer(revoked.secret), grpc.StatusCode.UNAUTHENTICATED)
        services.flags.kill()
        for restarted in (False, True):
            for replica in services.telemetry.replicas:
                if restarted:
                    replica.kill()
                    replica.start()
                    await replica.serving()
                await _send(replica, services.metadata("server"), ledger)
                await _send(replica, _bearer(made.secret), ledger)
                assert await _refused(replica, _bearer(revoked.secret)) is grpc.StatusCode.UNAUTHENTICATED
                assert await _refused(replica, _bearer("mir_nobody")) is grpc.StatusCode.UNAUTHENTICATED
        services.flags.start()
        await services.flags.serving()
        late = await _make_key(services, "tardia")
        for replica in services.telemetry.replicas:
            await _until(replica, _bearer(late.secret), None)
    assert ledger.faults == []
    assert ledger.acknowledged == ledger.sent.keys()
    return {"acknowledged without the flag service": len(ledger.acknowledged)}


async def _send(replica: ServiceProcess, metadata: Metadata, ledger: Ledger) -> None:
    batch = Traffic().batch(_BATCH)
    ledger.sent.update((event.id, event.tenant) for event in batch)
    ingest = Ingest(replica.address, metadata)
    ledger.settle(batch, await ingest.send(request_of(batch, "")))
    await ingest.close()


async def _refused(replica: ServiceProcess, metadata: Metadata) -> grpc.StatusCode | None:
    """Return how an empty batch is refused; None when it is taken."""
    ingest = Ingest(replica.address, metadata)
    try:
        await ingest.send(request_of([], ""))
    except grpc.aio.AioRpcError as error:
        return error.code()
    finally:
        await ingest.close()
    return None


async def _until(replica: ServiceProcess, metadata: Metadata, code: grpc.StatusCode | None) -> None:
    """Return when an empty batch is refused in this way; keys are told within seconds."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await _refused(replica, metadata) is not code:
            await asyncio.sleep(0.05)


async def _make_key(services: TelemetryInstallation, name: str) -> access_pb2.CreateApiKeyResponse:
    async with grpc.aio.insecure_channel(services.flags.address, options=CHANNEL_OPTIONS) as channel:
        response: access_pb2.CreateApiKeyResponse = await AccessAdminServiceStub(channel).CreateApiKey(
            access_pb2.CreateApiKeyRequest(name=name, role=access_pb2.ROLE_SERVER, environments=[ENVIRONMENT]),
            metadata=services.metadata("admin"),
        )
    return response


async def _revoke(services: TelemetryInstallation, key: access_pb2.ApiKey) -> None:
    async with grpc.aio.insecure_channel(services.flags.address, options=CHANNEL_OPTIONS) as channel:
        request = access_pb2.RevokeApiKeyRequest(key_id=key.id)
        await AccessAdminServiceStub(channel).RevokeApiKey(request, metadata=services.metadata("admin"))


def _bearer(secret: str) -> Metadata:
    return (("authorization", f"Bearer {secret}"),)
