"""The catalog follows the database."""

import asyncio
import time

import pytest
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.evaluation import Reason, evaluate
from mirante.replica import digest_of

from services.flags.catalog import FlagCatalog
from services.flags.compilation import SLICE
from services.flags.store import Kind
from services.runtime.errors import NotFound, Unavailable
from tests.support.flag_messages import bool_flag, segment, segment_flag
from tests.support.memory_rules import MemoryRules

PRODUCTION = "production"


@pytest.fixture
def rules() -> MemoryRules:
    """A database with one empty environment."""
    rules = MemoryRules()
    rules.create(PRODUCTION)
    return rules


def served(catalog: FlagCatalog, key: str, user: str = "ana") -> object:
    """What a flag serves to a user."""
    return evaluate(catalog.snapshot(PRODUCTION).ruleset, key, {"targeting_key": user}, time.time()).value


def held_digest(rules: MemoryRules) -> int:
    """The digest of everything in the database that is not archived."""
    live = [entry for entry in rules.entries[PRODUCTION].values() if not entry.archived]
    return digest_of([(entry.kind.value, entry.key, entry.version) for entry in live])


async def test_nothing_is_answered_before_the_first_read(rules: MemoryRules) -> None:
    """The catalog says so, instead of saying that the environment does not exist."""
    catalog = FlagCatalog(rules)
    with pytest.raises(Unavailable) as refused:
        catalog.snapshot(PRODUCTION)
    assert refused.value.reason == reasons.ERROR_REASON_NOT_READY
    await catalog.poll()
    with pytest.raises(NotFound):
        catalog.snapshot("nowhere")


async def test_a_poll_brings_everything(rules: MemoryRules) -> None:
    """Flags and segments are evaluated as they are stored."""
    rules.put(PRODUCTION, segment("vip", "ana"), segment_flag("for_vips", "vip"))
    catalog = FlagCatalog(rules)
    await catalog.poll()
    assert served(catalog, "for_vips", "ana") is True
    assert served(catalog, "for_vips", "bia") is False
    assert catalog.snapshot(PRODUCTION).digest == held_digest(rules)


async def test_only_what_changed_is_read_and_told(rules: MemoryRules) -> None:
    """A poll that finds nothing reads the heads and nothing else."""
    rules.put(PRODUCTION, bool_flag("a"), bool_flag("b"))
    catalog, told = FlagCatalog(rules), list[str]()
    catalog.on_change = told.append
    await catalog.poll()
    rules.reads.clear()
    await catalog.poll()
    assert (rules.reads, told) == (["heads"], [PRODUCTION])
    rules.put(PRODUCTION, bool_flag("a", killed=True))
    await catalog.poll()
    assert rules.reads == ["heads", "heads", "production since 1"]
    assert (served(catalog, "a"), served(catalog, "b"), told) == (False, True, [PRODUCTION] * 2)


async def test_digest_and_entries_follow_every_kind_of_change(rules: MemoryRules) -> None:
    """After changes, archiving and coming back, they are those of a catalog that was loaded anew."""
    catalog = FlagCatalog(rules)
    rules.put(PRODUCTION, bool_flag("a"), bool_flag("b"), segment("s", "ana"))
    await catalog.poll()
    for change in range(6):
        rules.put(PRODUCTION, bool_flag("a"), archived=change % 2 == 0)
        rules.put(PRODUCTION, segment("s", "bia"), archived=change % 3 == 0)
        await catalog.refresh(PRODUCTION)
        fresh = FlagCatalog(rules)
        await fresh.poll()
        assert catalog.snapshot(PRODUCTION).digest == fresh.snapshot(PRODUCTION).digest == held_digest(rules)
        assert set(catalog.rules(PRODUCTION).live()) == set(fresh.rules(PRODUCTION).live())
        assert catalog.snapshot(PRODUCTION).ruleset.flags.keys() == fresh.snapshot(PRODUCTION).ruleset.flags.keys()


async def test_changes_since_a_revision_are_in_its_order(rules: MemoryRules) -> None:
    """Each definition comes once, as of its newest version."""
    catalog = FlagCatalog(rules)
    rules.put(PRODUCTION, bool_flag("a"))
    await catalog.poll()
    rules.put(PRODUCTION, bool_flag("b"))
    rules.put(PRODUCTION, bool_flag("c"))
    rules.put(PRODUCTION, bool_flag("b"))
    rules.put(PRODUCTION, bool_flag("a"), archived=True)
    await catalog.refresh(PRODUCTION)
    changes = catalog.rules(PRODUCTION).changes_since(2)
    assert [(entry.key, entry.revision, entry.archived) for entry in changes] == [
        ("c", 3, False),
        ("b", 4, False),
        ("a", 5, True),
    ]


async def test_what_was_archived_before_the_load_is_read_when_somebody_needs_it(rules: MemoryRules) -> None:
    """A subscriber from before the load learns that a flag is gone."""
    rules.put(PRODUCTION, bool_flag("a"), bool_flag("b"))
    rules.put(PRODUCTION, bool_flag("a"), archived=True)
    rules.put(PRODUCTION, bool_flag("b"))
    catalog = FlagCatalog(rules)
    await catalog.poll()
    assert catalog.rules(PRODUCTION).complete_since == 3
    await catalog.complete_since(PRODUCTION, 1)
    changes = catalog.rules(PRODUCTION).changes_since(1)
    assert [(entry.key, entry.archived) for entry in changes] == [("a", True), ("b", False)]
    assert catalog.snapshot(PRODUCTION).digest == held_digest(rules)


async def test_completing_while_the_rules_change_mixes_nothing(rules: MemoryRules) -> None:
    """What was read at another revision is not put among the entries of this one."""
    rules.put(PRODUCTION, bool_flag("a"))
    rules.put(PRODUCTION, bool_flag("a"), archived=True)
    catalog = FlagCatalog(rules)
    await catalog.poll()
    rules.put(PRODUCTION, bool_flag("a"))
    await catalog.complete_since(PRODUCTION, 1)
    assert catalog.snapshot(PRODUCTION).head.revision == 3
    assert [(entry.key, entry.archived) for entry in catalog.rules(PRODUCTION).changes_since(1)] == [("a", False)]


async def test_without_the_database_everything_stays(rules: MemoryRules) -> None:
    """Evaluation goes on, and catches up afterwards."""
    rules.put(PRODUCTION, bool_flag("a"))
    catalog = FlagCatalog(rules)
    await catalog.poll()
    rules.put(PRODUCTION, bool_flag("a", on=False))
    rules.away = True
    for read in (catalog.poll(), catalog.refresh(PRODUCTION), catalog.complete_since(PRODUCTION, 0)):
        with pytest.raises(Unavailable):
            await read
    assert served(catalog, "a") is True
    rules.away = False
    await catalog.poll()
    assert served(catalog, "a") is False


async def test_another_lineage_is_loaded_from_nothing(rules: MemoryRules) -> None:
    """What the restored database does not have is gone, whatever the revisions are."""
    rules.put(PRODUCTION, bool_flag("a"))
    backup = rules.backup()
    rules.put(PRODUCTION, bool_flag("b"))
    rules.put(PRODUCTION, bool_flag("c"))
    catalog = FlagCatalog(rules)
    await catalog.poll()
    rules.restore(backup)
    await rules.start_lineage(PRODUCTION, unless_above=3, old="lineage-1")
    await catalog.poll()
    assert catalog.snapshot(PRODUCTION).position == ("lineage-2", 1)
    assert sorted(catalog.snapshot(PRODUCTION).ruleset.flags) == ["a"]


async def test_a_database_that_went_back_gets_a_new_lineage(rules: MemoryRules) -> None:
    """A running replica that knows of later revisions notices a restored copy, and starts the lineage itself."""
    rules.put(PRODUCTION, bool_flag("a"))
    backup = rules.backup()
    rules.put(PRODUCTION, bool_flag("a", killed=True))
    catalog = FlagCatalog(rules)
    await catalog.poll()
    rules.restore(backup)
    await catalog.poll()
    assert catalog.snapshot(PRODUCTION).position == ("lineage-2", 1)
    assert served(catalog, "a") is True


async def test_many_refreshes_at_once_are_few_reads(rules: MemoryRules) -> None:
    """A storm of subscribers does not become a storm of queries."""
    catalog = FlagCatalog(rules)
    await catalog.poll()
    rules.put(PRODUCTION, bool_flag("a"))
    rules.reads.clear()
    await asyncio.gather(*[catalog.refresh(PRODUCTION) for _ in range(500)])
    assert len(rules.reads) <= 2


async def test_many_definitions_are_compiled_in_slices(rules: MemoryRules) -> None:
    """Other work gets its turn while thousands of definitions are loaded, and sees the rules before or after."""
    count = SLICE * 5
    rules.put(PRODUCTION, *[bool_flag(f"flag-{number}") for number in range(count)])
    catalog = FlagCatalog(rules)
    load = asyncio.create_task(catalog.poll())
    turns = 0
    while not load.done():
        await asyncio.sleep(0)
        turns += 1
        sizes = {len(catalog.snapshot(key).ruleset.flags) for key in catalog.environments()}
        assert sizes <= {count}
    assert turns >= 5
    assert len(catalog.snapshot(PRODUCTION).ruleset.flags) == count


async def test_a_definition_from_the_future_fails_alone(rules: MemoryRules) -> None:
    """What this version cannot read is broken; its neighbours are not."""
    strange = bool_flag("strange")
    strange.rules.add(id="r").conditions.add(attribute="plan", operator=999)  # of a newer version
    rules.put(PRODUCTION, strange, bool_flag("plain"))
    catalog = FlagCatalog(rules)
    await catalog.poll()
    ruleset = catalog.snapshot(PRODUCTION).ruleset
    assert evaluate(ruleset, "strange", {}, 0.0).reason is Reason.ERROR
    assert served(catalog, "plain") is True
    assert catalog.snapshot(PRODUCTION).digest == held_digest(rules)
    assert (Kind.FLAG, "strange") in catalog.rules(PRODUCTION).entries


async def test_the_lag_is_what_the_last_poll_found(rules: MemoryRules) -> None:
    """It is zero for whoever was current."""
    catalog = FlagCatalog(rules)
    await catalog.poll()
    rules.put(PRODUCTION, bool_flag("a"))
    rules.put(PRODUCTION, bool_flag("b"))
    await catalog.poll()
    assert catalog.behind == {PRODUCTION: 2}
    await catalog.poll()
    assert catalog.behind == {PRODUCTION: 0}
