"""The flag service, as the controller asks it: with a key of role editor and no other rights."""

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import grpc
import grpc.aio
from google.protobuf.message import Message
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2
from mirante.api.flags.v1 import flag_admin_service_pb2 as pb2
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2
from mirante.api.flags.v1.access_admin_service_pb2_grpc import AccessAdminServiceStub
from mirante.api.flags.v1.flag_admin_service_pb2_grpc import FlagAdminServiceStub
from mirante.api.flags.v1.flag_sync_service_pb2_grpc import FlagSyncServiceStub
from mirante.evaluation.model import Violation

from services.controller.planning import Differences, Killed, Stored
from services.controller.statuses import Refused, refused
from services.runtime.channels import KEEPALIVE, open_channel

if TYPE_CHECKING:
    from mirante.api.flags.v1.access_admin_service_pb2_grpc import AccessAdminServiceAsyncStub
    from mirante.api.flags.v1.flag_admin_service_pb2_grpc import FlagAdminServiceAsyncStub
    from mirante.api.flags.v1.flag_sync_service_pb2_grpc import FlagSyncServiceAsyncStub

Answer = TypeVar("Answer", bound=Message)

_SECONDS: Final = 10.0
_IMPORT_SECONDS: Final = 60.0
_PAGE: Final = 1_000
_MOST_TEXT: Final = 500
_LINE: Final = re.compile(r" \(line \d+\)$")


@dataclass(frozen=True, slots=True)
class Clients:
    """How many connected clients there are, and how many of them have a revision."""

    revision: int
    connected: int
    applied: int
    partial: bool


class FlagService:
    """Calls the flag service. Every method raises `Refused`."""

    def __init__(self, channel: grpc.aio.Channel, secret: str) -> None:
        self._flags: FlagAdminServiceAsyncStub = FlagAdminServiceStub(channel)
        self._sync: FlagSyncServiceAsyncStub = FlagSyncServiceStub(channel)
        self._access: AccessAdminServiceAsyncStub = AccessAdminServiceStub(channel)
        self._metadata = (("authorization", f"Bearer {secret}"),)

    async def find(self, environment: str, key: str) -> Stored | None:
        """Return a flag; None when there is none."""
        request = pb2.GetFlagRequest(environment=environment, flag_key=key)
        try:
            return _stored((await self._call(self._flags.GetFlag, request)).record)
        except Refused as error:
            if error.reason == "FLAG_NOT_FOUND":
                return None
            raise

    async def differences(self, environment: str, key: str, definition: Mapping[str, Any]) -> Differences:
        """Return how a flag would have to change. Raises `Refused` with violations of "spec...." for what is wrong."""
        request = pb2.ImportFlagsRequest(environment=environment, yaml=_document(key, definition), dry_run=True)
        answer = await self._import(key, request)
        paths = [change.path for planned in answer.changes for change in planned.changes]
        absent = any(each.action == pb2.HISTORY_ACTION_CREATE for each in answer.changes)
        return Differences(paths, absent, answer.revision)

    async def define(
        self, environment: str, key: str, definition: Mapping[str, Any], *, revision: int, comment: str
    ) -> int:
        """
        Make a flag as it is defined, also one that is archived; return the environment's revision afterwards.

        Raises:
            Refused: `is_stale` when the environment is no longer at `revision`.
        """
        request = pb2.ImportFlagsRequest(
            environment=environment,
            yaml=_document(key, definition),
            expected_revision=revision,
            comment=comment[:_MOST_TEXT],
        )
        return (await self._import(key, request)).revision

    async def kill(self, environment: str, key: str, reason: str) -> None:
        """Kill a flag."""
        await self._call(
            self._flags.KillFlag, pb2.KillFlagRequest(environment=environment, flag_key=key, reason=_ending(reason))
        )

    async def restore(self, environment: str, key: str, reason: str) -> None:
        """Lift the kill."""
        await self._call(
            self._flags.RestoreFlag,
            pb2.RestoreFlagRequest(environment=environment, flag_key=key, reason=_ending(reason)),
        )

    async def archive(self, environment: str, key: str, comment: str) -> None:
        """Archive a flag."""
        await self._call(
            self._flags.ArchiveFlag,
            pb2.ArchiveFlagRequest(environment=environment, flag_key=key, comment=comment[:_MOST_TEXT]),
        )

    async def clients(self, environment: str, revision: int) -> Clients:
        """Return who has a revision."""
        answer = await self._call(
            self._sync.GetDelivery, sync_pb2.GetDeliveryRequest(environment=environment, revision=revision)
        )
        return Clients(revision, answer.connected, answer.applied, answer.partial)

    async def revisions(self) -> Mapping[str, int]:
        """Return the revision of each environment that the key holds."""
        answer = await self._call(self._access.ListEnvironments, access_pb2.ListEnvironmentsRequest())
        return {each.key: each.revision for each in answer.environments}

    async def changed_since(self, environment: str, revision: int) -> Sequence[str]:
        """Return the keys of the flags that were changed after a revision, archived ones included."""
        changed: list[str] = []
        for state in (pb2.FLAG_STATE_UNSPECIFIED, pb2.FLAG_STATE_ARCHIVED):
            request = pb2.ListFlagsRequest(environment=environment, page_size=_PAGE, state=state)
            while True:
                answer = await self._call(self._flags.ListFlags, request)
                changed += [record.flag.key for record in answer.records if record.revision > revision]
                if not answer.next_page_token:
                    break
                request.page_token = answer.next_page_token
        return changed

    async def _import(self, key: str, request: pb2.ImportFlagsRequest) -> pb2.ImportFlagsResponse:
        try:
            return await self._call(self._flags.ImportFlags, request, _IMPORT_SECONDS)
        except Refused as error:
            error.violations = [_of_spec(key, each) for each in error.violations]
            raise

    async def _call(
        self, method: "grpc.aio.UnaryUnaryMultiCallable[Any, Answer]", request: Message, seconds: float = _SECONDS
    ) -> Answer:
        try:
            return await method(request, metadata=self._metadata, timeout=seconds)
        except grpc.aio.AioRpcError as error:
            raise refused(error) from None


@asynccontextmanager
async def open_flag_service(address: str, authority: Path | None, secret: str) -> AsyncIterator[FlagService]:
    """
    Open a channel, which connects when it is first used.

    Raises:
        SettingsError: the authority's file cannot be read.
    """
    async with open_channel(address, authority, "MIRANTE_FLAGS_CA", KEEPALIVE) as channel:
        yield FlagService(channel, secret)


def _stored(record: pb2.FlagRecord) -> Stored:
    kill = record.flag.kill
    killed = Killed(kill.by, kill.at.ToJsonString(), kill.reason) if record.flag.HasField("kill") else None
    return Stored(record.flag.version, record.revision, record.archived, record.updated_by, killed)


def _document(key: str, definition: Mapping[str, Any]) -> str:
    # JSON is YAML, and the flag service is the one that knows what a definition may look like.
    return json.dumps({"flags": {key: definition}}, ensure_ascii=False)


def _of_spec(key: str, violation: Violation) -> Violation:
    """Return a violation in the words of the resource: its fields are in `spec`, and it has no lines."""
    field = violation.field
    prefix = f"flags.{key}"
    if field.startswith(prefix):
        field = f"spec{field.removeprefix(prefix)}"
    return Violation(field, _LINE.sub("", violation.description))


def _ending(reason: str) -> str:
    """Return a reason that fits, with its end, which says whose it is."""
    if len(reason) <= _MOST_TEXT:
        return reason
    head, mark, tail = reason.rpartition(", by ")
    return f"{head[: _MOST_TEXT - len(mark) - len(tail) - 3]}...{mark}{tail}"
