"""Whoever is erased is taken out of the archived days as well, and the rest of those days stays what it was."""

import datetime
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from services.telemetry.log.archive_files import content_of, rows_of, sha256_of
from services.telemetry.log.archiving import Archiving, ErasureUnderWay
from services.telemetry.privacy import erasures, parquet_rewriting, postgres_deleting
from tests.support.telemetry_people import People, events
from tests.support.telemetry_privacy import ACME, DPO, Privacy, places_of

ANA = "ana-souza-1979"
TODAY = datetime.datetime.now(datetime.UTC).replace(hour=12)


async def archive(desk: Privacy, days_ago: int) -> None:
    """Archive a day and drop it from the database."""
    connection = await asyncpg.connect(desk.people.url)
    try:
        await Archiving(desk.folder).archive(connection, TODAY.date() - datetime.timedelta(days=days_ago))
    finally:
        await connection.close()


async def fill(crowd: People, days_ago: int) -> None:
    """Store something on a day."""
    at = TODAY - datetime.timedelta(days=days_ago)
    await crowd.write(*events(3, user_id=ANA), *events(2, user_id="bia"), received_at=at)
    await crowd.write(*events(2, tenant="outra", user_id=ANA), received_at=at)


async def files(desk: Privacy) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of the files that count, all checked against what the database says of them."""
    found = {}
    for row in await desk.people.fetch("SELECT * FROM archives ORDER BY day"):
        file = desk.folder / row["file"]
        assert (sha256_of(file), file.stat().st_size) == (row["sha256"], row["bytes"])
        content = content_of(file)
        assert (content.entries, content.lowest, content.highest) == (
            row["entries"], row["lowest_xid"], row["highest_xid"],
        )  # fmt: skip
        found[row["file"]] = [entry for group in rows_of(file) for entry in group]
    assert {path.name for path in desk.folder.glob("*.parquet*")} == set(found)
    return found


def tenants_of(found: dict[str, list[tuple[Any, ...]]]) -> Sequence[tuple[str, str]]:
    """Return tenant and subject of all rows."""
    return sorted((entry[4], entry[5]) for rows in found.values() for entry in rows)


async def test_person_is_taken_out_of_archived_days(crowd: People, desk: Privacy) -> None:
    """A file with something of the person is replaced, one without stays; their events' ids are free again."""
    await fill(crowd, 9)
    await fill(crowd, 10)
    await crowd.write(*events(2, user_id="bia"), received_at=TODAY - datetime.timedelta(days=11))
    for days_ago in (9, 10, 11):
        await archive(desk, days_ago)
    before = await files(desk)
    done = await desk.erasures.erase_subject(ACME, f"u:{ANA}", DPO)
    after = await files(desk)
    assert (done.counts, done.left["archives"]) == ({"archives": 6, "event_keys": 6}, 0)
    assert len(before.keys() & after.keys()) == 1
    assert tenants_of(after) == sorted(entry for entry in tenants_of(before) if entry != ("acme", f"u:{ANA}"))


async def test_nothing_is_left_in_files(crowd: People, desk: Privacy) -> None:
    """Not in one that a crash left half written, and not in one that the database does not know."""
    await crowd.write(
        *events(3, user_id=ANA), *events(2, user_id="bia"), received_at=TODAY - datetime.timedelta(days=9)
    )
    await archive(desk, 9)
    [file] = desk.folder.glob("*.parquet")
    (desk.folder / f"{file.name}.partial").write_bytes(file.read_bytes())
    stray = desk.folder / "events-20200101-00000000.parquet"
    stray.write_bytes(file.read_bytes())
    assert len(await places_of(crowd.url, desk.folder, ANA)) >= 2
    await desk.erasures.erase_subject(ACME, f"u:{ANA}", DPO)
    assert await places_of(crowd.url, desk.folder, ANA) == []
    assert content_of(stray).entries == 2
    stray.unlink()
    assert len(tenants_of(await files(desk))) == 2


async def test_day_with_nobody_else_stays_as_an_empty_file(crowd: People, desk: Privacy) -> None:
    """A reader finds the day, and nothing on it."""
    await crowd.write(*events(3, user_id=ANA), received_at=TODAY - datetime.timedelta(days=9))
    await archive(desk, 9)
    await desk.erasures.erase_subject(ACME, f"u:{ANA}", DPO)
    assert list((await files(desk)).values()) == [[]]


async def test_tenant_is_taken_out_up_to_its_entry(crowd: People, desk: Privacy) -> None:
    """Its archived days as well; those of others stay."""
    await fill(crowd, 9)
    await archive(desk, 9)
    done = await desk.erasures.erase_tenant(ACME, DPO)
    assert (done.counts, done.left) == ({"archives": 5, "event_keys": 5}, {"events": 0, "archives": 0})
    assert tenants_of(await files(desk)) == [("outra", f"u:{ANA}")] * 2


async def test_restored_folder_is_erased_again(crowd: People, desk: Privacy) -> None:
    """Files and ledger from before an erasure: the database knows what the ledger lacks."""
    await fill(crowd, 9)
    await archive(desk, 9)
    [file] = desk.folder.glob("*.parquet")
    copy, row = file.read_bytes(), (await crowd.fetch("SELECT file, sha256 FROM archives"))[0]
    await desk.erasures.erase_subject(ACME, f"u:{ANA}", DPO)
    for path in desk.folder.iterdir():
        path.unlink()
    file.write_bytes(copy)
    await crowd.execute("UPDATE archives SET file = $1, sha256 = $2", row["file"], row["sha256"])
    [again] = await desk.reapplying.reapply()
    assert (again.counts["archives"], again.completed_at is not None) == (3, True)
    assert ("acme", f"u:{ANA}") not in tenants_of(await files(desk))


async def test_no_day_is_archived_during_an_erasure(
    crowd: People, desk: Privacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the file could hold what was deleted from the database after it was read."""
    await fill(crowd, 9)
    refused = []

    async def archiving_meanwhile(*arguments: Any) -> Any:
        with pytest.raises(ErasureUnderWay) as caught:
            await archive(desk, 9)
        refused.append(caught)
        return await postgres_deleting.delete_events(*arguments)

    monkeypatch.setattr(erasures, "delete_events", archiving_meanwhile)
    await desk.erasures.erase_subject(ACME, f"u:{ANA}", DPO)
    assert len(refused) == 1
    await archive(desk, 9)
    assert ("acme", f"u:{ANA}") not in tenants_of(await files(desk))


@pytest.mark.parametrize("step", ["_rewritten", "_remove"])
async def test_rewriting_may_be_cut_short(
    crowd: People, desk: Privacy, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Before the database changes over, or after it and before the old file is gone."""
    await fill(crowd, 9)
    await archive(desk, 9)

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(parquet_rewriting, step, killed)
        with pytest.raises(Killed):
            await desk.erasures.erase_subject(ACME, f"u:{ANA}", DPO)
    [done] = await desk.erasures.resume()
    assert done.completed_at is not None
    assert tenants_of(await files(desk)) == [("acme", "u:bia")] * 2 + [("outra", f"u:{ANA}")] * 2


class Killed(BaseException):
    """The process ends here."""
