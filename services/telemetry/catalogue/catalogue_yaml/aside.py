"""Reads catalogues without holding up the event loop."""

from typing import Final

from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2

from services.runtime.yaml_documents.aside import LARGE, SECONDS, AsideReader
from services.runtime.yaml_documents.document import require_size
from services.telemetry.catalogue.catalogue_yaml.reading import MAX_MEBIBYTES, read_catalogue

_MODULE: Final = "services.telemetry.catalogue.catalogue_yaml"


class CatalogueReader:
    """Reads documents for one service; arguments as `AsideReader` takes them."""

    def __init__(self, *, large: int = LARGE, seconds: float = SECONDS) -> None:
        self._aside = AsideReader(_MODULE, read_catalogue, pb2.Catalogue.FromString, large=large, seconds=seconds)

    async def read(self, text: str) -> pb2.Catalogue:
        """
        Return the catalogue that a document describes, as `read_catalogue` does.

        Raises:
            InvalidRequest: see `read_catalogue`; also when reading takes too long.
        """
        require_size(text, MAX_MEBIBYTES)
        return await self._aside.read(text)
