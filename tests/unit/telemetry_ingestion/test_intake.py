"""Batches: a result for each event, and nothing of one tenant in another's way."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

import pytest
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import event_pb2
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2

from services.runtime.access import Caller, Role
from services.runtime.errors import InvalidRequest, Overloaded, Unavailable
from services.telemetry.events.judging import Judge, Judgement
from services.telemetry.ingestion.candidates import ACCEPTED, ImportPosition, Submission
from services.telemetry.ingestion.event_quota import EventQuota
from services.telemetry.ingestion.group_commit import GroupCommit
from services.telemetry.ingestion.intake import Batch, Intake, Window
from services.telemetry.ingestion.name_limit import MOST_UNDECLARED, NameLimit
from tests.support.telemetry_events import sale

CALLER = Caller("k1", "backend", Role.SERVER, frozenset({"production"}))


class OpenCatalogue:
    """Declares nothing and allows everything; remembers whose events it judged."""

    def __init__(self) -> None:
        self.judged: list[str] = []

    def of(self, _environment: str) -> Judge:
        """See `Judges`."""
        return self

    def judge(self, event: event_pb2.Event) -> Judgement:
        """See `Judge`."""
        self.judged.append(event.tenant)
        return Judgement()


class Writer:
    """A database that can be told to fail, or to wait."""

    def __init__(self) -> None:
        self.groups: list[list[Submission]] = []
        self.failure: Exception | None = None
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    async def write(self, group: Sequence[Submission]) -> None:
        """See `LogWriter`."""
        await self.may_go_on.wait()
        if self.failure is not None:
            raise self.failure
        self.groups.append(list(group))
        for submission in group:
            submission.results = [ACCEPTED] * len(submission.candidates)


class Setting:
    """An intake with a writer behind it."""

    def __init__(self, *, per_key: float = 1e6, per_tenant: float = 1e6, most_bytes: int = 1 << 26) -> None:
        self.now = 0.0
        self.writer = Writer()
        self.commits = 0
        self.commit = GroupCommit(self.writer, most_bytes, self._committed)
        quota = EventQuota(per_key, per_tenant, lambda: self.now)
        window = Window(7, 0, lambda: 0)
        self.catalogue = OpenCatalogue()
        self.intake = Intake(self.catalogue, quota, self.commit, NameLimit({}), window)

    def _committed(self, _group: Sequence[Submission]) -> None:
        self.commits += 1

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Setting"]:
        """Run the lanes."""
        lanes = [asyncio.ensure_future(lane()) for lane in self.commit.lanes()]
        try:
            yield self
        finally:
            for lane in lanes:
                lane.cancel()
            await asyncio.gather(*lanes, return_exceptions=True)

    async def take(self, *events: event_pb2.Event | bytes) -> list[str]:
        """Return the statuses of a batch, shortened."""
        raw = [event if isinstance(event, bytes) else event.SerializeToString() for event in events]
        results = await self.intake.take(Batch("production", raw), CALLER)
        return [ingest_pb2.EventStatus.Name(result.status).removeprefix("EVENT_STATUS_") for result in results]


async def test_one_bad_event_never_sinks_its_batch() -> None:
    """Results stand in the order of the events, whatever tenants they belong to."""
    async with Setting().running() as setting:
        statuses = await setting.take(sale("a"), b"\xff", sale("b"), sale(nan=float("nan")), sale("a"))
    assert statuses == ["ACCEPTED", "REJECTED", "ACCEPTED", "REJECTED", "ACCEPTED"]
    assert setting.commits >= 1


async def test_an_empty_batch_is_nothing() -> None:
    """And waits for nothing."""
    assert await Setting().take() == []


async def test_a_batch_has_a_limit() -> None:
    """1,000 events; the whole batch is refused and says so."""
    setting = Setting()
    with pytest.raises(InvalidRequest) as refused:
        await setting.take(*[b""] * 1_001)
    assert refused.value.violations[0].field == "events"


async def test_a_key_over_its_quota_is_refused_as_a_whole() -> None:
    """Nothing of the batch was taken, and it says when to come back."""
    async with Setting(per_key=10).running() as setting:
        await setting.take(*[sale() for _ in range(10)])
        with pytest.raises(Overloaded) as refused:
            await setting.take(*[sale() for _ in range(5)])
        assert refused.value.reason == reasons.ERROR_REASON_QUOTA_EXCEEDED
        assert refused.value.retry_seconds == pytest.approx(0.5, abs=0.0011)
        setting.now = 0.5
        assert await setting.take(*[sale() for _ in range(5)]) == ["ACCEPTED"] * 5


async def test_a_tenant_over_its_quota_does_not_stop_the_others() -> None:
    """Its events are to be sent again; the others of the same batch are stored."""
    async with Setting(per_tenant=10).running() as setting:
        await setting.take(*[sale("a") for _ in range(10)])
        assert await setting.take(sale("a"), sale("b"), sale("a")) == ["RETRY", "ACCEPTED", "RETRY"]
        with pytest.raises(Overloaded):
            await setting.take(sale("a"))


async def test_a_full_queue_refuses() -> None:
    """With a delay; what was taken before is committed when the database goes on."""
    async with Setting(most_bytes=200_000).running() as setting:
        setting.writer.may_go_on.clear()
        taken = [asyncio.ensure_future(setting.take(*[sale("a") for _ in range(60)])) for _ in range(2)]
        await asyncio.sleep(0.01)  # both lanes hold what they took
        taken += [asyncio.ensure_future(setting.take(*[sale("a") for _ in range(60)])) for _ in range(2)]
        while setting.commit.queue.events < 120:
            await asyncio.sleep(0)
        with pytest.raises(Overloaded) as refused:
            await setting.take(*[sale("a") for _ in range(60)])
        assert refused.value.retry_seconds > 0
        setting.writer.may_go_on.set()
        assert await asyncio.gather(*taken) == [["ACCEPTED"] * 60] * 4


async def test_nobody_waits_behind_another_tenants_burst() -> None:
    """A small batch that comes last is taken apart before most of the large ones that came first."""
    async with Setting().running() as setting:
        judged = setting.catalogue.judged
        await asyncio.gather(
            *[setting.take(*[sale("burst") for _ in range(200)]) for _ in range(10)], setting.take(sale("calm"))
        )
    assert judged.index("calm") <= 2 * 200
    assert len(judged) == 10 * 200 + 1


async def test_a_burst_that_waits_to_be_taken_apart_is_bounded() -> None:
    """What is too much is refused before any work was put into it, and what waits is stored."""
    async with Setting().running() as setting:
        large = [sale("burst", observacao="x" * 8_000) for _ in range(500)]
        waiting = [asyncio.ensure_future(setting.take(*large)) for _ in range(4)]
        results = await asyncio.gather(*waiting, return_exceptions=True)
    refused = [result for result in results if isinstance(result, Overloaded)]
    assert len(refused) == 1
    assert refused[0].retry_seconds > 0
    assert setting.commit.queue.refused == 500
    assert [result for result in results if result not in refused] == [["ACCEPTED"] * 500] * 3


async def test_a_database_that_is_away_is_told() -> None:
    """The events are to be sent again; bad ones among them are rejected all the same."""
    async with Setting().running() as setting:
        setting.writer.failure = Unavailable("away", retry_seconds=2.0)
        with pytest.raises(Unavailable):
            await setting.take(sale())
        assert await setting.take(sale(), b"\xff") == ["RETRY", "REJECTED"]
        setting.writer.failure = None
        assert await setting.take(sale()) == ["ACCEPTED"]


async def test_a_fault_of_ours_is_no_loss() -> None:
    """Whoever waits is told to send again, and the lane begins anew."""
    setting = Setting()
    setting.writer.failure = RuntimeError("broken")
    lane = asyncio.ensure_future(setting.commit.lanes()[0]())
    with pytest.raises(Unavailable):
        await setting.take(sale())
    with pytest.raises(RuntimeError):
        await lane


async def test_a_caller_that_gives_up_loses_nothing() -> None:
    """What was taken is committed, although nobody waits any more."""
    async with Setting().running() as setting:
        setting.writer.may_go_on.clear()
        taking = asyncio.ensure_future(setting.take(sale()))
        await asyncio.sleep(0.01)
        taking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await taking
        setting.writer.may_go_on.set()
        assert await setting.take(sale()) == ["ACCEPTED"]
    assert sum(len(submission.candidates) for group in setting.writer.groups for submission in group) == 2


async def test_undeclared_names_are_bounded() -> None:
    """Names that are known already still pass."""
    setting = Setting()
    known = NameLimit({"production": {f"evento_{number}" for number in range(MOST_UNDECLARED)}})
    setting.intake = Intake(OpenCatalogue(), EventQuota(1e6, 1e6), setting.commit, known, Window(7, 0, lambda: 0))
    old, new = sale(), sale()
    old.name, new.name = "evento_7", "evento_novo"
    async with setting.running():
        results = await setting.intake.take(
            Batch("production", [old.SerializeToString(), new.SerializeToString()]), CALLER
        )
    assert results[0] == ACCEPTED
    assert results[1].reason == reasons.ERROR_REASON_TOO_MANY_EVENT_NAMES


async def test_an_import_goes_as_one() -> None:
    """All tenants and the position in one submission, also when nothing in it is good."""
    async with Setting().running() as setting:
        position = ImportPosition("production", "mixpanel", "9")
        batch = Batch("production", [sale("a").SerializeToString(), b"\xff", sale("b").SerializeToString()])
        results = await setting.intake.take_import(batch, position, CALLER)
        assert [result == ACCEPTED for result in results] == [True, False, True]
        await setting.intake.take_import(Batch("production", [b"\xff"]), position, CALLER)
    submissions = [submission for group in setting.writer.groups for submission in group]
    assert [len(submission.candidates) for submission in submissions] == [2, 0]
    assert all(submission.position == position for submission in submissions)
