"""Reads documents of flags without holding up the event loop."""

from mirante.api.flags.v1.flag_sync_service_pb2 import Transfer

from services.flags.flags_yaml.document import MAX_MEBIBYTES, Definitions, read_definitions
from services.runtime.yaml_documents.aside import LARGE, SECONDS, AsideReader
from services.runtime.yaml_documents.document import require_size

_MODULE = "services.flags.flags_yaml"


class Reader:
    """Reads documents for one service; arguments as `AsideReader` takes them."""

    def __init__(self, *, large: int = LARGE, seconds: float = SECONDS) -> None:
        self._aside = AsideReader(_MODULE, read_definitions, _parsed, large=large, seconds=seconds)

    async def read(self, text: str) -> Definitions:
        """
        Return what a document describes, as `read_definitions` does.

        Raises:
            InvalidRequest: see `read_definitions`; also when reading takes too long.
        """
        require_size(text, MAX_MEBIBYTES)
        return await self._aside.read(text)


def serialised(text: str) -> bytes:
    """Return what a document describes as a serialised `Transfer`; raise as `read_definitions` does."""
    found = read_definitions(text)
    return Transfer(flags=found.flags.values(), segments=found.segments.values()).SerializeToString()


def _parsed(answer: bytes) -> Definitions:
    transfer = Transfer.FromString(answer)
    return Definitions({flag.key: flag for flag in transfer.flags}, {each.key: each for each in transfer.segments})
