"""A flag service that only tells API keys, on a real socket: with keys that tests make up, and outages."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import grpc.aio
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2
from mirante.api.flags.v1 import key_registry_service_pb2 as pb2
from mirante.api.flags.v1 import key_registry_service_pb2_grpc as pb2_grpc

from services.runtime.access import Role
from services.runtime.keys import secret_hash

PRODUCTION, STAGING = "production", "staging"
INTERNAL_KEY = "secret of internal"


class FakeKeyRegistry(pb2_grpc.KeyRegistryServiceServicer):
    """
    A key of each role for production with the secret "secret of ROLE", one each of role server that is "for both"
    environments, one "for two events" a second, one of role admin "for all", and what tests add.

    `asked` are the versions that callers said they know; `failure` is what calls fail with.
    """

    def __init__(self) -> None:
        self.version = 1
        self.environments = [PRODUCTION, STAGING]
        self.keys: dict[str, pb2.RegisteredKey] = {}
        self.browser_access: dict[str, access_pb2.BrowserAccess] = {}
        self.asked: list[int] = []
        self.failure: grpc.StatusCode | None = None
        self.port = 0
        self._server: grpc.aio.Server | None = None
        for role in Role:
            self.add(f"secret of {role.value}", role.value)
        self.add("secret for both", "server", PRODUCTION, STAGING)
        self.add("secret for two events", "server", quota=2)
        self.add("secret for all", "admin", "*")

    @property
    def address(self) -> str:
        """Where it answers, or has answered."""
        return f"127.0.0.1:{self.port}"

    async def GetKeys(self, request: pb2.GetKeysRequest, context: Any) -> pb2.GetKeysResponse:  # noqa: N802 - the name in the contract
        """Answer as the flag service does."""
        if self.failure is not None:
            await context.abort(self.failure, "as the test wants it")
        if ("authorization", f"Bearer {INTERNAL_KEY}") not in context.invocation_metadata():
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "not with this key")
        self.asked.append(request.known_version)
        response = pb2.GetKeysResponse(version=self.version, environments=self.environments)
        if request.known_version != self.version:
            response.keys.extend(self.keys.values())
            response.browser_access.extend(self.browser_access.values())
        return response

    def add(self, secret: str, role: str = "server", *environments: str, quota: int = 0) -> str:
        """Create a key, for production unless told otherwise; return its secret."""
        key = access_pb2.ApiKey(
            id=f"key-{len(self.keys) + 1}",
            name=f"name of {role}",
            role=access_pb2.Role.Value(f"ROLE_{role.upper()}"),
            environments=environments or [PRODUCTION],
            quota_per_second=quota,
        )
        self.keys[secret] = pb2.RegisteredKey(api_key=key, secret_hash=secret_hash(secret))
        self.version += 1
        return secret

    def allow(self, environment: str, *origins: str, token_keys: Sequence[Mapping[str, str]] = ()) -> None:
        """Set the browser access of an environment; `token_keys` are JSON Web Keys."""
        self.browser_access[environment] = access_pb2.BrowserAccess(
            environment=environment,
            origins=origins,
            token_keys=[access_pb2.TokenKey(**each) for each in token_keys],
        )
        self.version += 1

    def revoke(self, secret: str) -> None:
        """Revoke a key."""
        self.keys[secret].api_key.revoked_at.GetCurrentTime()
        self.version += 1

    async def start(self) -> None:
        """Answer, at the same port as before."""
        self._server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        pb2_grpc.add_KeyRegistryServiceServicer_to_server(self, self._server)
        self.port = self._server.add_insecure_port(self.address)
        await self._server.start()

    async def stop(self) -> None:
        """Be away."""
        if self._server is not None:
            await self._server.stop(None)
            self._server = None


@asynccontextmanager
async def fake_key_registry() -> AsyncIterator[FakeKeyRegistry]:
    """Run a registry until the block ends."""
    registry = FakeKeyRegistry()
    await registry.start()
    try:
        yield registry
    finally:
        await registry.stop()
