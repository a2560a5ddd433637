"""The watcher between log and flag service: whoever leads reports, and tells each breach once."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from mirante.api.flags.v1 import rollout_guard_pb2, rollout_pb2
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.evaluation.model import AttributeValue
from mirante.wire import value_to_proto

from services.metrics.following.places import Places
from services.metrics.guards import watcher as module
from services.metrics.guards.watcher import GuardWatcher
from services.runtime.errors import StateConflict, Unavailable
from tests.support.flag_service_process import becomes
from tests.support.metrics_log import MemoryLog, MemoryRollups
from tests.unit.metrics_guards.scenes import errors, ratio, record

BREACHED = rollout_pb2.ROLLOUT_STATE_BREACHED


class MemoryPlans:
    """The `RolloutPlans` of one rollout, which acts as the flag service does."""

    def __init__(self, rollout: rollout_pb2.RolloutRecord) -> None:
        self.rollout = rollout
        self.reports: list[tuple[int, rollout_guard_pb2.GuardReport]] = []
        self.breaches: list[tuple[int, rollout_guard_pb2.GuardEvidence]] = []
        self.away = False

    def begins(self, stage: int) -> None:
        """Begin a stage."""
        self.rollout.stage, self.rollout.step = stage, self.rollout.step + 1
        self.rollout.flag_version += 1
        self.rollout.state = rollout_pb2.ROLLOUT_STATE_RUNNING
        self.rollout.stage_since.GetCurrentTime()

    async def watched(self, _: str) -> Sequence[rollout_pb2.RolloutRecord]:
        """See `RolloutPlans`."""
        self._answers()
        return [self._copy()]

    async def report(
        self, _: str, rollout_id: str, step: int, report: rollout_guard_pb2.GuardReport
    ) -> rollout_pb2.RolloutRecord:
        """See `RolloutPlans`."""
        self._answers()
        assert rollout_id == self.rollout.id
        self.reports.append((step, report))
        return self._copy()

    async def breach(
        self, _: str, rollout_id: str, step: int, evidence: rollout_guard_pb2.GuardEvidence
    ) -> rollout_pb2.RolloutRecord:
        """See `RolloutPlans`."""
        self._answers()
        assert rollout_id == self.rollout.id
        if step != self.rollout.step:
            raise StateConflict("it is at another step")
        self.breaches.append((step, evidence))
        if evidence.guard == "ratio":
            self.rollout.state = rollout_pb2.ROLLOUT_STATE_PAUSED
            return self._copy()
        self.rollout.state, self.rollout.step = BREACHED, step + 1
        self.rollout.breach.CopyFrom(evidence)
        return self._copy()

    def _answers(self) -> None:
        if self.away:
            raise Unavailable("as the test wants it")

    def _copy(self) -> rollout_pb2.RolloutRecord:
        copy = rollout_pb2.RolloutRecord()
        copy.CopyFrom(self.rollout)
        return copy


class Scene:
    """A watcher of a rollout that began a minute ago, and what it told."""

    def __init__(self) -> None:
        self.log = MemoryLog(time.time)
        rollout = record(errors(minimum=5), ratio())
        rollout.stage_since.FromNanoseconds(time.time_ns() - 60_000_000_000)
        self.plans = MemoryPlans(rollout)
        self.alarms: list[int] = []
        self.alarms_away = False
        self.leads = True
        self.places = Places()

    async def raise_alert(self, _: rollout_pb2.RolloutRecord, step: int, __: rollout_guard_pb2.GuardEvidence) -> None:
        """See `Alarms`."""
        if self.alarms_away:
            raise Unavailable("as the test wants it")
        self.alarms.append(step)

    def give(self, people: range, name: str = "flag_exposta") -> None:
        """Let people be given the variant of the present version, or have an event."""
        rollout = self.plans.rollout
        told: dict[str, AttributeValue] = {
            "flag": "f",
            "variant": "on",
            "version": rollout.flag_version,
            "rule_id": f"rollout.{rollout.stage}",
        }
        for number in people:
            entry = log_pb2.LogEntry()
            stored = entry.event
            stored.actor_id, stored.event.name = number.to_bytes(16), name
            stored.received_at.GetCurrentTime()
            stored.occurred_at.GetCurrentTime()
            for key, value in told.items() if name == "flag_exposta" else ():
                stored.event.properties[key].CopyFrom(value_to_proto(value))
            self.log.append(entry)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Watch for the time of the block."""
        watcher = GuardWatcher(
            "production",
            self.log,
            MemoryRollups(),
            self.plans,
            self,
            places=lambda: self.places,
            leads=lambda: self.leads,
            clock=time.time,
        )
        task = asyncio.create_task(watcher.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def newest(self) -> rollout_guard_pb2.GuardReport:
        """Return the newest report."""
        return self.plans.reports[-1][1] if self.plans.reports else rollout_guard_pb2.GuardReport()


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A scene in which everything is looked at often."""
    for name in ("_PLANS_SECONDS", "_LOOK_SECONDS", "_REPORT_SECONDS", "_RETRY_SECONDS", "_BREATH_SECONDS"):
        monkeypatch.setattr(module, name, 0.01)
    return Scene()


async def test_a_breach_is_told_once_and_raises_an_alert(scene: Scene) -> None:
    """Also when the flag service, and then the database, are away for a while."""
    async with scene.watched():
        scene.give(range(10))
        assert await becomes(lambda: scene.newest().sample == 10 and not scene.newest().blind)
        scene.plans.away = scene.alarms_away = True
        scene.give(range(10), "erro_frontend")
        await asyncio.sleep(0.1)
        scene.plans.away = False
        assert await becomes(lambda: scene.plans.breaches)
        scene.alarms_away = False
        assert await becomes(lambda: scene.alarms)
        await asyncio.sleep(0.1)
    ((step, evidence),) = scene.plans.breaches
    assert (step, evidence.guard, evidence.sample, scene.alarms) == (1, "errors", 10, [1])
    assert evidence.first_event_at.seconds <= evidence.detected_at.seconds


async def test_a_breach_that_was_told_before_raises_its_alert(scene: Scene) -> None:
    """Whoever told it may have died before the alert was stored; a breach of yesterday is no news."""
    scene.plans.rollout.state, scene.plans.rollout.step = BREACHED, 4
    scene.plans.rollout.breach.detected_at.FromNanoseconds(time.time_ns() - 86_400_000_000_000)
    async with scene.watched():
        await asyncio.sleep(0.1)
        assert scene.alarms == []
        scene.plans.rollout.breach.detected_at.GetCurrentTime()
        assert await becomes(lambda: scene.alarms)
        await asyncio.sleep(0.1)
    assert scene.alarms == [3]


async def test_a_plan_that_is_paused_is_still_guarded(scene: Scene) -> None:
    """A wrong sample ratio pauses it, and the stage is served on."""
    async with scene.watched():
        scene.give(range(60))
        assert await becomes(lambda: scene.plans.breaches)
        scene.give(range(60), "erro_frontend")
        assert await becomes(lambda: len(scene.plans.breaches) == 2)
    assert [evidence.guard for _, evidence in scene.plans.breaches] == ["ratio", "errors"]


async def test_a_new_leader_knows_what_happened_before(scene: Scene) -> None:
    """It reads the log from before the stage; while it does not lead it says nothing."""
    scene.leads = False
    scene.give(range(10))
    async with scene.watched():
        await asyncio.sleep(0.1)
        assert scene.plans.reports == []
        scene.leads = True
        assert await becomes(lambda: scene.newest().sample == 10)
        scene.leads = False
        await asyncio.sleep(0.1)
        told = len(scene.plans.reports)
        scene.give(range(10, 20))
        scene.leads = True
        assert await becomes(lambda: scene.newest().sample == 20)
        assert told > 0


async def test_a_log_that_is_away_makes_it_blind(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that was restored is read anew."""
    monkeypatch.setattr("services.metrics.guards.watched_log.BLIND_SECONDS", 0.2)
    monkeypatch.setattr(module, "_QUIET_SECONDS", 0.1)
    async with scene.watched():
        scene.give(range(5))
        assert await becomes(lambda: scene.newest().sample == 5 and not scene.newest().blind)
        scene.log.breaks = lambda: True
        assert await becomes(lambda: scene.newest().blind)
        scene.log.epoch += 1
        scene.log.entries.clear()
        scene.give(range(7))
        scene.log.breaks = lambda: False
        assert await becomes(lambda: scene.newest().sample == 7 and not scene.newest().blind)


async def test_what_comes_before_a_stage_is_known_of_is_not_lost(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exposures to the new version that are read before the watcher asks for the plans again."""
    async with scene.watched():
        scene.give(range(3))
        assert await becomes(lambda: scene.newest().sample == 3)
        monkeypatch.setattr(module, "_REPORT_SECONDS", 1.0)
        scene.plans.away = True
        scene.plans.begins(2)
        scene.give(range(30, 36))
        await asyncio.sleep(0.1)
        scene.plans.away = False
        assert await becomes(lambda: scene.plans.reports[-1][0] == 2 and scene.newest().sample == 6)


async def test_an_erased_tenant_is_forgotten(scene: Scene) -> None:
    """What is left of the log is read again."""
    async with scene.watched():
        scene.give(range(5))
        assert await becomes(lambda: scene.newest().sample == 5)
        del scene.log.entries[:3]
        erased = log_pb2.LogEntry()
        erased.tenant_erasure.tenant = "acme"
        scene.log.entries += [log_pb2.LogEntry()] * 3
        scene.log.append(erased)
        assert await becomes(lambda: scene.newest().sample == 2)


async def test_only_what_may_matter_is_read_again(scene: Scene) -> None:
    """From the newest place before the stage that this process knows of."""
    scene.give(range(3))
    scene.places.note(time.time() - 120, b"1/2")
    scene.places.note(time.time() - 10, b"1/3")
    async with scene.watched():
        assert await becomes(lambda: scene.newest().sample == 1)
    assert scene.places.before(time.time() - 300) is None
    scene.places.note(time.time() - 118, b"1/9")
    assert scene.places.before(time.time()) == b"1/2"
