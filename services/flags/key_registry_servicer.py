"""`KeyRegistryService`: tells the other services which keys there are, and which browsers may come in."""

from mirante.api.flags.v1 import key_registry_service_pb2 as pb2
from mirante.api.flags.v1 import key_registry_service_pb2_grpc as pb2_grpc

from services.flags.access_admin_servicer import api_key_message
from services.flags.browser_access_messages import browser_access_message
from services.flags.store import RulesReader
from services.flags.store.browser_access import BrowserAccessStore


class KeyRegistryServicer(pb2_grpc.KeyRegistryServiceServicer):
    """Reads the keys from the database, so that an answer is never older than a revocation."""

    def __init__(self, reader: RulesReader, browsers: BrowserAccessStore) -> None:
        self._reader = reader
        self._browsers = browsers

    async def GetKeys(self, request: pb2.GetKeysRequest, _: object) -> pb2.GetKeysResponse:
        """Return the keys, unless the caller has them already."""
        # The version first: keys that are newer than it are read again next time.
        version = await self._reader.api_keys_version()
        response = pb2.GetKeysResponse(version=version, environments=[head.key for head in await self._reader.heads()])
        if version != request.known_version:
            for key in await self._reader.api_keys():
                response.keys.add(api_key=api_key_message(key), secret_hash=key.secret_hash)
            response.browser_access.extend(map(browser_access_message, await self._browsers.all_browser_access()))
        return response
