"""Rollout plans on a real database, with a clock that a test moves and metrics that it plays."""

import datetime
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mirante.api.flags.v1 import flag_pb2, rollout_guard_pb2, rollout_pb2
from mirante.api.flags.v1 import rollout_service_pb2 as pb2

from services.flags.rollouts.scheduler import RolloutScheduler
from services.runtime.access import Caller, Role
from tests.support.flag_desk import ANA, Desk, open_desk
from tests.support.flag_store import bool_flag

METRICS = Caller("key-metrics", "metrics", Role.INTERNAL, frozenset({"*"}))
BEGIN = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
HOUR = 3_600

ERRORS = rollout_guard_pb2.Guard(
    name="errors",
    tripwire=rollout_guard_pb2.Tripwire(
        measure=rollout_guard_pb2.TRIPWIRE_MEASURE_ACTOR_SHARE, events=["erro_frontend"], limit=0.05
    ),
)


def plan_message(
    flag_key: str = "f", *, coverages: tuple[int, ...] = (10_000, 50_000, 100_000), soak: int = HOUR, **fields: object
) -> rollout_pb2.RolloutPlan:
    """Return a plan of stages for everybody, each of which soaks for so many seconds."""
    plan = rollout_pb2.RolloutPlan(flag_key=flag_key, variant="on")
    for coverage in coverages:
        plan.stages.add(coverage=coverage).soak.seconds = soak
    plan.MergeFrom(rollout_pb2.RolloutPlan(**fields))  # type: ignore[arg-type]  # the fields are the caller's
    return plan


class RolloutDeskOfTest:
    """What a test does with plans, and what happens by itself when it lets time pass."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.now = BEGIN
        desk.clock = lambda: self.now
        self.plans = desk.services.rollouts.plans
        self.guards = desk.services.rollouts.guards

    @property
    def scheduler(self) -> RolloutScheduler:
        """Of the one replica that a test has."""
        return self.desk.services.rollouts.scheduler

    async def flag(self, **fields: object) -> None:
        """Create the flag "f", which serves off to everybody."""
        await self.desk.create(bool_flag("f", **{"fallthrough": flag_pb2.Serve(variant="off"), **fields}))

    async def create(self, plan: rollout_pb2.RolloutPlan, **fields: object) -> rollout_pb2.RolloutRecord:
        """Draft a plan."""
        request = pb2.CreateRolloutRequest(environment="production", plan=plan)
        request.MergeFrom(pb2.CreateRolloutRequest(**fields))  # type: ignore[arg-type]  # the fields are the caller's
        return (await self.desk.call(self.plans.CreateRollout, request)).rollout

    async def start(self, rollout_id: str) -> rollout_pb2.RolloutRecord:
        """Start a draft."""
        request = pb2.StartRolloutRequest(environment="production", rollout_id=rollout_id)
        return (await self.desk.call(self.plans.StartRollout, request)).rollout

    async def begun(self, **fields: object) -> rollout_pb2.RolloutRecord:
        """Create the flag "f", and draft and start a plan of it."""
        await self.flag()
        return await self.start((await self.create(plan_message(**fields))).id)  # type: ignore[arg-type]  # likewise

    async def get(self, rollout_id: str) -> rollout_pb2.RolloutRecord:
        """Return a plan with its events."""
        request = pb2.GetRolloutRequest(environment="production", rollout_id=rollout_id)
        return (await self.desk.call(self.plans.GetRollout, request)).rollout

    async def resume(self, rollout_id: str, comment: str = "fixed", caller: Caller = ANA) -> rollout_pb2.RolloutRecord:
        """Resume a plan."""
        request = pb2.ResumeRolloutRequest(environment="production", rollout_id=rollout_id, comment=comment)
        return (await self.desk.call(self.plans.ResumeRollout, request, caller)).rollout

    async def report(self, rollout: rollout_pb2.RolloutRecord, sample: int = 1_000) -> rollout_pb2.RolloutRecord:
        """Report of a plan's step that all is well."""
        request = pb2.ReportGuardsRequest(environment="production", rollout_id=rollout.id, step=rollout.step)
        request.report.sample = sample
        return (await self.desk.call(self.guards.ReportGuards, request, METRICS)).rollout

    async def breach(self, rollout: rollout_pb2.RolloutRecord, guard: str = "errors") -> rollout_pb2.RolloutRecord:
        """Report a breach."""
        request = pb2.ReportBreachRequest(environment="production", rollout_id=rollout.id, step=rollout.step)
        request.evidence.MergeFrom(rollout_guard_pb2.GuardEvidence(guard=guard, observed=0.4, limit=0.05, text="bad"))
        return (await self.desk.call(self.guards.ReportBreach, request, METRICS)).rollout

    async def passes(self, rollout_id: str, minutes: int, *, reported: bool = True) -> rollout_pb2.RolloutRecord:
        """Let time pass, minute by minute, each with a report if metrics is there and a look; return the plan."""
        for _ in range(minutes):
            self.now += datetime.timedelta(minutes=1)
            if reported:
                await self.report(await self.get(rollout_id))
            await self.scheduler.look()
        return await self.get(rollout_id)


def actions(rollout: rollout_pb2.RolloutRecord) -> list[str]:
    """Return what happened to a plan, oldest first."""
    names = [rollout_pb2.RolloutAction.Name(each.action) for each in reversed(rollout.events)]
    return [name.removeprefix("ROLLOUT_ACTION_").lower() for name in names]


def state(rollout: rollout_pb2.RolloutRecord) -> str:
    """Return the state of a plan as a word."""
    return rollout_pb2.RolloutState.Name(rollout.state).removeprefix("ROLLOUT_STATE_").lower()


def hold(rollout: rollout_pb2.RolloutRecord) -> str:
    """Return why a plan is held as a word."""
    return rollout_pb2.HoldReason.Name(rollout.hold_reason).removeprefix("HOLD_REASON_").lower()


@asynccontextmanager
async def open_rollouts(database_url: str) -> AsyncIterator[RolloutDeskOfTest]:
    """Yield plans on a fresh database with the environments "production" and "staging"."""
    async with open_desk(database_url) as desk:
        yield RolloutDeskOfTest(desk)
