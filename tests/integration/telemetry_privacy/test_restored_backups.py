"""A restored backup brings nobody back: the ledger beside the archives knows who was erased."""

import asyncio
import datetime
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from mirante.api.common.v1 import value_pb2

from services.runtime.errors import Unavailable
from services.telemetry.identity.store import Person
from services.telemetry.log.epoch import open_installation
from services.telemetry.privacy.requests import ERASE_SUBJECT, ERASE_TENANT
from tests.support.datastores import ServerHandle
from tests.support.faults.database_copies import CopiedDatabase
from tests.support.telemetry_people import PRODUCTION, event, events, people
from tests.support.telemetry_privacy import ACME, DPO, ForgetfulState, Privacy, places_of, privacy

ANA = Person(PRODUCTION, "acme", "ana-souza-1979")
DEVICE = "navegador-da-ana"
PLAN = {"plan": value_pb2.Value(string_value="premium")}


@asynccontextmanager
async def service(database_url: str, folder: Path) -> AsyncIterator[Privacy]:
    """Start on a database, as the service does."""
    async with people(database_url) as crowd:
        await open_installation(crowd.pool)
        async with privacy(crowd, folder) as desk:
            yield desk


async def fill(desk: Privacy) -> None:
    """Store a person."""
    crowd = desk.people
    await crowd.identities.identify(ANA, DEVICE, PLAN, None)
    await crowd.write(*events(3, user_id=ANA.user_id), *events(2, anonymous_id=DEVICE), *events(2, user_id="bia"))
    await crowd.write_dead_letter(event(user_id=ANA.user_id))


async def test_older_dump_is_erased_again(database_url: str, postgres_server: ServerHandle, tmp_path: Path) -> None:
    """Everybody who was erased since it was taken, with a record of that, and late arrivals are refused again."""
    copy = CopiedDatabase(postgres_server, database_url)
    async with service(database_url, tmp_path) as desk:
        await fill(desk)
    await copy.take()
    async with service(database_url, tmp_path) as desk:
        erased = await desk.erasures.erase_subject(ACME, f"u:{ANA.user_id}", DPO)
    await copy.put_back()
    async with service(database_url, tmp_path) as desk:
        assert await places_of(database_url, tmp_path, ANA.user_id, DEVICE) != []
        [again] = await desk.reapplying.reapply()
        assert await places_of(database_url, tmp_path, ANA.user_id, DEVICE) == []
        assert (again.id, again.kind, again.subject_hash) == (erased.id, ERASE_SUBJECT, erased.subject_hash)
        assert (again.counts["events"], again.completed_at is not None) == (5, True)
        assert "restored" in again.asked.reason
        late = [event(user_id=ANA.user_id), event(anonymous_id=DEVICE), event(user_id="bia")]
        assert await desk.people.write(*late) == [False, False, True]
        # Whoever read the restored log before has to forget the same actors.
        assert set((await desk.people.entries())[-1].actor_ids) == set(
            desk.condemning.actors(ACME, [f"u:{ANA.user_id}", f"a:{DEVICE}"])
        )
        assert await desk.reapplying.reapply() == []


async def test_tenant_is_erased_again_but_not_what_it_stored_since(
    database_url: str, postgres_server: ServerHandle, tmp_path: Path
) -> None:
    """The tenant may have come back after its erasure: what is newer stays."""
    copy = CopiedDatabase(postgres_server, database_url)
    async with service(database_url, tmp_path) as desk:
        await fill(desk)
    await copy.take()
    async with service(database_url, tmp_path) as desk:
        await desk.erasures.erase_tenant(ACME, DPO)
    await copy.put_back()
    async with service(database_url, tmp_path) as desk:
        now = datetime.datetime.now(datetime.UTC)
        await desk.people.write(*events(4, user_id="nova"))
        desk.people.identities._clock = lambda: now
        await desk.people.identities.identify(Person(PRODUCTION, "acme", "nova"), "nav-nova", PLAN, None)
        [again] = await desk.reapplying.reapply()
        assert (again.kind, again.completed_at is not None, again.counts["events"]) == (ERASE_TENANT, True, 7)
        assert await places_of(database_url, tmp_path, ANA.user_id, DEVICE) == []
        assert await desk.people.count("events", "kind = 1") == 4
        assert (await desk.people.count("traits"), await desk.people.count("aliases")) == (1, 1)
        assert await desk.reapplying.reapply() == []


async def test_several_replicas_start_at_once(database_url: str, postgres_server: ServerHandle, tmp_path: Path) -> None:
    """They do it once."""
    copy = CopiedDatabase(postgres_server, database_url)
    async with service(database_url, tmp_path) as desk:
        await fill(desk)
    await copy.take()
    async with service(database_url, tmp_path) as desk:
        await desk.erasures.erase_subject(ACME, f"u:{ANA.user_id}", DPO)
    await copy.put_back()
    async with service(database_url, tmp_path) as one, service(database_url, tmp_path) as other:
        await asyncio.gather(one.reapplying.reapply(), other.reapplying.reapply())
        [row] = await one.people.fetch("SELECT (counts ->> 'events')::int FROM privacy_requests")
        assert row[0] == 5
        assert await places_of(database_url, tmp_path, ANA.user_id, DEVICE) == []


async def test_start_does_not_depend_on_redis(database_url: str, postgres_server: ServerHandle, tmp_path: Path) -> None:
    """Everything that needs none of it is done; live state is forgotten once there is one, and by its actors."""
    copy = CopiedDatabase(postgres_server, database_url)
    async with service(database_url, tmp_path) as desk:
        await fill(desk)
    await copy.take()
    async with service(database_url, tmp_path) as desk:
        await desk.erasures.erase_subject(ACME, f"u:{ANA.user_id}", DPO)
    await copy.put_back()
    live = ForgetfulState(failures=[Unavailable("Redis does not answer")])
    async with people(database_url) as crowd, privacy(crowd, tmp_path, live) as desk:
        assert await desk.reapplying.reapply() == []
        assert await places_of(database_url, tmp_path, ANA.user_id, DEVICE) == []
        [done] = await desk.erasures.resume()
        assert done.completed_at is not None
        actors = desk.condemning.actors(ACME, [f"u:{ANA.user_id}", f"a:{DEVICE}"])
        assert sorted(live.forgotten) == sorted(actors)


async def test_start_does_not_wait_for_somebody_elses_erasure(database_url: str, tmp_path: Path) -> None:
    """Which takes care of itself."""
    async with service(database_url, tmp_path) as desk:
        await fill(desk)
        async with desk.erasures._working():
            await desk.condemning.subject(ACME, f"u:{ANA.user_id}", DPO)
            async with service(database_url, tmp_path) as starting:
                assert await starting.reapplying.reapply() == []
        [done] = await desk.reapplying.reapply()
        assert done.completed_at is not None


async def test_lost_folder_is_noticed(database_url: str, tmp_path: Path) -> None:
    """The ledger gets again what only the database knows, so that the next restored dump finds it there."""
    folder = tmp_path / "archive"
    async with service(database_url, folder) as desk:
        await fill(desk)
        await desk.erasures.erase_subject(ACME, f"u:{ANA.user_id}", DPO)
        await desk.erasures.erase_tenant(ACME, DPO)
        before = await desk.ledger.read()
        shutil.rmtree(folder)
        again = await desk.reapplying.reapply()
        assert {each.kind for each in again} == {ERASE_SUBJECT, ERASE_TENANT}
        after = await desk.ledger.read()
        assert {digest for entry in after for digest in entry.subject_hashes} == {
            digest for entry in before for digest in entry.subject_hashes
        }
        assert {entry.request_id for entry in before if entry.is_tenant} <= {entry.request_id for entry in after}
        assert await desk.reapplying.reapply() == []


@pytest.mark.parametrize("line", [b'{"kind": "subject", "request": "5', b"\xff\xfe\n", b"{}\n"])
async def test_damaged_line_costs_only_itself(database_url: str, tmp_path: Path, line: bytes) -> None:
    """A crash may cut the last line short; what follows begins on a line of its own."""
    (tmp_path / "erasures.jsonl").write_bytes(line)
    async with service(database_url, tmp_path) as desk:
        await fill(desk)
        done = await desk.erasures.erase_subject(ACME, f"u:{ANA.user_id}", DPO)
        [entry] = await desk.ledger.read()
        assert (entry.request_id, len(entry.subject_hashes)) == (done.id, 2)
        assert await desk.reapplying.reapply() == []
