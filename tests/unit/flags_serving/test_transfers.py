"""What subscribers are sent, checked with the client's own replica."""

import pytest
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2
from mirante.replica import Replica

from services.flags.catalog import FlagCatalog
from services.flags.watch import transfers as transfers_module
from services.flags.watch.resume_token import Position, read
from services.flags.watch.transfers import PART_BYTES, Transfers
from tests.support.flag_messages import bool_flag, segment
from tests.support.memory_rules import NOW, SECRET, MemoryRules

PRODUCTION = "production"


@pytest.fixture
def rules() -> MemoryRules:
    """A database with one empty environment."""
    rules = MemoryRules()
    rules.create(PRODUCTION)
    return rules


async def loaded(rules: MemoryRules) -> tuple[FlagCatalog, Transfers]:
    """A catalog and the transfers of its environment."""
    catalog = FlagCatalog(rules)
    await catalog.poll()
    return catalog, Transfers(catalog, PRODUCTION)


def received(transfers: Transfers, position: Position | None, replica: Replica) -> sync_pb2.Transfer:
    """Apply a transfer as a client does; return its last part. Raises when the digest does not agree."""
    parts = [sync_pb2.WatchFlagsResponse.FromString(part).transfer for part in transfers.parts_from(position)]
    for part in parts:
        replica.apply(part)
    return parts[-1]


async def test_who_holds_nothing_gets_everything(rules: MemoryRules) -> None:
    """The last part tells where that leads."""
    rules.put(PRODUCTION, bool_flag("a"), segment("s", "ana"))
    rules.put(PRODUCTION, bool_flag("b"))
    _, transfers = await loaded(rules)
    replica = Replica()
    last = received(transfers, None, replica)
    assert last.intent == sync_pb2.TRANSFER_INTENT_FULL
    assert (replica.revision, replica.lineage) == transfers.position[::-1] == (2, "lineage-1")
    assert sorted(replica.ruleset.flags) == ["a", "b"]
    assert last.committed_at.ToDatetime(NOW.tzinfo) == NOW
    assert read(SECRET, PRODUCTION, last.resume_token) == ("lineage-1", 2)


async def test_who_is_behind_gets_the_changes(rules: MemoryRules) -> None:
    """Put in, changed and taken away, and nothing else."""
    rules.put(PRODUCTION, bool_flag("a"), bool_flag("b"), segment("s", "ana"), segment("t"))
    catalog, transfers = await loaded(rules)
    replica = Replica()
    received(transfers, None, replica)
    rules.put(PRODUCTION, bool_flag("a"), segment("s"), archived=True)
    rules.put(PRODUCTION, bool_flag("c"), segment("t", "bia"))
    await catalog.refresh(PRODUCTION)
    transfers.renew()
    last = received(transfers, ("lineage-1", 1), replica)
    assert last.intent == sync_pb2.TRANSFER_INTENT_CHANGES
    assert ([flag.key for flag in last.flags], list(last.removed_flags)) == (["c"], ["a"])
    assert ([each.key for each in last.segments], list(last.removed_segments)) == (["t"], ["s"])
    assert sorted(replica.ruleset.flags) == ["b", "c"]


async def test_who_is_current_gets_nothing(rules: MemoryRules) -> None:
    """But the word that it is."""
    rules.put(PRODUCTION, bool_flag("a"))
    _, transfers = await loaded(rules)
    replica = Replica()
    received(transfers, None, replica)
    last = received(transfers, transfers.position, replica)
    assert last.intent == sync_pb2.TRANSFER_INTENT_NONE
    assert not last.flags


@pytest.mark.parametrize("position", [("lineage-0", 1), ("lineage-1", 0)])
async def test_who_stands_elsewhere_gets_everything(rules: MemoryRules, position: Position) -> None:
    """Another lineage does not compare, and what happened before the load is not known."""
    rules.put(PRODUCTION, bool_flag("a"))
    _, transfers = await loaded(rules)
    assert received(transfers, position, Replica()).intent == sync_pb2.TRANSFER_INTENT_FULL


async def test_what_was_read_for_somebody_from_before_the_load_serves_them(rules: MemoryRules) -> None:
    """The environment stands where it stood: only more is known of how it came there."""
    rules.put(PRODUCTION, bool_flag("a"), bool_flag("b"))
    replica = Replica()
    received((await loaded(rules))[1], None, replica)
    rules.put(PRODUCTION, bool_flag("a"), archived=True)
    catalog, transfers = await loaded(rules)
    received(transfers, None, Replica())
    await catalog.complete_since(PRODUCTION, 1)
    last = received(transfers, ("lineage-1", 1), replica)
    assert (last.intent, list(last.removed_flags)) == (sync_pb2.TRANSFER_INTENT_CHANGES, ["a"])
    assert sorted(replica.ruleset.flags) == ["b"]


async def test_a_large_transfer_comes_in_parts(rules: MemoryRules) -> None:
    """No part is much larger than a megabyte, and the revision stands in the last only."""
    flags = [bool_flag(f"flag-{number}") for number in range(40)]
    for flag in flags:
        flag.description = "x" * 100_000
    rules.put(PRODUCTION, *flags)
    _, transfers = await loaded(rules)
    messages = transfers.parts_from(None)
    parts = [sync_pb2.WatchFlagsResponse.FromString(message).transfer for message in messages]
    assert len(parts) == 5
    assert max(map(len, messages)) < PART_BYTES + 1_000
    assert [part.more for part in parts] == [True] * 4 + [False]
    assert [part.revision for part in parts] == [0] * 4 + [1]
    replica = Replica()
    received(transfers, None, replica)
    assert len(replica.ruleset.flags) == 40


async def test_the_same_bytes_serve_everybody(rules: MemoryRules) -> None:
    """A transfer is made once for each starting point, until the rules change."""
    rules.put(PRODUCTION, bool_flag("a"))
    catalog, transfers = await loaded(rules)
    first = transfers.parts_from(None)
    assert transfers.parts_from(None) is first
    rules.put(PRODUCTION, bool_flag("a"))
    await catalog.refresh(PRODUCTION)
    transfers.renew()
    assert transfers.parts_from(None) != first


async def test_what_is_kept_is_bounded(rules: MemoryRules, monkeypatch: pytest.MonkeyPatch) -> None:
    """Subscribers at ever other revisions do not fill the memory."""
    monkeypatch.setattr(transfers_module, "_MOST_KEPT", 3)
    catalog, transfers = await loaded(rules)
    for _ in range(10):
        rules.put(PRODUCTION, bool_flag("a"))
        await catalog.refresh(PRODUCTION)
    transfers.renew()
    for revision in range(1, 10):
        assert received_intent(transfers, revision) == sync_pb2.TRANSFER_INTENT_CHANGES
        assert len(transfers._kept) <= 3


def received_intent(transfers: Transfers, revision: int) -> int:
    """The intent of what a subscriber at a revision is sent."""
    return sync_pb2.WatchFlagsResponse.FromString(transfers.parts_from(("lineage-1", revision))[0]).transfer.intent
