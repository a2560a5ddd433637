"""Traits of users, from the telemetry service."""

from collections.abc import AsyncGenerator
from typing import Final

import grpc.aio
from mirante.api.telemetry.v1 import identity_service_pb2 as pb2
from mirante.api.telemetry.v1.identity_service_pb2_grpc import IdentityServiceStub

from services.metrics.following import LogRestored
from services.metrics.following.grpc_log import is_void
from services.runtime.errors import Unavailable

_SECONDS: Final = 600.0


class GrpcTraits:
    """The `TraitSource` by `IdentityService`."""

    def __init__(self, channel: grpc.aio.Channel, secret: str) -> None:
        self._stub = IdentityServiceStub(channel)
        self._metadata = (("authorization", f"Bearer {secret}"),)

    async def changes(self, environment: str, cursor: bytes) -> AsyncGenerator[pb2.ListTraitChangesResponse, None]:
        """See `TraitSource`."""
        request = pb2.ListTraitChangesRequest(environment=environment, cursor=cursor)
        call = self._stub.ListTraitChanges(request, metadata=self._metadata, timeout=_SECONDS)
        try:
            async for response in call:
                yield response
        except grpc.aio.AioRpcError as error:
            if is_void(error):
                raise LogRestored from error
            raise Unavailable(f"the traits of users cannot be read: {error.code().name}") from error
        finally:
            call.cancel()
