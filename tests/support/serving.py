"""A flag service in this process on real datastores, and callers on real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc.aio
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from mirante.api.flags.v1 import flag_admin_service_pb2 as admin_pb2
from mirante.api.flags.v1 import flag_pb2
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2
from mirante.api.flags.v1.access_admin_service_pb2_grpc import AccessAdminServiceStub
from mirante.api.flags.v1.evaluation_service_pb2_grpc import EvaluationServiceStub
from mirante.api.flags.v1.flag_admin_service_pb2_grpc import FlagAdminServiceStub
from mirante.api.flags.v1.flag_sync_service_pb2_grpc import FlagSyncServiceStub
from mirante.api.flags.v1.people_service_pb2_grpc import LoginServiceStub, PeopleAdminServiceStub
from mirante.api.flags.v1.segment_admin_service_pb2_grpc import SegmentAdminServiceStub
from mirante.replica import Replica

from services.flags.app import FlagService, running
from services.flags.settings import FlagsSettings

if TYPE_CHECKING:
    from mirante.api.flags.v1.access_admin_service_pb2_grpc import AccessAdminServiceAsyncStub
    from mirante.api.flags.v1.evaluation_service_pb2_grpc import EvaluationServiceAsyncStub
    from mirante.api.flags.v1.flag_admin_service_pb2_grpc import FlagAdminServiceAsyncStub
    from mirante.api.flags.v1.flag_sync_service_pb2_grpc import FlagSyncServiceAsyncStub
    from mirante.api.flags.v1.people_service_pb2_grpc import LoginServiceAsyncStub, PeopleAdminServiceAsyncStub
    from mirante.api.flags.v1.segment_admin_service_pb2_grpc import SegmentAdminServiceAsyncStub

PRODUCTION = "production"
PATIENCE_SECONDS = 60.0
"""Far more than anything needs, so that only a fault meets it."""

Metadata = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Datastores:
    """Where a test's data is."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    home: Path


@asynccontextmanager
async def serving(datastores: Datastores, **settings: Any) -> AsyncIterator["Serving"]:
    """Run a service with the environment "production" and a key of each role; settings are those of `FlagsSettings`."""
    quick = {"port": 0, "bootstrap": True, "goodbye_spread_seconds": 1.0, "drain_seconds": 2.0}
    chosen = FlagsSettings(
        home=datastores.home,
        database_url=datastores.database_url,
        redis_url=datastores.redis_url,
        **(quick | settings),
    )
    # The channel outlives the service, so that callers see how it ends.
    async with AsyncExitStack() as stack, running(chosen) as service:
        keys = json.loads((datastores.home / "keys.json").read_text())
        yield await stack.enter_async_context(Serving.on(service, keys))


class Serving:
    """A running service and stubs of everything that it serves."""

    def __init__(self, service: FlagService, keys: dict[str, str], channel: grpc.aio.Channel) -> None:
        self.service = service
        self.keys = keys
        self.channel = channel
        self.evaluation: EvaluationServiceAsyncStub = EvaluationServiceStub(channel)
        self.sync: FlagSyncServiceAsyncStub = FlagSyncServiceStub(channel)
        self.flags: FlagAdminServiceAsyncStub = FlagAdminServiceStub(channel)
        self.segments: SegmentAdminServiceAsyncStub = SegmentAdminServiceStub(channel)
        self.access: AccessAdminServiceAsyncStub = AccessAdminServiceStub(channel)
        self.people: PeopleAdminServiceAsyncStub = PeopleAdminServiceStub(channel)
        self.logins: LoginServiceAsyncStub = LoginServiceStub(channel)

    @classmethod
    @asynccontextmanager
    async def on(cls, service: FlagService, keys: dict[str, str]) -> AsyncIterator["Serving"]:
        """Open a channel."""
        # Without probes the windows stay at 64 KiB, so that a caller that does not read is soon noticed.
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.http2.bdp_probe", 0)]
        async with grpc.aio.insecure_channel(f"127.0.0.1:{service.port}", options=options) as channel:
            yield cls(service, keys, channel)

    def key(self, role: str) -> Metadata:
        """Return the metadata of the key of a role."""
        return bearer(self.keys[role])

    @property
    def admin(self) -> Metadata:
        """Return the metadata of the admin's key."""
        return self.key("admin")

    async def create(self, *flags: flag_pb2.Flag, environment: str = PRODUCTION) -> int:
        """Create flags; return the revision of the last."""
        revision = 0
        for flag in flags:
            request = admin_pb2.CreateFlagRequest(environment=environment, flag=flag)
            revision = (await self.flags.CreateFlag(request, metadata=self.admin)).record.revision
        return revision

    async def kill(self, flag_key: str) -> int:
        """Kill a flag; return the revision."""
        request = admin_pb2.KillFlagRequest(environment=PRODUCTION, flag_key=flag_key, reason="test")
        return (await self.flags.KillFlag(request, metadata=self.admin)).record.revision

    async def restore(self, flag_key: str) -> int:
        """Restore a flag; return the revision."""
        request = admin_pb2.RestoreFlagRequest(environment=PRODUCTION, flag_key=flag_key, reason="test")
        return (await self.flags.RestoreFlag(request, metadata=self.admin)).record.revision

    async def health(self, service: str = "") -> str:
        """Return what health says."""
        answer = await health_pb2_grpc.HealthStub(self.channel).Check(health_pb2.HealthCheckRequest(service=service))
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))

    async def watch(self, role: str = "server", **subscribe: Any) -> "Watcher":
        """Subscribe."""
        return await Watcher.open(self, self.key(role), **subscribe)


class Watcher:
    """One watch stream, with a replica that applies what comes."""

    def __init__(self, call: Any) -> None:
        self.call = call
        self.replica = Replica()
        self.transfers: list[sync_pb2.Transfer] = []

    @classmethod
    async def open(cls, serving: Serving, metadata: Metadata, **subscribe: Any) -> "Watcher":
        """Subscribe; the fields are those of `Subscribe`."""
        watcher = cls(serving.sync.WatchFlags(metadata=metadata))
        await watcher.send(subscribe=sync_pb2.Subscribe(**subscribe))
        return watcher

    async def send(self, **kind: Any) -> None:
        """Send one message."""
        await self.call.write(sync_pb2.WatchFlagsRequest(**kind))

    async def next(self) -> sync_pb2.WatchFlagsResponse:
        """Return the next message; applies transfers. Raises AioRpcError when the stream was refused."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            message = await self.call.read()
        if message is grpc.aio.EOF:
            raise AssertionError(f"the stream has ended: {await self.call.code()}")
        assert isinstance(message, sync_pb2.WatchFlagsResponse)
        if message.HasField("transfer"):
            self.transfers.append(message.transfer)
            self.replica.apply(message.transfer)
        return message

    async def transfer(self) -> sync_pb2.Transfer:
        """Return the last part of the next transfer."""
        while True:
            message = await self.next()
            if message.HasField("transfer") and not message.transfer.more:
                return message.transfer

    async def until(self, revision: int) -> None:
        """Read until the replica has a revision."""
        while self.replica.revision < revision:
            await self.transfer()

    async def end(self) -> "Refused":
        """Return how the stream ended, reading what comes before."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    if await self.call.read() is grpc.aio.EOF:
                        break
                except grpc.aio.AioRpcError:
                    break
            return Refused.of(await self.call.code(), await self.call.details(), await self.call.trailing_metadata())


@dataclass(frozen=True)
class Refused:
    """A status, taken apart."""

    code: str
    reason: str = ""
    message: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    fields: list[str] = field(default_factory=list)
    retry_seconds: float | None = None

    @classmethod
    def of(cls, code: grpc.StatusCode, message: str | None, trailers: Any) -> "Refused":
        """Take a status apart."""
        found: dict[str, Any] = {}
        for name, value in trailers or ():
            if name == "grpc-status-details-bin":
                for detail in status_pb2.Status.FromString(value).details:
                    found |= _taken_apart(detail)
        return cls(code.name, message=message or "", **found)


def _taken_apart(detail: Any) -> dict[str, Any]:
    information, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    if detail.Unpack(information):
        assert information.domain == "mirante"
        return {"reason": information.reason, "metadata": dict(information.metadata)}
    if detail.Unpack(request):
        return {"fields": [violation.field for violation in request.field_violations]}
    if detail.Unpack(retry):
        return {"retry_seconds": retry.retry_delay.ToNanoseconds() / 1e9}
    return {}


async def refused(call: Awaitable[object]) -> Refused:
    """Return how a call was refused; fails when it was not."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    error = caught.value
    return Refused.of(error.code(), error.details(), error.trailing_metadata())


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    """Return when a condition has come true."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await condition():
            await asyncio.sleep(0.005)


def bearer(secret: str) -> Metadata:
    """Return the metadata of a key."""
    return (("authorization", f"Bearer {secret}"),)


@asynccontextmanager
async def replicas(count: int, datastores: Datastores, **settings: Any) -> AsyncIterator[list[Serving]]:
    """Run several services on the same datastores."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(serving(datastores, **settings)) for _ in range(count)]
