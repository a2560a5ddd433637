"""What the programme is computed from that other services keep: flags, their history, rollouts, coverage of events."""

import asyncio
import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import grpc.aio
from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import rollout_pb2
from mirante.api.flags.v1 import rollout_service_pb2 as rollouts_pb2
from mirante.api.flags.v1.flag_admin_service_pb2_grpc import FlagAdminServiceStub
from mirante.api.flags.v1.rollout_service_pb2_grpc import RolloutServiceStub
from mirante.api.telemetry.v1 import catalogue_service_pb2 as catalogue_pb2
from mirante.api.telemetry.v1.catalogue_service_pb2_grpc import CatalogueServiceStub

from services.metrics.experiments.outside.calling import CALL_SECONDS, answer_of, own

MOST_READ: Final = 500
"""Histories of flags, and plans, that are read for one answer."""
_AT_ONCE: Final = 8
_PAGE: Final = 1_000
_SMALL_PAGE: Final = 200
_FLAGS: Final = "flag"
_TELEMETRY: Final = "telemetry"
_UTC: Final = datetime.UTC

Histories = Mapping[str, Sequence[flags_pb2.HistoryEntry]]


class Outside(Protocol):
    """Other services. All methods raise the `ServiceError` that is answered, `Unavailable` without an answer."""

    async def flags(self, environment: str, *, archived: bool = False) -> Sequence[flags_pb2.FlagRecord]:
        """Return all flags but those that are archived, or those alone."""

    async def histories(self, environment: str, flags: Sequence[str], since: datetime.datetime) -> Histories:
        """Return what was done to flags since then, newest first."""

    async def rollouts(self, environment: str) -> Sequence[rollout_pb2.RolloutRecord]:
        """Return all plans, newest first, without what happened to them."""

    async def rollout(self, environment: str, rollout_id: str) -> rollout_pb2.RolloutRecord:
        """Return a plan with what happened to it."""

    async def coverage(self, environment: str, days: int) -> catalogue_pb2.GetCoverageResponse:
        """Return which declared events were seen in the last days."""


class GrpcOutside:
    """
    The `Outside` by gRPC, with this service's own key.

    Args:
        flags: the flag service.
        telemetry: the telemetry service.
        secret: this service's own key.
    """

    def __init__(self, flags: grpc.aio.Channel, telemetry: grpc.aio.Channel, secret: str) -> None:
        self._flags, self._rollouts = FlagAdminServiceStub(flags), RolloutServiceStub(flags)
        self._catalogue = CatalogueServiceStub(telemetry)
        self._options: dict[str, Any] = {"metadata": own(secret), "timeout": CALL_SECONDS}

    async def flags(self, environment: str, *, archived: bool = False) -> Sequence[flags_pb2.FlagRecord]:
        """See `Outside`."""
        state = flags_pb2.FLAG_STATE_ARCHIVED if archived else flags_pb2.FLAG_STATE_UNSPECIFIED
        request = flags_pb2.ListFlagsRequest(environment=environment, page_size=_PAGE, state=state)
        found: list[flags_pb2.FlagRecord] = []
        while True:
            page = await answer_of(self._flags.ListFlags(request, **self._options), _FLAGS, "environment")
            found += page.records
            request.page_token = page.next_page_token
            if not page.next_page_token:
                return found

    async def histories(self, environment: str, flags: Sequence[str], since: datetime.datetime) -> Histories:
        """See `Outside`."""
        turn = asyncio.Semaphore(_AT_ONCE)

        async def one(flag: str) -> Sequence[flags_pb2.HistoryEntry]:
            async with turn:
                return await self._history(environment, flag, since)

        return dict(zip(flags, await asyncio.gather(*map(one, flags)), strict=True))

    async def rollouts(self, environment: str) -> Sequence[rollout_pb2.RolloutRecord]:
        """See `Outside`."""
        request = rollouts_pb2.ListRolloutsRequest(environment=environment, page_size=_SMALL_PAGE)
        found: list[rollout_pb2.RolloutRecord] = []
        while True:
            page = await answer_of(self._rollouts.ListRollouts(request, **self._options), _FLAGS, "environment")
            found += page.rollouts
            request.page_token = page.next_page_token
            if not page.next_page_token:
                return found

    async def rollout(self, environment: str, rollout_id: str) -> rollout_pb2.RolloutRecord:
        """See `Outside`."""
        request = rollouts_pb2.GetRolloutRequest(environment=environment, rollout_id=rollout_id)
        return (await answer_of(self._rollouts.GetRollout(request, **self._options), _FLAGS, "environment")).rollout

    async def coverage(self, environment: str, days: int) -> catalogue_pb2.GetCoverageResponse:
        """See `Outside`."""
        request = catalogue_pb2.GetCoverageRequest(environment=environment, days=days)
        return await answer_of(self._catalogue.GetCoverage(request, **self._options), _TELEMETRY, "days")

    async def _history(self, environment: str, flag: str, since: datetime.datetime) -> Sequence[flags_pb2.HistoryEntry]:
        request = flags_pb2.GetFlagHistoryRequest(environment=environment, flag_key=flag)
        found: list[flags_pb2.HistoryEntry] = []
        while len(found) < MOST_READ:
            page = await answer_of(self._flags.GetFlagHistory(request, **self._options), _FLAGS, "environment")
            recent = [each for each in page.entries if each.at.ToDatetime(_UTC) >= since]
            found += recent
            request.page_token = page.next_page_token
            if not page.next_page_token or len(recent) < len(page.entries):
                break
        return found
