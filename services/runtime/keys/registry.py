"""Reads the keys from the flag service, and remembers them in our own database: an outage there locks nobody out."""

import datetime
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import grpc
import grpc.aio
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2
from mirante.api.flags.v1 import key_registry_service_pb2 as registry_pb2
from mirante.api.flags.v1.key_registry_service_pb2_grpc import KeyRegistryServiceStub

from services.runtime.access import ALL_ENVIRONMENTS, Role
from services.runtime.errors import Unavailable
from services.runtime.keys import KnownKey

_log = logging.getLogger(__name__)

_CALL_SECONDS: Final = 5.0
_ROLES: Final = {access_pb2.Role.Value(f"ROLE_{role.name}"): role for role in Role}


class KeyMemory(Protocol):
    """Where the last answer of the flag service is kept. Both raise `Unavailable` when that does not answer."""

    async def load(self) -> bytes | None:
        """Return the serialised `GetKeysResponse`; None when there was none yet."""

    async def save(self, response: bytes) -> None:
        """Keep it."""


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    """A `KnownKey`, whose environments are named; `everywhere` tells that they are all that exist."""

    id: str
    name: str
    role: Role
    environments: tuple[str, ...]
    quota_per_second: int
    secret_hash: bytes
    revoked_at: datetime.datetime | None
    everywhere: bool = False


class KeyRegistry:
    """
    The `KeyReader` that asks the flag service.

    While that does not answer, what it said last stands; before it has ever said anything, what it said to an earlier
    process. What cannot be remembered counts all the same, and is saved as soon as it can be. A key that opens all
    environments has those that exist by name: another one is not found.
    """

    def __init__(self, channel: grpc.aio.Channel, secret: str, memory: KeyMemory) -> None:
        self._stub = KeyRegistryServiceStub(channel)
        self._metadata = (("authorization", f"Bearer {secret}"),)
        self._memory = memory
        self._known: registry_pb2.GetKeysResponse | None = None
        self._changes = 0
        self._reachable = True
        self._unsaved = False
        self._saving_fails = False

    @property
    def environments(self) -> frozenset[str]:
        """The environments that exist."""
        return frozenset() if self._known is None else frozenset(self._known.environments)

    @property
    def changes(self) -> int:
        """How often what is known has changed; 0 when nothing is known."""
        return self._changes

    @property
    def browser_access(self) -> Sequence[access_pb2.BrowserAccess]:
        """Of the environments that have one, as of the last `api_keys_version`."""
        return () if self._known is None else self._known.browser_access

    async def api_keys_version(self) -> int:
        """See `KeyReader`."""
        try:
            await self._ask()
        except Unavailable:
            if self._known is None:
                await self._recall()
            if self._known is None:
                raise
        await self._save()
        return self._changes

    async def api_keys(self) -> Sequence[KnownKey]:
        """See `KeyReader`."""
        if self._known is None:
            return []
        keys = [each for each in self._known.keys if each.api_key.role in _ROLES]
        if len(keys) < len(self._known.keys):
            # The flag service is newer than this one: such a key may do nothing here.
            _log.warning("keys of unknown roles are left out", extra={"keys": len(self._known.keys) - len(keys)})
        return [_key(each, self.environments) for each in keys]

    async def _ask(self) -> None:
        request = registry_pb2.GetKeysRequest(known_version=0 if self._known is None else self._known.version)
        try:
            response = await self._stub.GetKeys(request, metadata=self._metadata, timeout=_CALL_SECONDS)
        except grpc.RpcError as error:
            code = error.code().name if isinstance(error, grpc.aio.AioRpcError) else type(error).__name__
            if self._reachable:
                _log.warning(
                    "the flag service does not tell the keys: going on with the last ones", extra={"code": code}
                )
            self._reachable = False
            raise Unavailable("the flag service does not answer, which knows the API keys") from error
        self._reachable = True
        known = self._known
        if known is not None and response.version == known.version:
            if list(response.environments) == list(known.environments):
                return
            response.keys.extend(known.keys)
            response.browser_access.extend(known.browser_access)
        # What was revoked counts at once, also when it cannot be remembered now.
        self._known, self._unsaved = response, True
        self._changes += 1

    async def _save(self) -> None:
        if not self._unsaved or self._known is None:
            return
        try:
            await self._memory.save(self._known.SerializeToString())
            self._unsaved = self._saving_fails = False
        except Unavailable as error:
            if not self._saving_fails:
                _log.warning("the keys cannot be remembered: trying again", extra={"error": error.message})
            self._saving_fails = True

    async def _recall(self) -> None:
        remembered = await self._memory.load()
        if remembered is not None:
            self._known = registry_pb2.GetKeysResponse.FromString(remembered)
            self._changes += 1


def _key(registered: registry_pb2.RegisteredKey, existing: frozenset[str]) -> RegisteredKey:
    key = registered.api_key
    everywhere = ALL_ENVIRONMENTS in key.environments
    return RegisteredKey(
        key.id,
        key.name,
        _ROLES[key.role],
        tuple(existing) if everywhere else tuple(key.environments),
        key.quota_per_second,
        registered.secret_hash,
        key.revoked_at.ToDatetime(datetime.UTC) if key.HasField("revoked_at") else None,
        everywhere,
    )
