"""Whether a service answers, by the standard gRPC health protocol or, at the edge, over HTTP."""

import asyncio
import http.client
import ssl

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.cli.connection import CliSettings, credentials, load_settings
from services.runtime.settings import ServiceSettings

_TIMEOUT_SECONDS = 2.0


def own_credentials(settings: ServiceSettings) -> grpc.ChannelCredentials | None:
    """
    Return how to reach services that we start ourselves: None when they speak plain text.

    A certificate that signs itself is trusted as it is; for any other MIRANTE_CLI_TLS_CA names the authority.
    """
    if settings.tls_certificate is None:
        return None
    client = load_settings(CliSettings)
    return credentials(client.tls_ca or settings.tls_certificate, client.tls_cert, client.tls_key)


async def is_serving(address: str, tls: grpc.ChannelCredentials | None) -> bool:
    """Return whether the service at this address says SERVING now."""
    channel = grpc.aio.insecure_channel(address) if tls is None else grpc.aio.secure_channel(address, tls)
    async with channel:
        try:
            answer = await health_pb2_grpc.HealthStub(channel).Check(
                health_pb2.HealthCheckRequest(), timeout=_TIMEOUT_SECONDS
            )
        except grpc.aio.AioRpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def own_context(settings: ServiceSettings) -> ssl.SSLContext | None:
    """Return how to reach our own services over HTTP, as `own_credentials` does for gRPC."""
    if settings.tls_certificate is None:
        return None
    client = load_settings(CliSettings)
    context = ssl.create_default_context(cafile=str(client.tls_ca or settings.tls_certificate))
    if client.tls_cert is not None:
        context.load_cert_chain(client.tls_cert, client.tls_key)
    return context


async def is_ready_over_http(address: str, tls: ssl.SSLContext | None) -> bool:
    """Return whether the service at this address says that it is ready."""
    return await asyncio.to_thread(_is_ready, address, tls)


def _is_ready(address: str, tls: ssl.SSLContext | None) -> bool:
    connection = (
        http.client.HTTPConnection(address, timeout=_TIMEOUT_SECONDS)
        if tls is None
        else http.client.HTTPSConnection(address, timeout=_TIMEOUT_SECONDS, context=tls)
    )
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
