"""The admin services on a real database, called as a servicer is called, with any caller."""

import datetime
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import asyncpg
import pytest
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.flags.v1 import flag_admin_service_pb2 as pb2
from mirante.api.flags.v1 import flag_pb2

from services.flags.administration import Administration, administration, now
from services.flags.store.postgres import Store
from services.runtime.access import Caller, Role, current_caller
from services.runtime.errors import InvalidRequest, ServiceError
from tests.support.flag_store import migrated_store

Request = TypeVar("Request")
Response = TypeVar("Response")

ANA = Caller("key-ana", "ana", Role.ADMIN, frozenset({"*"}))
BIA = Caller("key-bia", "bia", Role.ADMIN, frozenset({"production"}))
TABLES = (
    *("environments", "definitions", "definition_history"),
    *("api_keys", "key_ring", "browser_access", "people", "sessions"),
    *("rollouts", "rollout_events", "rollout_guard_reports"),
)


@dataclass
class Desk:
    """The services, and what they told of their commits."""

    store: Store
    database_url: str = field(repr=False)
    commits: list[tuple[str, int, str]] = field(default_factory=list)
    key_changes: int = 0
    hints_fail: bool = False
    clock: Callable[[], datetime.datetime] = now

    def __post_init__(self) -> None:
        self.services: Administration = administration(self.store, self._committed, self._keys_changed, self._now)
        self.flags, self.segments, self.access = self.services.flags, self.services.segments, self.services.access

    async def _committed(self, environment: str, revision: int, lineage: str) -> None:
        self.commits.append((environment, revision, lineage))
        if self.hints_fail:
            raise ConnectionError("no Redis")

    def _now(self) -> datetime.datetime:
        return self.clock()

    async def _keys_changed(self) -> None:
        self.key_changes += 1
        if self.hints_fail:
            raise ConnectionError("no Redis")

    async def call(
        self, method: Callable[[Request, object], Awaitable[Response]], request: Request, caller: Caller = ANA
    ) -> Response:
        """Call a method as this caller."""
        token = current_caller.set(caller)
        try:
            return await method(request, None)
        finally:
            current_caller.reset(token)

    async def create(self, flag: flag_pb2.Flag, environment: str = "production") -> pb2.FlagRecord:
        """Create a flag."""
        request = pb2.CreateFlagRequest(environment=environment, flag=flag)
        return (await self.call(self.flags.CreateFlag, request)).record

    async def get(self, key: str, environment: str = "production") -> pb2.FlagRecord:
        """Return a flag."""
        request = pb2.GetFlagRequest(environment=environment, flag_key=key)
        return (await self.call(self.flags.GetFlag, request)).record

    async def update(self, flag: flag_pb2.Flag, etag: str = "") -> pb2.FlagRecord:
        """Replace a definition; without an etag over whatever is there."""
        request = pb2.UpdateFlagRequest(
            environment="production", flag=flag, etag=etag or (await self.get(flag.key)).etag, comment="because"
        )
        return (await self.call(self.flags.UpdateFlag, request)).record

    async def kill(self, key: str, reason: str = "fire") -> pb2.FlagRecord:
        """Kill a flag."""
        request = pb2.KillFlagRequest(environment="production", flag_key=key, reason=reason)
        return (await self.call(self.flags.KillFlag, request)).record

    async def archive(self, key: str) -> pb2.FlagRecord:
        """Archive a flag."""
        request = pb2.ArchiveFlagRequest(environment="production", flag_key=key)
        return (await self.call(self.flags.ArchiveFlag, request)).record

    async def history(self, key: str) -> list[pb2.HistoryEntry]:
        """Return all versions, newest first."""
        request = pb2.GetFlagHistoryRequest(environment="production", flag_key=key, page_size=200)
        return list((await self.call(self.flags.GetFlagHistory, request)).entries)

    async def import_yaml(self, yaml: str, **options: object) -> pb2.ImportFlagsResponse:
        """Import YAML into production; `options` are fields of the request."""
        request = pb2.ImportFlagsRequest(environment="production", yaml=yaml)
        request.MergeFrom(pb2.ImportFlagsRequest(**options))  # type: ignore[arg-type]  # the fields are the caller's
        return await self.call(self.flags.ImportFlags, request)

    async def export_yaml(self, environment: str = "production") -> str:
        """Return an environment as YAML."""
        request = pb2.ExportFlagsRequest(environment=environment)
        return (await self.call(self.flags.ExportFlags, request)).yaml

    async def contents(self) -> str:
        """Return a fingerprint of all that is stored."""
        connection = await asyncpg.connect(self.database_url)
        try:
            rows = [await connection.fetch(f"SELECT t::text FROM {table} AS t ORDER BY 1") for table in TABLES]  # noqa: S608
        finally:
            await connection.close()
        return hashlib.sha256(repr(rows).encode()).hexdigest()

    async def refused(
        self, method: Callable[[Request, object], Awaitable[Response]], request: Request, caller: Caller = ANA
    ) -> ServiceError:
        """Return the refusal of a call, which must leave everything that is stored as it was."""
        before, told = await self.contents(), len(self.commits)
        with pytest.raises(ServiceError) as caught:
            await self.call(method, request, caller)
        assert await self.contents() == before
        assert len(self.commits) == told
        return caught.value


def fields(error: ServiceError) -> list[str]:
    """Return the fields that a refusal names."""
    assert isinstance(error, InvalidRequest)
    return [violation.field for violation in error.violations]


def reason(error: ServiceError) -> str:
    """Return the reason of a refusal, without its prefix."""
    return reasons.ErrorReason.Name(error.reason).removeprefix("ERROR_REASON_")


@asynccontextmanager
async def open_desk(database_url: str) -> AsyncIterator[Desk]:
    """Yield the services on a fresh database with the environments "production" and "staging"."""
    async with migrated_store(database_url, "production") as store:
        await store.access.create_environment("staging", "", actor="tests")
        yield Desk(store, database_url)
