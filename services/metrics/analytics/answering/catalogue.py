"""The catalogue of the telemetry service."""

from typing import Final

import grpc
import grpc.aio
from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2
from mirante.api.telemetry.v1.catalogue_service_pb2_grpc import CatalogueServiceStub

from services.runtime.errors import Unavailable

_SECONDS: Final = 3.0


class GrpcCatalogues:
    """The `CatalogueSource` by `CatalogueService`."""

    def __init__(self, channel: grpc.aio.Channel, secret: str) -> None:
        self._stub = CatalogueServiceStub(channel)
        self._metadata = (("authorization", f"Bearer {secret}"),)

    async def get(self, environment: str) -> pb2.Catalogue:
        """See `CatalogueSource`."""
        request = pb2.GetCatalogueRequest(environment=environment)
        try:
            response = await self._stub.GetCatalogue(request, metadata=self._metadata, timeout=_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise Unavailable(f"the catalogue does not answer: {error.code().name}") from error
        return response.catalogue
