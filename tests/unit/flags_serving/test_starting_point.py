"""Where subscribers are brought up from, whatever they show."""

import pytest
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2

from services.flags.catalog import FlagCatalog
from services.flags.starting_point import starting_point
from services.flags.watch.resume_token import Position, issue
from services.runtime.errors import InvalidRequest, Unavailable
from tests.support.flag_messages import bool_flag
from tests.support.memory_rules import SECRET, MemoryRules

PRODUCTION = "production"


@pytest.fixture
def rules() -> MemoryRules:
    """A database with one environment at revision 3."""
    rules = MemoryRules()
    rules.create(PRODUCTION)
    for key in ("a", "b", "c"):
        rules.put(PRODUCTION, bool_flag(key))
    return rules


async def loaded(rules: MemoryRules) -> FlagCatalog:
    """A catalog that has read everything."""
    catalog = FlagCatalog(rules)
    await catalog.poll()
    return catalog


def subscribe(position: Position, digest: int = 0) -> sync_pb2.Subscribe:
    """A subscriber that stands there."""
    return sync_pb2.Subscribe(resume_token=issue(SECRET, PRODUCTION, position), digest=digest)


async def test_who_shows_nothing_gets_everything(rules: MemoryRules) -> None:
    """Without asking the database."""
    catalog = await loaded(rules)
    rules.away = True
    assert await starting_point(catalog, PRODUCTION, sync_pb2.Subscribe()) is None


async def test_who_is_behind_goes_on_from_there(rules: MemoryRules) -> None:
    """What was archived before this replica's load is read first."""
    catalog = await loaded(rules)
    assert await starting_point(catalog, PRODUCTION, subscribe(("lineage-1", 2))) == ("lineage-1", 2)
    assert catalog.rules(PRODUCTION).complete_since == 2


async def test_who_is_behind_gets_everything_while_the_database_is_away(rules: MemoryRules) -> None:
    """More than needed is better than nothing."""
    catalog = await loaded(rules)
    rules.away = True
    assert await starting_point(catalog, PRODUCTION, subscribe(("lineage-1", 2))) is None


async def test_who_is_current_stays(rules: MemoryRules) -> None:
    """As long as it holds what it should; a wrong digest means everything anew."""
    catalog = await loaded(rules)
    digest = catalog.snapshot(PRODUCTION).digest
    current = ("lineage-1", 3)
    assert await starting_point(catalog, PRODUCTION, subscribe(current, digest)) == current
    assert await starting_point(catalog, PRODUCTION, subscribe(current, digest + 1)) is None


async def test_a_replica_that_lags_catches_up_before_it_answers(rules: MemoryRules) -> None:
    """The subscriber came from a replica that knows more."""
    catalog = await loaded(rules)
    rules.put(PRODUCTION, bool_flag("d"))
    digest = (await loaded(rules)).snapshot(PRODUCTION).digest
    assert await starting_point(catalog, PRODUCTION, subscribe(("lineage-1", 4), digest)) == ("lineage-1", 4)
    assert catalog.snapshot(PRODUCTION).position == ("lineage-1", 4)


async def test_a_replica_that_cannot_catch_up_does_not_answer(rules: MemoryRules) -> None:
    """An older revision is never sent to who has a newer one."""
    catalog = await loaded(rules)
    rules.away = True
    for position in (("lineage-1", 4), ("lineage-0", 1)):
        with pytest.raises(Unavailable):
            await starting_point(catalog, PRODUCTION, subscribe(position))


async def test_who_is_ahead_of_the_database_proves_that_it_was_restored(rules: MemoryRules) -> None:
    """The environment gets another lineage, and the subscriber everything."""
    catalog = await loaded(rules)
    assert await starting_point(catalog, PRODUCTION, subscribe(("lineage-1", 9))) is None
    assert catalog.snapshot(PRODUCTION).position == ("lineage-2", 3)


async def test_a_proof_counts_once(rules: MemoryRules) -> None:
    """Thousands of subscribers from before the restore don't start thousands of lineages."""
    catalog = await loaded(rules)
    for revision in range(9, 4, -1):
        assert await starting_point(catalog, PRODUCTION, subscribe(("lineage-1", revision))) is None
    assert catalog.snapshot(PRODUCTION).head.lineage == "lineage-2"


async def test_who_knows_the_new_lineage_makes_the_replica_read_it(rules: MemoryRules) -> None:
    """A replica that has not heard of a restore learns of it from the first subscriber that has."""
    catalog = await loaded(rules)
    await rules.start_lineage(PRODUCTION, unless_above=9, old="lineage-1")
    digest = catalog.snapshot(PRODUCTION).digest
    position = ("lineage-2", 3)
    assert await starting_point(catalog, PRODUCTION, subscribe(position, digest)) == position
    assert catalog.snapshot(PRODUCTION).position == position


async def test_another_lineage_gets_everything(rules: MemoryRules) -> None:
    """Its revisions don't compare."""
    catalog = await loaded(rules)
    assert await starting_point(catalog, PRODUCTION, subscribe(("lineage-0", 2))) is None


async def test_a_forged_token_is_refused(rules: MemoryRules) -> None:
    """It is the one thing that is an error."""
    catalog = await loaded(rules)
    forged = sync_pb2.Subscribe(resume_token=issue(b"guess" * 8, PRODUCTION, ("lineage-1", 9)))
    with pytest.raises(InvalidRequest):
        await starting_point(catalog, PRODUCTION, forged)
    assert catalog.snapshot(PRODUCTION).head.lineage == "lineage-1"
