"""The store of an environment is kept up with its log, whatever happens to the log, its files and who keeps it."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1 import event_pb2

from services.metrics.analytics.store import StoreUnavailable, keeping
from services.metrics.analytics.store.folders import StoreFolder
from services.metrics.analytics.store.keeping import StoreKeeper
from services.metrics.analytics.store.marks import Marks
from services.metrics.analytics.store.reading import AnalyticsStore, Snapshot
from services.metrics.analytics.store.segment_files import parquet_file
from services.runtime.background import in_background
from tests.support.metrics_log import MemoryLog

_NOW = 1_790_000_000.0
_ENVIRONMENT = "production"


def _event(actor: bytes, tenant: str = "loja", name: str = "login_sucesso") -> log_pb2.LogEntry:
    stored = event_pb2.StoredEvent(
        event=event_pb2.Event(name=name, tenant=tenant, user_id=actor.decode()), actor_id=actor.ljust(16, b"-")
    )
    stored.occurred_at.FromSeconds(int(_NOW))
    stored.received_at.FromSeconds(int(_NOW))
    return log_pb2.LogEntry(event=stored)


def _erasure(actor: bytes, tenant: str = "loja") -> log_pb2.LogEntry:
    return log_pb2.LogEntry(erasure=log_pb2.ActorErasure(tenant=tenant, actor_ids=[actor.ljust(16, b"-")]))


async def _until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds; what it looks at may block."""
    async with asyncio.timeout(30):
        while not await asyncio.to_thread(condition):
            await asyncio.sleep(0.01)


def _delete(folder: Path) -> None:
    """Delete a folder in which somebody may be writing just now."""
    while folder.exists():
        with contextlib.suppress(OSError):
            shutil.rmtree(folder)
        if folder.exists() and not any(folder.rglob("*.parquet")):
            return


class GatedLog(MemoryLog):
    """A log that those who begin at its beginning wait for."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self.open = asyncio.Event()
        self.open.set()

    async def _responses(self, cursor: bytes) -> AsyncIterator[log_pb2.FollowEventsResponse]:
        if not cursor:
            await self.open.wait()
        async for response in super()._responses(cursor):
            yield response


class Kept:
    """A log, and what is read of the store that is kept of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = StoreFolder(folder, _ENVIRONMENT)
        self.log = GatedLog(lambda: _NOW)
        self.leads = True
        self.reader = AnalyticsStore(folder)

    @asynccontextmanager
    async def keeper(self, leads: Callable[[], bool] | None = None) -> AsyncIterator[StoreKeeper]:
        """Keep the store for the time of the block."""
        keeper = StoreKeeper(
            _ENVIRONMENT,
            self.files,
            self.log,
            leads or (lambda: self.leads),
            gather_seconds=0.01,
            clock=lambda: _NOW,
            look_seconds=0.02,
        )
        async with in_background(keeper.run):
            yield keeper

    def users(self) -> dict[str | None, int]:
        """How many events there are of each user."""
        try:
            with self.reader.snapshot(_ENVIRONMENT).connect(None) as connection:
                return dict(connection.sql("SELECT user_id, count(*) FROM events GROUP BY 1").fetchall())
        except StoreUnavailable:
            return {"nothing answers": 1}

    def actors(self) -> int:
        """How many people there are."""
        with self.reader.snapshot(_ENVIRONMENT).connect(None) as connection:
            [(count,)] = connection.sql("SELECT count(DISTINCT actor) FROM events").fetchall()
        return int(count)

    async def until(self, users: dict[str | None, int]) -> Snapshot:
        """Wait until the store holds these events; return the snapshot."""
        await _until(lambda: self.users() == users)
        return self.reader.snapshot(_ENVIRONMENT)


@pytest.fixture
async def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


async def test_what_is_in_the_log_appears_with_how_far_it_is(kept: Kept) -> None:
    """Events come in as they are committed; a snapshot says how far the log is in it and does not change."""
    kept.log.append(_event(b"ana"), _event(b"ana"), _event(b"bia"))
    async with kept.keeper():
        snapshot = await kept.until({"ana": 2, "bia": 1})
        assert (snapshot.watermark.position, snapshot.watermark.at_end) == (3, True)
        assert snapshot.watermark.complete_us == _NOW * 1_000_000
        kept.log.append(_event(b"bia", "mercado"))
        later = await kept.until({"ana": 2, "bia": 2})
        assert (snapshot.rows(None), later.rows(None)) == (3, 4)
        assert snapshot.key(None) != later.key(None)
        assert snapshot.key("loja") == later.key("loja")


async def test_who_was_erased_is_hidden_at_once_and_gone_from_the_files(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what comes in of them later; results that were remembered are known to be void."""
    monkeypatch.setattr(keeping, "GRACE_SECONDS", 0.0)
    kept.log.append(_event(b"ana"), _event(b"bia"))
    async with kept.keeper() as keeper:
        before = await kept.until({"ana": 1, "bia": 1})
        kept.log.append(_erasure(b"ana"), _event(b"ana"), _event(b"bia"))
        after = await kept.until({"bia": 2})
        assert after.forgets > before.forgets

        def gone() -> bool:
            return not any(b"ana" in file.read_bytes() for file in kept.folder.rglob("*.parquet"))

        await _until(gone)
        await _until(lambda: not keeper.kept[0].publisher.manifest.erased)
        assert await kept.until({"bia": 2})


async def test_a_store_that_was_deleted_is_made_anew(kept: Kept) -> None:
    """Nobody has to do anything."""
    kept.log.append(_event(b"ana"), _event(b"bia"))
    async with kept.keeper():
        await kept.until({"ana": 1, "bia": 1})
        _delete(kept.files.path)
        kept.log.append(_event(b"bia"))
        await kept.until({"ana": 1, "bia": 2})


async def test_a_file_that_is_damaged_is_found_by_a_reader_and_the_store_made_anew(kept: Kept) -> None:
    """Whoever meets it gets an error that says so, and later the right answer."""
    kept.log.append(_event(b"ana"), _event(b"bia"))
    async with kept.keeper() as keeper:
        await kept.until({"ana": 1, "bia": 1})
        publisher = keeper.kept[0].publisher
        file = parquet_file(publisher.folder, publisher.manifest.segments[0])
        content = file.read_bytes()
        file.write_bytes(content[:8] + bytes(len(content) - 8))
        kept.reader.snapshot(_ENVIRONMENT).report_damage()
        await _until(lambda: keeper.begun > 1)
        await kept.until({"ana": 1, "bia": 1})
        await _until(lambda: keeper.kept)
        assert keeper.kept[0].publisher.manifest.build != publisher.manifest.build


async def test_a_report_of_damage_that_is_none_changes_nothing(kept: Kept) -> None:
    """A store is not made anew because somebody says so."""
    kept.log.append(_event(b"ana"))
    async with kept.keeper() as keeper:
        snapshot = await kept.until({"ana": 1})
        snapshot.report_damage()
        await _until(lambda: not list(kept.files.path.glob("damaged-*")))
        kept.log.append(_event(b"bia"))
        await kept.until({"ana": 1, "bia": 1})
        assert keeper.begun == 1


async def test_while_a_store_is_made_anew_the_old_one_answers_and_is_kept_up(kept: Kept) -> None:
    """A rebuild that takes long hides nothing, and shows nobody who was erased meanwhile."""
    kept.log.append(_event(b"ana"), _event(b"bia"))
    async with kept.keeper() as keeper:
        first = await kept.until({"ana": 1, "bia": 1})
        kept.log.open.clear()
        Marks(kept.files.path).ask_rebuild()
        await _until(lambda: len(keeper.kept) == 2)
        kept.log.append(_erasure(b"ana"), _event(b"bia"))
        during = await kept.until({"bia": 2})
        assert during.key(None)[0] == first.key(None)[0]
        kept.log.open.set()
        await _until(lambda: kept.reader.snapshot(_ENVIRONMENT).key(None)[0] != first.key(None)[0])
        await kept.until({"bia": 2})


async def test_a_split_that_only_the_log_can_settle_is_settled_by_it(kept: Kept) -> None:
    """Events of a device that was never seen alone: another build knows whose they are; meanwhile all is kept up."""
    joined = _event(b"", name="pagina_vista")
    joined.event.event.anonymous_id, joined.event.actor_id = "d-1", b"ana".ljust(16, b"-")
    kept.log.append(_event(b"ana"), joined)
    async with kept.keeper() as keeper:
        first = await kept.until({"ana": 1, None: 1})
        kept.log.open.clear()
        joined.event.actor_id = b"d-1".ljust(16, b"-")
        split = log_pb2.ActorSplit(tenant="loja", actor_id=b"d-1".ljust(16, b"-"), from_actor_id=b"ana".ljust(16, b"-"))
        kept.log.append(log_pb2.LogEntry(split=split))
        await _until(lambda: len(keeper.kept) == 2)
        kept.log.append(_event(b"bia"))
        await kept.until({"ana": 1, None: 1, "bia": 1})
        assert kept.actors() == 2
        kept.log.open.set()
        await _until(lambda: kept.reader.snapshot(_ENVIRONMENT).key(None)[0] != first.key(None)[0])
        await kept.until({"ana": 1, None: 1, "bia": 1})
        assert kept.actors() == 3


@pytest.mark.parametrize("is_erased", [False, True])
async def test_a_split_that_nobody_can_settle_is_looked_at_once(kept: Kept, *, is_erased: bool) -> None:
    """Of a device without events, while another one of the same user has some; or of a user who is erased as well."""
    joined = _event(b"", name="pagina_vista")
    joined.event.event.anonymous_id, joined.event.actor_id = "d-2", b"ana".ljust(16, b"-")
    split = log_pb2.ActorSplit(tenant="loja", actor_id=b"d-1".ljust(16, b"-"), from_actor_id=b"ana".ljust(16, b"-"))
    kept.log.append(_event(b"bia"), _event(b"ana"), joined, log_pb2.LogEntry(split=split))
    users: dict[str | None, int] = {"bia": 1, "ana": 1, None: 1}
    if is_erased:
        kept.log.append(_erasure(b"ana"))
        users = {"bia": 1}
    async with kept.keeper() as keeper:
        await _until(lambda: keeper.begun == 2 and kept.files.current().live and not kept.files.current().making)
        for number in range(2, 6):
            kept.log.append(_event(b"bia"))
            await kept.until({**users, "bia": number})
        assert keeper.begun == 2


async def test_a_restored_log_is_begun_anew_and_the_old_store_does_not_answer(kept: Kept) -> None:
    """What the log does not hold any more must not be seen."""
    kept.log.append(_event(b"ana"), _event(b"bia"))
    async with kept.keeper():
        await kept.until({"ana": 1, "bia": 1})
        kept.log.entries = [_event(b"bia")]
        kept.log.epoch += 1
        kept.log.breaks = _once()
        kept.log.append(_event(b"caio"))
        await kept.until({"bia": 1, "caio": 1})


async def test_of_two_who_believe_to_lead_one_writes(kept: Kept) -> None:
    """Whoever began last; the other one's rows never appear twice."""
    kept.log.append(*[_event(b"ana") for _ in range(20)])
    async with kept.keeper(), kept.keeper():
        for number in range(21, 40):
            kept.log.append(_event(b"ana"))
            await kept.until({"ana": number})


async def test_whoever_does_not_lead_writes_nothing_and_another_one_goes_on(kept: Kept) -> None:
    """The cursor is in the store: nothing is taken in twice."""
    kept.log.append(_event(b"ana"))
    async with kept.keeper():
        await kept.until({"ana": 1})
        kept.leads = False
        kept.log.append(_event(b"bia"))
        async with kept.keeper(lambda: True) as other:
            await kept.until({"ana": 1, "bia": 1})
            assert other.begun == 0


def _once() -> Callable[[], bool]:
    left = [True]
    return lambda: bool(left) and left.pop()
