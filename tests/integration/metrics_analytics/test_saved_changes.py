"""Who has saved, changed and deleted cohorts, reports and boards stays on record, under their name."""

import datetime
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest
from mirante.api.metrics.v1 import saved_report_pb2

import services.metrics
from services.metrics.analytics.saved.changes import PostgresSavedChanges
from services.metrics.analytics.saved.kinds import COHORT, KINDS, SavedKind
from services.metrics.analytics.saved.postgres import PostgresSaved
from services.runtime.errors import AlreadyExists, EtagMismatch, InvalidRequest
from services.runtime.migrations import migrate
from services.runtime.postgres.pool import PostgresPool, open_pool
from tests.support.saved_contents import CONTENTS

_MIGRATIONS: Final = Path(services.metrics.__file__).parent / "migrations"
_ENVIRONMENT: Final = "production"
_NOON: Final = datetime.datetime(2026, 3, 10, 12, tzinfo=datetime.UTC)
_HOUR: Final = datetime.timedelta(hours=1)


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[PostgresPool]:
    await migrate(url, "metrics", _MIGRATIONS)
    async with open_pool(url, "metrics") as pool:
        yield pool


def _named(name: str, saved: saved_report_pb2.SavedInfo | None = None) -> saved_report_pb2.SavedInfo:
    """Return a wish; of what was saved in the revision that is known."""
    if saved is None:
        return saved_report_pb2.SavedInfo(name=name)
    return saved_report_pb2.SavedInfo(name=name, id=saved.id, revision=saved.revision)


async def _lived(pool: PostgresPool, kind: SavedKind) -> str:
    """Save, change and delete something by three people, an hour after each other; return its id."""
    saved, content = PostgresSaved(pool, kind), CONTENTS[kind].SerializeToString()
    first = (await saved.create(_ENVIRONMENT, _named("Um"), content, "ana", _NOON)).info
    second = (await saved.update(_ENVIRONMENT, _named("Dois", first), content, "bia", _NOON + _HOUR)).info
    await saved.delete(_ENVIRONMENT, first.id, second.revision, "caio", _NOON + 2 * _HOUR)
    return first.id


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.what)
async def test_each_kind_keeps_each_action(database_url: str, kind: SavedKind) -> None:
    """Who, when, and the whole of it as it became or was, after it is gone; only of what was asked for."""
    async with _opened(database_url) as pool:
        saved_id = await _lived(pool, kind)
        for other in KINDS.values():
            if other is not kind:
                await _lived(pool, other)
        changes, token = await PostgresSavedChanges(pool).page(_ENVIRONMENT, kind.number, "", 0, "")
        assert token == ""
        assert (await PostgresSavedChanges(pool).page(_ENVIRONMENT, 0, saved_id, 0, ""))[0] == changes
        told = [(each.actor, each.action, each.at.ToDatetime(datetime.UTC)) for each in changes]
        assert told == [
            ("caio", "delete", _NOON + 2 * _HOUR),
            ("bia", "update", _NOON + _HOUR),
            ("ana", "create", _NOON),
        ]
        things: list[Any] = [getattr(each, kind.field) for each in changes]
        infos = [(thing.info.id, thing.info.name, thing.info.revision) for thing in things]
        assert infos == [(saved_id, "Dois", 2), (saved_id, "Dois", 2), (saved_id, "Um", 1)]
        assert [(thing.info.created_by, thing.info.updated_by) for thing in things] == [
            ("ana", "bia"),
            ("ana", "bia"),
            ("ana", "ana"),
        ]
        for thing in things:
            thing.ClearField("info")
        assert things == [CONTENTS[kind]] * 3
        assert await PostgresSavedChanges(pool).page("staging", 0, "", 0, "") == ([], "")


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.what)
async def test_a_change_and_its_record_are_made_together(database_url: str, kind: SavedKind) -> None:
    """A change that cannot be noted is not made, and one that is not made is not noted."""
    async with _opened(database_url) as pool:
        saved, content = PostgresSaved(pool, kind), CONTENTS[kind].SerializeToString()
        row = await saved.create(_ENVIRONMENT, _named("Um"), content, "ana", _NOON)
        async with pool.transaction() as connection:
            await connection.execute("ALTER TABLE analytics_saved_changes ADD CHECK (actor = 'ana')")
        with pytest.raises(asyncpg.CheckViolationError):
            await saved.create(_ENVIRONMENT, _named("Dois"), content, "bia", _NOON)
        with pytest.raises(asyncpg.CheckViolationError):
            await saved.update(_ENVIRONMENT, _named("Dois", row.info), content, "bia", _NOON)
        with pytest.raises(asyncpg.CheckViolationError):
            await saved.delete(_ENVIRONMENT, row.info.id, 1, "bia", _NOON)
        assert await saved.all(_ENVIRONMENT) == [row]
        with pytest.raises(AlreadyExists):
            await saved.create(_ENVIRONMENT, _named("Um"), content, "ana", _NOON)
        stale = _named("Dois", row.info)
        stale.revision = 7
        with pytest.raises(EtagMismatch):
            await saved.update(_ENVIRONMENT, stale, content, "ana", _NOON)
        with pytest.raises(EtagMismatch):
            await saved.delete(_ENVIRONMENT, row.info.id, 7, "ana", _NOON)
        changes, _token = await PostgresSavedChanges(pool).page(_ENVIRONMENT, 0, "", 0, "")
        assert [(each.actor, each.action) for each in changes] == [("ana", "create")]


async def _pages(pool: PostgresPool, size: int) -> Sequence[Sequence[saved_report_pb2.SavedChange]]:
    pages, token = [], ""
    while True:
        page, token = await PostgresSavedChanges(pool).page(_ENVIRONMENT, 0, "", size, token)
        pages.append(page)
        if not token:
            return pages


async def test_pages_follow_each_other_and_fit_into_a_message(database_url: str) -> None:
    """Of as many as were asked for, or of fewer where these are large; each change is on one of them."""
    async with _opened(database_url) as pool:
        saved, large = PostgresSaved(pool, COHORT), saved_report_pb2.Cohort()
        large.definition.conditions.add().actors.actors.extend([2**60] * 120_000)
        for name in ("Um", "Dois", "Três"):
            info = (await saved.create(_ENVIRONMENT, _named(name), large.SerializeToString(), "ana", _NOON)).info
            await saved.delete(_ENVIRONMENT, info.id, 1, "ana", _NOON)
        everything = ["Três", "Três", "Dois", "Dois", "Um", "Um"]
        for size, lengths in ((0, [3, 3]), (2, [2, 2, 2]), (4, [3, 3])):
            pages = await _pages(pool, size)
            assert [len(page) for page in pages] == lengths
            assert [each.cohort.info.name for page in pages for each in page] == everything
        changes = PostgresSavedChanges(pool)
        for kind, size, token in ((9, 0, ""), (0, 1_001, ""), (0, 0, "!")):
            with pytest.raises(InvalidRequest):
                await changes.page(_ENVIRONMENT, kind, "", size, token)
        assert await changes.page(_ENVIRONMENT, 0, "negocio", 0, "") == ([], ""), (
            "nobody changes what comes with Mirante"
        )


async def test_of_what_was_saved_before_the_last_change_is_known(database_url: str, tmp_path: Path) -> None:
    """The migration notes it: who saved it, or who was the last to change it."""
    before = tmp_path / "before"
    before.mkdir()
    for file in sorted(_MIGRATIONS.glob("*.sql"))[:4]:
        shutil.copy(file, before)
    await migrate(database_url, "metrics", before)
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(
            """
            INSERT INTO analytics_saved VALUES
                ('production', 1, gen_random_uuid(), 'Um', '', 1, '', now() - interval '2 h', 'ana', now(), 'ana'),
                ('production', 3, gen_random_uuid(), 'Dois', '', 4, '', now() - interval '2 h', 'ana',
                    now() - interval '1 h', 'bia')
            """
        )
    finally:
        await connection.close()
    async with _opened(database_url) as pool:
        changes, _token = await PostgresSavedChanges(pool).page(_ENVIRONMENT, 0, "", 0, "")
    assert [(each.actor, each.action, each.WhichOneof("saved")) for each in changes] == [
        ("ana", "create", "cohort"),
        ("bia", "update", "board"),
    ]
    assert (changes[1].board.info.name, changes[1].board.info.revision) == ("Dois", 4)
