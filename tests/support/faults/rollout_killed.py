"""All replicas of the flag service are killed in turn, and the clock jumps, while a plan runs."""

import asyncio
import contextlib
import random
from collections import Counter
from pathlib import Path

import grpc
import grpc.aio
from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import flag_pb2, rollout_pb2
from mirante.api.flags.v1 import rollout_service_pb2 as pb2
from mirante.api.flags.v1.flag_admin_service_pb2_grpc import FlagAdminServiceStub
from mirante.api.flags.v1.rollout_service_pb2_grpc import RolloutGuardServiceStub, RolloutServiceStub

from tests.support.flag_service_process import (
    CHANNEL_OPTIONS,
    ENVIRONMENT,
    Installation,
    ServiceProcess,
    service_home,
)
from tests.support.flag_store import bool_flag
from tests.support.probes import going_on

_DAY = 86_400.0
_PATIENCE_SECONDS = 240.0


async def rollout_through_kills(
    database_url: str, redis_url: str, *, replicas: int, stages: int, soak_seconds: float, pause_seconds: float
) -> dict[str, object]:
    """Return what happened, after the plan was found to have run through all of its stages, each once and in order."""
    happened: Counter[str] = Counter()
    with service_home() as home:
        clock = home / "clock"
        running = [
            ServiceProcess(
                "tests.support.jumping_flag_service",
                "MIRANTE_FLAGS_PORT",
                home,
                database_url,
                redis_url,
                ROLLOUT_CLOCK_FILE=str(clock),
            )
            for _ in range(replicas)
        ]
        services = Installation(home, running)
        try:
            await services.start()
            async with grpc.aio.insecure_channel(services.target, options=CHANNEL_OPTIONS) as channel:
                plan = _Plan(channel, services, stages, soak_seconds)
                await plan.start()
                async with going_on(
                    _kill_in_turn(running, pause_seconds, happened),
                    _jump(clock, pause_seconds, happened),
                    plan.report_for_ever(),
                ):
                    await plan.completes()
                for replica in running:
                    if not await replica.healthy():
                        replica.kill()
                        replica.start()
                    await replica.serving()
                record, written = await plan.story()
        finally:
            for replica in running:
                replica.kill()
    begun = [each for each in reversed(record.events) if each.action == rollout_pb2.ROLLOUT_ACTION_ADVANCE]
    assert [each.stage for each in begun] == list(range(2, stages + 1))
    assert [each.step for each in begun] == list(range(2, stages + 1))
    assert written == list(range(1, stages + 1))
    assert happened["kills"] > 0
    happened["soaks anew"] = sum(each.action == rollout_pb2.ROLLOUT_ACTION_SOAK_ANEW for each in record.events)
    happened["holds"] = sum(each.action == rollout_pb2.ROLLOUT_ACTION_HOLD for each in record.events)
    return {"stages": stages, **happened}


class _Plan:
    """A guarded plan, and what metrics reports of it. Calls are repeated until somebody answers."""

    def __init__(self, channel: grpc.aio.Channel, services: Installation, stages: int, soak_seconds: float) -> None:
        self._flags, self._plans = FlagAdminServiceStub(channel), RolloutServiceStub(channel)
        self._guards = RolloutGuardServiceStub(channel)
        self._admin, self._internal = services.metadata("admin"), services.metadata("internal")
        self._stages, self._soak = stages, soak_seconds
        self._id = ""

    async def start(self) -> None:
        """Create flag and plan, and start it."""
        flag = bool_flag("guarded", fallthrough=flag_pb2.Serve(variant="off"))
        create = flags_pb2.CreateFlagRequest(environment=ENVIRONMENT, flag=flag)
        await self._flags.CreateFlag(create, metadata=self._admin)
        plan = rollout_pb2.RolloutPlan(flag_key="guarded", variant="on")
        for number in range(1, self._stages + 1):
            stage = plan.stages.add(coverage=number, minimum_sample=1)
            stage.soak.FromNanoseconds(int(self._soak * 1e9))
        draft = pb2.CreateRolloutRequest(environment=ENVIRONMENT, plan=plan)
        self._id = (await self._plans.CreateRollout(draft, metadata=self._admin)).rollout.id
        begin = pb2.StartRolloutRequest(environment=ENVIRONMENT, rollout_id=self._id)
        await self._plans.StartRollout(begin, metadata=self._admin)

    async def report_for_ever(self) -> None:
        """Report, twice a second, that all is well."""
        while True:
            with contextlib.suppress(grpc.aio.AioRpcError):
                request = pb2.ReportGuardsRequest(
                    environment=ENVIRONMENT, rollout_id=self._id, step=(await self._get()).step
                )
                request.report.sample = 10
                await self._guards.ReportGuards(request, metadata=self._internal, timeout=2)
            await asyncio.sleep(0.5)

    async def completes(self) -> None:
        """Return once the plan is completed."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                with contextlib.suppress(grpc.aio.AioRpcError):
                    if (await self._get()).state == rollout_pb2.ROLLOUT_STATE_COMPLETED:
                        return
                await asyncio.sleep(0.1)

    async def story(self) -> tuple[rollout_pb2.RolloutRecord, list[int]]:
        """Return the plan with its events, and the stages that the versions of the flag were written for."""
        ask = flags_pb2.GetFlagHistoryRequest(environment=ENVIRONMENT, flag_key="guarded", page_size=200)
        entries = (await self._flags.GetFlagHistory(ask, metadata=self._admin, timeout=30)).entries
        written = [each.comment for each in reversed(entries) if each.comment.startswith("rollout of on: stage ")]
        return await self._get(), [int(comment.split()[4]) for comment in written]

    async def _get(self) -> rollout_pb2.RolloutRecord:
        request = pb2.GetRolloutRequest(environment=ENVIRONMENT, rollout_id=self._id)
        return (await self._plans.GetRollout(request, metadata=self._admin, timeout=2)).rollout


async def _kill_in_turn(replicas: list[ServiceProcess], pause_seconds: float, happened: Counter[str]) -> None:
    while True:
        for replica in replicas:
            await asyncio.sleep(pause_seconds)
            replica.kill()
            happened["kills"] += 1
            await asyncio.sleep(pause_seconds / 4)
            replica.start()
            await replica.serving()


async def _jump(clock: Path, pause_seconds: float, happened: Counter[str]) -> None:
    chance = random.Random(7)
    while True:
        await asyncio.sleep(pause_seconds * 3)
        # Never half written: a replica that reads nothing is at the present, which is a jump as well.
        beside = clock.with_suffix(".new")
        beside.write_text(str(chance.uniform(-5 * _DAY, 5 * _DAY)))
        beside.replace(clock)
        happened["jumps"] += 1
