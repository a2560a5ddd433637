"""What every `RulesReader` promises, checked on whatever store a subclass provides."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.flags.store import Kind
from services.flags.store.access import NewKey
from services.flags.store.postgres import Store
from services.flags.store.records import Action
from services.runtime.access import Role
from services.runtime.errors import NotFound
from tests.support.flag_store import AUTHOR, bool_flag, put, segment

WRITERS = 20


class RulesReaderContract:
    """A subclass provides the fixture `store`: a fresh one with the environment "production"."""

    async def test_an_environment_begins_at_revision_0(self, store: Store) -> None:
        """A new environment has no definitions and a lineage of its own."""
        await store.access.create_environment("staging", "where we try things", actor="tests")
        heads = await store.rules.heads()
        assert [(head.key, head.revision, head.description) for head in heads] == [
            ("production", 0, ""),
            ("staging", 0, "where we try things"),
        ]
        assert heads[0].lineage != heads[1].lineage

    async def test_changes_since_brings_what_is_newer(self, store: Store) -> None:
        """Only the newest version of what changed after the revision is brought, in order of revision."""
        await put(store, "production", bool_flag("a"))
        await put(store, "production", segment("s", "ana"))
        await put(store, "production", bool_flag("b"))
        await put(store, "production", bool_flag("a", description="again"))
        changes = await store.rules.changes_since("production", 1)
        assert changes.head.revision == 4
        assert [(each.kind, each.key, each.version, each.revision) for each in changes.entries] == [
            (Kind.SEGMENT, "s", 1, 2),
            (Kind.FLAG, "b", 1, 3),
            (Kind.FLAG, "a", 2, 4),
        ]

    async def test_archived_entries_are_tombstones(self, store: Store) -> None:
        """A subscriber from before learns of the end of a flag; one from nowhere does not hear of it."""
        await put(store, "production", bool_flag("a"))
        await put(store, "production", bool_flag("a"), action=Action.ARCHIVE, archived=True)
        since_one = await store.rules.changes_since("production", 1)
        assert [(each.key, each.version, each.archived) for each in since_one.entries] == [("a", 2, True)]
        since_nowhere = await store.rules.changes_since("production", 0)
        assert (since_nowhere.head.revision, list(since_nowhere.entries)) == (2, [])

    async def test_a_revision_from_the_future_brings_nothing(self, store: Store) -> None:
        """Whoever stands above the stored revision gets the head and no entries."""
        await put(store, "production", bool_flag("a"))
        changes = await store.rules.changes_since("production", 900)
        assert (changes.head.revision, list(changes.entries)) == (1, [])

    async def test_an_unknown_environment_is_not_found(self, store: Store) -> None:
        """The error names the environment."""
        with pytest.raises(NotFound) as caught:
            await store.rules.changes_since("nowhere", 0)
        assert caught.value.reason == reasons.ERROR_REASON_ENVIRONMENT_NOT_FOUND
        assert caught.value.metadata == {"environment": "nowhere"}

    async def test_environments_do_not_mix(self, store: Store) -> None:
        """A change in one environment is none in another."""
        await store.access.create_environment("staging", "", actor="tests")
        await put(store, "staging", bool_flag("a"))
        changes = await store.rules.changes_since("production", 0)
        assert (changes.head.revision, list(changes.entries)) == (0, [])

    async def test_following_while_others_write_skips_nothing(self, store: Store) -> None:
        """Whoever follows by revision sees every version of the end, whenever it looks."""
        done = asyncio.Event()

        async def follow() -> AsyncIterator[tuple[int, int, str]]:
            revision = 0
            while True:
                finished = done.is_set()
                changes = await store.rules.changes_since("production", revision)
                assert changes.head.revision >= revision
                for each in changes.entries:
                    assert revision < each.revision <= changes.head.revision
                    yield each.revision, each.version, each.key
                revision = changes.head.revision
                if finished:
                    return

        async def collect() -> list[tuple[int, int, str]]:
            return [seen async for seen in follow()]

        follower = asyncio.create_task(collect())
        # Each writes flags of its own, so that no revision is hidden by a later version.
        await asyncio.gather(
            *[
                put(store, "production", bool_flag(f"flag-{writer}-{number}"))
                for writer in range(WRITERS)
                for number in range(5)
            ]
        )
        done.set()
        seen = await follower
        assert [revision for revision, _, _ in seen] == list(range(1, WRITERS * 5 + 1))
        assert len({key for _, _, key in seen}) == WRITERS * 5

    async def test_a_new_lineage_starts_once(self, store: Store) -> None:
        """Of two replicas with proof of a restore one starts the lineage, and the other finds it started."""
        await put(store, "production", bool_flag("a"))
        (before,) = await store.rules.heads()
        first = await store.rules.start_lineage("production", unless_above=7, old=before.lineage)
        second = await store.rules.start_lineage("production", unless_above=7, old=before.lineage)
        assert first.lineage != before.lineage
        assert (second.lineage, second.revision) == (first.lineage, 1)

    async def test_no_new_lineage_without_proof(self, store: Store) -> None:
        """A stored revision that is not below the subscriber's proves nothing."""
        await put(store, "production", bool_flag("a"))
        (before,) = await store.rules.heads()
        after = await store.rules.start_lineage("production", unless_above=1, old=before.lineage)
        assert after == before

    async def test_a_lineage_of_an_unknown_environment(self, store: Store) -> None:
        """The error is that of every other method."""
        with pytest.raises(NotFound):
            await store.rules.start_lineage("nowhere", unless_above=1, old="")

    async def test_the_token_secret_is_one(self, store: Store) -> None:
        """All replicas of a database sign with the same 32 bytes."""
        secret = await store.rules.token_secret()
        assert len(secret) == 32
        assert await store.rules.token_secret() == secret

    async def test_changes_of_keys_show_in_their_version(self, store: Store) -> None:
        """The version grows when a key is created and when it is revoked, and not when nothing changed."""
        start = await store.rules.api_keys_version()
        key = NewKey("k1", "vendas-api", Role.SERVER, ("production",), 100, bytes(32), "ana")
        stored = await store.access.add_key(key)
        created = await store.rules.api_keys_version()
        revoked, first = await store.access.revoke_key("k1", actor="tests")
        after = await store.rules.api_keys_version()
        again, second = await store.access.revoke_key("k1", actor="tests")
        assert start < created < after == await store.rules.api_keys_version()
        assert (stored.revoked_at, first, second) == (None, True, False)
        assert revoked == again
        assert list(await store.rules.api_keys()) == [revoked]

    async def test_an_author_is_recorded(self, store: Store) -> None:
        """The history says who made a version, with which key, when and why."""
        (record,) = await put(store, "production", bool_flag("a"), action=Action.CREATE)
        (version,) = await store.definitions.history("production", Kind.FLAG, "a", before=None, limit=10)
        assert (version.actor, version.key_id, version.comment) == (AUTHOR.actor, AUTHOR.key_id, "because")
        assert (version.at, version.definition) == (record.updated_at, record.definition)
