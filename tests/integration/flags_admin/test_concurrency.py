"""Several people, and several replicas, change the same things at the same time."""

import asyncio

from mirante.api.flags.v1 import flag_admin_service_pb2 as pb2
from mirante.api.flags.v1 import flag_pb2

from services.flags.store.postgres import open_store
from services.runtime.errors import EtagMismatch, InvalidRequest, StateConflict
from tests.support.flag_desk import Desk
from tests.support.flag_store import bool_flag


async def test_of_writers_with_one_etag_exactly_one_wins(desk: Desk) -> None:
    """The others are told, and nothing of theirs is stored."""
    etag = (await desk.create(bool_flag("a"))).etag
    results = await asyncio.gather(
        *[desk.update(bool_flag("a", description=f"writer {n}"), etag) for n in range(10)], return_exceptions=True
    )
    won = [result for result in results if isinstance(result, pb2.FlagRecord)]
    lost = [result for result in results if isinstance(result, EtagMismatch)]
    assert (len(won), len(lost)) == (1, 9)
    assert await desk.get("a") == won[0]
    assert [entry.version for entry in await desk.history("a")] == [2, 1]


async def test_of_two_kills_one_wins(desk: Desk) -> None:
    """Whoever comes second learns that the flag is killed."""
    await desk.create(bool_flag("a"))
    results = await asyncio.gather(*[desk.kill("a", f"person {n}") for n in range(5)], return_exceptions=True)
    assert len([result for result in results if isinstance(result, pb2.FlagRecord)]) == 1
    assert len([result for result in results if isinstance(result, StateConflict)]) == 4


async def test_revisions_are_dense_and_told_in_commit_order(desk: Desk) -> None:
    """Twenty writers on one environment: as many revisions, no gap, and the history says the same."""
    await asyncio.gather(*[desk.create(bool_flag(f"flag-{n}")) for n in range(20)])
    assert sorted(revision for _, revision, _ in desk.commits) == list(range(1, 21))
    entries = (await desk.store.rules.changes_since("production", 0)).entries
    assert [entry.revision for entry in entries] == list(range(1, 21))


async def test_two_replicas_cannot_make_a_circle(desk: Desk) -> None:
    """Each remembers the environment, and still sees what the other wrote a moment ago."""
    async with open_store(desk.database_url) as store:
        other = Desk(store, desk.database_url)
        await desk.create(bool_flag("a"))
        await desk.create(bool_flag("b"))
        for round_ in range(5):
            results = await asyncio.gather(
                desk.update(_needing("a", "b", round_)),
                other.update(_needing("b", "a", round_)),
                return_exceptions=True,
            )
            assert len([result for result in results if isinstance(result, pb2.FlagRecord)]) == 1
            assert len([result for result in results if isinstance(result, InvalidRequest)]) == 1
            await desk.update(bool_flag("a"))
            await other.update(bool_flag("b"))


async def test_replicas_remember_what_the_other_archived(desk: Desk) -> None:
    """A flag that another replica archived cannot be referred to."""
    async with open_store(desk.database_url) as store:
        other = Desk(store, desk.database_url)
        await desk.create(bool_flag("a"))
        await desk.create(bool_flag("b"))
        await other.archive("a")
        error = await desk.refused(
            desk.flags.CreateFlag, pb2.CreateFlagRequest(environment="production", flag=_needing("c", "a"))
        )
        assert error.message == "flag.prerequisites[0].flag_key: there is no flag 'a'"


def _needing(key: str, other: str, round_: int = 0) -> flag_pb2.Flag:
    prerequisite = flag_pb2.Prerequisite(flag_key=other, variants=["on"])
    return bool_flag(key, prerequisites=[prerequisite], description=f"round {round_}")
