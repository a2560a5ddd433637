"""Somebody who never stops changing flags, and remembers what was answered."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import grpc.aio
from google.rpc import error_details_pb2, status_pb2
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2
from mirante.api.flags.v1 import flag_admin_service_pb2 as pb2
from mirante.api.flags.v1 import segment_admin_service_pb2 as segment_pb2
from mirante.api.flags.v1.access_admin_service_pb2_grpc import AccessAdminServiceStub
from mirante.api.flags.v1.flag_admin_service_pb2_grpc import FlagAdminServiceStub
from mirante.api.flags.v1.segment_admin_service_pb2_grpc import SegmentAdminServiceStub

from tests.support.crowd import Truth
from tests.support.flag_service_process import CHANNEL_OPTIONS, ENVIRONMENT
from tests.support.flag_store import bool_flag, segment

if TYPE_CHECKING:
    from mirante.api.flags.v1.flag_admin_service_pb2_grpc import FlagAdminServiceAsyncStub

Metadata = tuple[tuple[str, str], ...]
_DEADLINE = 30.0


@dataclass(frozen=True)
class Refusal:
    """A call that failed, taken apart."""

    code: str
    reason: str
    retry_seconds: float | None
    message: str


def refusal_of(error: grpc.aio.AioRpcError) -> Refusal:
    """Return what a failed call says."""
    reason, retry = "", None
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin" and isinstance(value, bytes):
            for detail in status_pb2.Status.FromString(value).details:
                info, delay = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
                if detail.Unpack(info):
                    reason = info.reason
                elif detail.Unpack(delay):
                    retry = delay.retry_delay.seconds + delay.retry_delay.nanos / 1e9
    return Refusal(error.code().name, reason, retry, error.details() or "")


@dataclass
class FlagWriter:
    """
    Changes flags through one replica, one call after the other.

    A change counts as acknowledged when the call was answered OK, and only then.
    """

    channel: grpc.aio.Channel
    metadata: Metadata = field(repr=False)
    prefix: str = "carga"
    acknowledged: list[pb2.FlagRecord] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    _records: dict[str, pb2.FlagRecord] = field(default_factory=dict)

    @classmethod
    def at(cls, address: str, metadata: Metadata, prefix: str = "carga") -> "FlagWriter":
        """Return a writer that talks to an address."""
        return cls(grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS), metadata, prefix)

    async def create(self, flags: int, segments: int = 0) -> None:
        """Create what is going to be changed, beside what was created before."""
        first = len(self._records)
        for number in range(first, first + flags):
            await self._create(f"{self.prefix}_{number}")
        stub = SegmentAdminServiceStub(self.channel)
        for number in range(segments):
            request = segment_pb2.CreateSegmentRequest(
                environment=ENVIRONMENT, segment=segment(f"{self.prefix}_{number}", "ana")
            )
            await stub.CreateSegment(request, metadata=self.metadata, timeout=_DEADLINE)

    async def write_for_ever(self, pause: float) -> None:
        """Change something, wait `pause` seconds, and so on; refusals are noted."""
        while True:
            await self.write_once()
            await asyncio.sleep(pause)

    async def write_once(self) -> bool:
        """Change something; return whether that was acknowledged."""
        key = random.choice(list(self._records))
        return await self._noting(self._change(key), key)

    async def _noting(self, change: Awaitable[pb2.FlagRecord], key: str) -> bool:
        try:
            record = await change
        except grpc.aio.AioRpcError as error:
            self.refusals.append(refusal_of(error))
            # Perhaps it was made: ask before the next change.
            await self._find_out(key)
            return False
        self._note(record)
        return True

    async def restore(self, key: str) -> pb2.FlagRecord:
        """Restore a flag; raise what the call raises."""
        record = await self._restore(self._records[key])
        self._note(record)
        return record

    async def kill(self, key: str) -> pb2.FlagRecord:
        """Kill a flag; raise what the call raises."""
        record = await self._kill(self._records[key])
        self._note(record)
        return record

    def alive(self) -> str:
        """Return a flag that is neither archived nor killed."""
        return next(
            key for key, known in self._records.items() if not known.archived and not known.flag.HasField("kill")
        )

    async def truth(self) -> Truth:
        """Return what the environment holds now."""
        definitions: dict[tuple[str, str], int] = {}
        token, segments = "", SegmentAdminServiceStub(self.channel)
        while True:
            request = pb2.ListFlagsRequest(environment=ENVIRONMENT, page_size=500, page_token=token)
            page = await self._flags.ListFlags(request, metadata=self.metadata, timeout=_DEADLINE)
            definitions |= {("flag", record.flag.key): record.flag.version for record in page.records}
            token = page.next_page_token
            if not token:
                break
        listed = await segments.ListSegments(
            segment_pb2.ListSegmentsRequest(environment=ENVIRONMENT, page_size=500),
            metadata=self.metadata,
            timeout=_DEADLINE,
        )
        definitions |= {("segment", record.segment.key): record.segment.version for record in listed.records}
        lineage, revision = await self.head()
        return Truth(lineage, revision, definitions)

    async def head(self) -> tuple[str, int]:
        """Return the environment's present lineage and revision."""
        environments = await AccessAdminServiceStub(self.channel).ListEnvironments(
            access_pb2.ListEnvironmentsRequest(), metadata=self.metadata, timeout=_DEADLINE
        )
        [found] = [each for each in environments.environments if each.key == ENVIRONMENT]
        return found.lineage, found.revision

    async def lost(self) -> list[str]:
        """Return acknowledged changes that the history does not have, each as KEY@VERSION."""
        missing = []
        for key in {record.flag.key for record in self.acknowledged}:
            history: dict[int, int] = {}
            token = ""
            while True:
                request = pb2.GetFlagHistoryRequest(
                    environment=ENVIRONMENT, flag_key=key, page_size=200, page_token=token
                )
                page = await self._flags.GetFlagHistory(request, metadata=self.metadata, timeout=_DEADLINE)
                history |= {entry.version: entry.revision for entry in page.entries}
                token = page.next_page_token
                if not token:
                    break
            missing += [
                f"{key}@{record.flag.version} of revision {record.revision}"
                for record in self.acknowledged
                if record.flag.key == key and history.get(record.flag.version) != record.revision
            ]
        return missing

    async def close(self) -> None:
        """Let go of the channel."""
        await self.channel.close()

    @property
    def _flags(self) -> "FlagAdminServiceAsyncStub":
        return FlagAdminServiceStub(self.channel)

    async def _create(self, key: str) -> None:
        request = pb2.CreateFlagRequest(environment=ENVIRONMENT, flag=bool_flag(key))
        self._note((await self._flags.CreateFlag(request, metadata=self.metadata, timeout=_DEADLINE)).record)

    def _change(self, key: str) -> Awaitable[pb2.FlagRecord]:
        known = self._records[key]
        if known.archived:
            return self._call("roll back", self._roll_back(known))
        if known.flag.HasField("kill"):
            return self._call("restore", self._restore(known))
        drawn = random.random()
        if drawn < 0.6:
            return self._call("kill", self._kill(known))
        if drawn < 0.9:
            return self._call("update", self._update(known))
        return self._call("archive", self._archive(known))

    async def _call(self, name: str, change: Awaitable[pb2.FlagRecord]) -> pb2.FlagRecord:
        record = await change
        self.done[name] += 1
        return record

    async def _kill(self, known: pb2.FlagRecord) -> pb2.FlagRecord:
        request = pb2.KillFlagRequest(environment=ENVIRONMENT, flag_key=known.flag.key, reason="teste")
        return (await self._flags.KillFlag(request, metadata=self.metadata, timeout=_DEADLINE)).record

    async def _restore(self, known: pb2.FlagRecord) -> pb2.FlagRecord:
        request = pb2.RestoreFlagRequest(environment=ENVIRONMENT, flag_key=known.flag.key, reason="teste")
        return (await self._flags.RestoreFlag(request, metadata=self.metadata, timeout=_DEADLINE)).record

    async def _update(self, known: pb2.FlagRecord) -> pb2.FlagRecord:
        request = pb2.UpdateFlagRequest(environment=ENVIRONMENT, flag=known.flag, etag=known.etag)
        request.flag.on = not known.flag.on
        return (await self._flags.UpdateFlag(request, metadata=self.metadata, timeout=_DEADLINE)).record

    async def _archive(self, known: pb2.FlagRecord) -> pb2.FlagRecord:
        request = pb2.ArchiveFlagRequest(environment=ENVIRONMENT, flag_key=known.flag.key, etag=known.etag)
        return (await self._flags.ArchiveFlag(request, metadata=self.metadata, timeout=_DEADLINE)).record

    async def _roll_back(self, known: pb2.FlagRecord) -> pb2.FlagRecord:
        request = pb2.RollBackFlagRequest(environment=ENVIRONMENT, flag_key=known.flag.key, version=1)
        return (await self._flags.RollBackFlag(request, metadata=self.metadata, timeout=_DEADLINE)).record

    async def _find_out(self, key: str) -> None:
        while True:
            try:
                request = pb2.GetFlagRequest(environment=ENVIRONMENT, flag_key=key)
                found = await self._flags.GetFlag(request, metadata=self.metadata, timeout=_DEADLINE)
            except grpc.aio.AioRpcError as error:
                self.refusals.append(refusal_of(error))
                await asyncio.sleep(0.05)
            else:
                self._records[key] = found.record
                return

    def _note(self, record: pb2.FlagRecord) -> None:
        self.acknowledged.append(record)
        self._records[record.flag.key] = record
