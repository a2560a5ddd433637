"""`ProgrammeService`: checks, asks, answers."""

import datetime
from collections.abc import Callable
from typing import Final

from mirante.api.metrics.v1 import programme_service_pb2 as pb2
from mirante.api.metrics.v1 import programme_service_pb2_grpc as pb2_grpc

from services.metrics.programme.health import Health
from services.metrics.programme.lifecycles import Asked, Lifecycles
from services.runtime.access import current_caller
from services.runtime.errors import InvalidRequest

_USAGE_DAYS: Final = 30
_STALE_DAYS: Final = 30
_HEALTH_DAYS: Final = 90
_MOST_DAYS: Final = 400
_MOST_KEYS: Final = 1_000


class ProgrammeServicer(pb2_grpc.ProgrammeServiceServicer):
    """
    How the programme of flags and experiments does.

    Args:
        lifecycles: of flags.
        health: of all of it.
        clock: seconds since 1970.
    """

    def __init__(self, lifecycles: Lifecycles, health: Health, clock: Callable[[], float]) -> None:
        self._lifecycles = lifecycles
        self._health = health
        self._clock = clock

    async def ListFlagLifecycles(
        self, request: pb2.ListFlagLifecyclesRequest, _: object
    ) -> pb2.ListFlagLifecyclesResponse:
        """Return where flags are in their life, and who evaluates them."""
        environment = current_caller.get().environment(request.environment)
        if len(request.flag_keys) > _MOST_KEYS:
            raise InvalidRequest.of("flag_keys", f"may name {_MOST_KEYS:,} flags at most")
        days = _days(request.days, _USAGE_DAYS, "days")
        stale_after = _days(request.stale_days, _STALE_DAYS, "stale_days")
        now = self._now()
        asked = Asked(frozenset(request.flag_keys) or None, now - days, stale_after)
        return await self._lifecycles.answer(environment, asked, now)

    async def GetProgrammeHealth(
        self, request: pb2.GetProgrammeHealthRequest, _: object
    ) -> pb2.GetProgrammeHealthResponse:
        """Return the figures by which the programme is judged."""
        environment = current_caller.get().environment(request.environment)
        days = _days(request.days, _HEALTH_DAYS, "days").days
        stale_after = _days(request.stale_days, _STALE_DAYS, "stale_days")
        return pb2.GetProgrammeHealthResponse(
            health=await self._health.health(environment, days, stale_after, self._now())
        )

    def _now(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self._clock(), datetime.UTC)


def _days(asked: int, default: int, field: str) -> datetime.timedelta:
    if asked > _MOST_DAYS:
        raise InvalidRequest.of(field, f"must be {_MOST_DAYS} at most")
    return datetime.timedelta(days=asked or default)
