"""What every `DefinitionStore` promises, checked on whatever store a subclass provides."""

import asyncio

import pytest

from services.flags.store import Kind
from services.flags.store.definitions import Filter, State
from services.flags.store.postgres import Store
from services.flags.store.records import Action
from services.runtime.errors import NotFound
from tests.support.flag_store import AUTHOR, bool_flag, found, put, segment

WRITERS = 20


async def keys(store: Store, wanted: Filter, after: str = "", limit: int = 100) -> list[str]:
    """Return the keys of a page of flags."""
    _, records = await store.definitions.page("production", Kind.FLAG, wanted, after=after, limit=limit)
    return [record.key for record in records]


class DefinitionStoreContract:
    """A subclass provides the fixture `store`: a fresh one with the environment "production"."""

    async def test_what_is_put_is_found(self, store: Store) -> None:
        """The version is counted by the store and stands in the message too."""
        (first,) = await put(store, "production", bool_flag("a"))
        (second,) = await put(store, "production", bool_flag("a", description="again"))
        assert await found(store, "production", Kind.FLAG, "a") == second
        assert (first.version, second.version, second.created_at) == (1, 2, first.created_at)
        assert first.etag != second.etag
        assert second.definition == bool_flag("a", description="again", version=2).SerializeToString(deterministic=True)

    async def test_what_is_not_there(self, store: Store) -> None:
        """A missing definition is None, a missing environment an error."""
        assert await store.definitions.find("production", Kind.FLAG, "a") is None
        assert await store.definitions.history("production", Kind.FLAG, "a", before=None, limit=1) == []
        with pytest.raises(NotFound):
            await store.definitions.find("nowhere", Kind.FLAG, "a")
        with pytest.raises(NotFound):
            await store.definitions.history("nowhere", Kind.FLAG, "a", before=None, limit=1)
        with pytest.raises(NotFound):
            await store.definitions.page("nowhere", Kind.FLAG, Filter(), after="", limit=1)
        with pytest.raises(NotFound):
            async with store.definitions.change("nowhere", AUTHOR):
                pass

    async def test_flags_and_segments_have_keys_of_their_own(self, store: Store) -> None:
        """A flag and a segment of the same key are two things."""
        await put(store, "production", bool_flag("a"), segment("a", "ana"))
        flag, group = [await found(store, "production", kind, "a") for kind in (Kind.FLAG, Kind.SEGMENT)]
        assert (flag.kind, flag.revision) == (Kind.FLAG, 1)
        assert (group.kind, group.revision) == (Kind.SEGMENT, 1)

    async def test_an_error_writes_nothing(self, store: Store) -> None:
        """A change that raises leaves revision, definitions and history as they were."""
        await put(store, "production", bool_flag("a"))
        before = await store.rules.changes_since("production", 0)

        async def fail() -> None:
            async with store.definitions.change("production", AUTHOR) as change:
                change.put(bool_flag("b"), None, Action.CREATE, comment="")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            await fail()
        assert await store.rules.changes_since("production", 0) == before
        assert await store.definitions.history("production", Kind.FLAG, "b", before=None, limit=1) == []

    async def test_an_empty_change_is_none(self, store: Store) -> None:
        """A change into which nothing was put brings no revision."""
        async with store.definitions.change("production", AUTHOR) as change:
            assert not change.written
        assert (await store.rules.heads())[0].revision == 0

    async def test_a_change_sees_the_environment_as_it_is(self, store: Store) -> None:
        """Within a change all that was written before can be read, archived or not."""
        await put(store, "production", bool_flag("b"), segment("s", "ana"))
        await put(store, "production", bool_flag("a"), archived=True)
        async with store.definitions.change("production", AUTHOR) as change:
            assert [record.key for record in await change.records()] == ["a", "b", "s"]
            assert [entry.key for entry in await change.entries_since(1)] == ["a"]
            past = await change.version(Kind.FLAG, "b", 1)
            assert past is not None
            assert past.version == 1
            assert await change.version(Kind.FLAG, "b", 2) is None
            assert (change.head.revision, change.revision) == (2, 3)

    async def test_writers_take_turns(self, store: Store) -> None:
        """Of many writers at once each gets a revision of its own, and there is no gap; time does not run back."""

        async def write(number: int) -> None:
            async with store.definitions.change("production", AUTHOR) as change:
                await asyncio.sleep(0)
                change.put(bool_flag(f"flag-{number}"), None, Action.CREATE, comment="")

        await asyncio.gather(*[write(number) for number in range(WRITERS)])
        entries = (await store.rules.changes_since("production", 0)).entries
        assert [entry.revision for entry in entries] == list(range(1, WRITERS + 1))
        times = [(await found(store, "production", Kind.FLAG, entry.key)).updated_at for entry in entries]
        assert times == sorted(times)

    async def test_history_is_newest_first(self, store: Store) -> None:
        """Pages of the history go back to the first version."""
        for _ in range(5):
            await put(store, "production", bool_flag("a"))
        newest = await store.definitions.history("production", Kind.FLAG, "a", before=None, limit=3)
        older = await store.definitions.history("production", Kind.FLAG, "a", before=3, limit=3)
        assert [version.version for version in newest] == [5, 4, 3]
        assert [version.version for version in older] == [2, 1]

    async def test_pages_are_cut_by_key(self, store: Store) -> None:
        """Keys sort by bytes, and a page begins after the key it is told."""
        await put(store, "production", *[bool_flag(key) for key in ("b", "B", "a-1", "a.1", "a_1", "a1")])
        assert await keys(store, Filter()) == ["B", "a-1", "a.1", "a1", "a_1", "b"]
        assert await keys(store, Filter(), after="a.1", limit=2) == ["a1", "a_1"]

    @pytest.mark.parametrize(
        ("wanted", "expected"),
        [
            (Filter(), ["dead", "idle", "plain"]),
            (Filter(State.ON), ["plain"]),
            (Filter(State.OFF), ["idle"]),
            (Filter(State.KILLED), ["dead"]),
            (Filter(State.ARCHIVED), ["gone"]),
            (Filter(tag="ui"), ["idle", "plain"]),
            (Filter(State.ON, tag="ui"), ["plain"]),
            (Filter(owner="time-vendas"), ["plain"]),
            (Filter(search="PROMOÇÃO"), ["plain"]),
            (Filter(search="LAI"), ["plain"]),
            (Filter(search="100%"), ["idle"]),
            (Filter(search="a_"), []),
        ],
    )
    async def test_filters(self, store: Store, wanted: Filter, expected: list[str]) -> None:
        """Lists can be narrowed by state, tag, owner and part of key or description."""
        plain = bool_flag("plain", tags=["ui", "x"], owner="time-vendas", description="A promoção de verão")
        idle = bool_flag("idle", tags=["ui"], description="para 100% dos usuários")
        idle.on = False
        dead = bool_flag("dead")
        dead.kill.reason = "fire"
        await put(store, "production", plain, idle, dead)
        await put(store, "production", bool_flag("gone", tags=["ui"]), archived=True)
        assert await keys(store, wanted) == expected
