"""What can be done to a flag, and what it leaves behind."""

import datetime

import pytest
from mirante.api.flags.v1 import flag_admin_service_pb2 as pb2
from mirante.api.flags.v1 import flag_pb2

from services.flags import references
from services.runtime.errors import AlreadyExists, EtagMismatch, StateConflict
from tests.support.flag_desk import ANA, Desk, reason
from tests.support.flag_store import bool_flag


async def test_a_new_flag_gets_what_the_service_chooses(desk: Desk) -> None:
    """Version 1, salts of its own that are frozen, and ids for rules that have none."""
    flag = bool_flag("a", rules=[_everybody(), flag_pb2.Rule(id="named", serve=_share(50_000))])
    record = await desk.create(flag)
    other = await desk.create(bool_flag("b"))
    stored = record.flag
    assert (stored.version, record.revision, record.archived, record.updated_by) == (1, 1, False, "ana")
    assert stored.bucketing.hash_version == 1
    salts = [stored.bucketing, other.flag.bucketing]
    assert len({salt for each in salts for salt in (each.salt, each.coverage_salt)}) == 4
    assert all(len(salt) == 16 for each in salts for salt in (each.salt, each.coverage_salt))
    assert stored.rules[0].id
    assert stored.rules[1].id == "named"
    assert record.created_at == record.updated_at
    assert (await desk.get("a")) == record


async def test_the_same_rule_twice_gets_two_ids(desk: Desk) -> None:
    """Ids follow from the content of a rule and still differ."""
    record = await desk.create(bool_flag("a", rules=[_everybody(), _everybody()]))
    first, second = [rule.id for rule in record.flag.rules]
    assert first != second


async def test_an_update_replaces_the_definition_only(desk: Desk) -> None:
    """Kill state, version and bucketing are the service's, whatever the request says about kill and version."""
    await desk.create(bool_flag("a"))
    killed = await desk.kill("a")
    wanted = bool_flag("a", description="new", version=900)
    wanted.kill.reason = "mine"
    updated = await desk.update(wanted, killed.etag)
    expected = bool_flag("a", description="new", version=3, bucketing=killed.flag.bucketing, kill=killed.flag.kill)
    assert updated.flag == expected
    assert updated.etag != killed.etag
    assert updated.created_at == killed.created_at


async def test_an_update_without_a_difference_is_none(desk: Desk) -> None:
    """Nothing is written, so nobody is woken."""
    record = await desk.create(bool_flag("a"))
    before = await desk.contents()
    assert await desk.update(record.flag, record.etag) == record
    assert await desk.contents() == before
    assert len(desk.commits) == 1


async def test_a_stale_etag_is_refused_with_the_stored_one(desk: Desk) -> None:
    """The refusal says what to read again."""
    first = await desk.create(bool_flag("a"))
    second = await desk.update(bool_flag("a", description="new"))
    for method, request in [
        (desk.flags.UpdateFlag, pb2.UpdateFlagRequest(environment="production", flag=first.flag, etag=first.etag)),
    ]:
        error = await desk.refused(method, request)
        assert isinstance(error, EtagMismatch)
        assert (reason(error), error.metadata) == ("ETAG_MISMATCH", {"etag": second.etag})
    archive = pb2.ArchiveFlagRequest(environment="production", flag_key="a", etag=first.etag)
    assert isinstance(await desk.refused(desk.flags.ArchiveFlag, archive), EtagMismatch)
    back = pb2.RollBackFlagRequest(environment="production", flag_key="a", version=1, etag=first.etag)
    assert isinstance(await desk.refused(desk.flags.RollBackFlag, back), EtagMismatch)


async def test_kill_and_restore(desk: Desk) -> None:
    """A kill says who, when and why; a second one is refused, and so is a second restore."""
    await desk.create(bool_flag("a"))
    killed = await desk.kill("a", "too slow")
    kill = killed.flag.kill
    assert (kill.by, kill.reason, killed.flag.on) == ("ana", "too slow", True)
    assert kill.at == killed.updated_at
    request = pb2.KillFlagRequest(environment="production", flag_key="a", reason="me too")
    again = await desk.refused(desk.flags.KillFlag, request)
    assert isinstance(again, StateConflict)
    assert again.metadata == {"state": "killed"}
    restore = pb2.RestoreFlagRequest(environment="production", flag_key="a", reason="fast again")
    restored = (await desk.call(desk.flags.RestoreFlag, restore)).record
    assert not restored.flag.HasField("kill")
    error = await desk.refused(desk.flags.RestoreFlag, restore)
    assert isinstance(error, StateConflict)
    assert error.metadata == {"state": "on"}


async def test_an_archived_flag_is_only_looked_at_or_rolled_back(desk: Desk) -> None:
    """It can be read; update, kill, restore and archive are refused; its key stays taken."""
    await desk.create(bool_flag("a"))
    archived = await desk.archive("a")
    assert (archived.archived, archived.flag.version) == (True, 2)
    assert await desk.get("a") == archived
    update = pb2.UpdateFlagRequest(environment="production", flag=bool_flag("a"), etag=archived.etag)
    kill = pb2.KillFlagRequest(environment="production", flag_key="a", reason="x")
    restore = pb2.RestoreFlagRequest(environment="production", flag_key="a", reason="x")
    archive = pb2.ArchiveFlagRequest(environment="production", flag_key="a")
    for error in (
        await desk.refused(desk.flags.UpdateFlag, update),
        await desk.refused(desk.flags.KillFlag, kill),
        await desk.refused(desk.flags.RestoreFlag, restore),
        await desk.refused(desk.flags.ArchiveFlag, archive),
    ):
        assert isinstance(error, StateConflict)
        assert error.metadata == {"state": "archived"}
    create = pb2.CreateFlagRequest(environment="production", flag=bool_flag("a"))
    taken = await desk.refused(desk.flags.CreateFlag, create)
    assert isinstance(taken, AlreadyExists)
    assert taken.metadata == {"key": "a"}


async def test_rolling_back_brings_an_archived_flag_back(desk: Desk) -> None:
    """The version goes on counting, and the kill state stays."""
    created = await desk.create(bool_flag("a", description="first"))
    await desk.update(bool_flag("a", description="second"))
    await desk.kill("a")
    await desk.archive("a")
    request = pb2.RollBackFlagRequest(environment="production", flag_key="a", version=1)
    record = (await desk.call(desk.flags.RollBackFlag, request)).record
    assert (record.archived, record.flag.version, record.flag.description) == (False, 5, "first")
    assert record.flag.kill.reason == "fire"
    assert record.flag.bucketing == created.flag.bucketing
    current = pb2.RollBackFlagRequest(environment="production", flag_key="a", version=3)
    changed = (await desk.call(desk.flags.RollBackFlag, current)).record
    assert changed.flag.description == "second"
    error = await desk.refused(desk.flags.RollBackFlag, current)
    assert isinstance(error, StateConflict)
    assert error.metadata == {"state": "current"}


async def test_what_others_need_cannot_be_archived(desk: Desk) -> None:
    """The refusal names who needs the flag."""
    await desk.create(bool_flag("a"))
    await desk.create(bool_flag("b", prerequisites=[flag_pb2.Prerequisite(flag_key="a", variants=["on"])]))
    request = pb2.ArchiveFlagRequest(environment="production", flag_key="a")
    error = await desk.refused(desk.flags.ArchiveFlag, request)
    assert isinstance(error, StateConflict)
    assert error.metadata == {"state": "in use", "used_by": "flag b"}
    await desk.archive("b")
    assert (await desk.archive("a")).archived


async def test_a_rollback_to_what_is_gone_is_refused(desk: Desk) -> None:
    """A definition that refers to an archived flag does not come back."""
    await desk.create(bool_flag("a"))
    await desk.create(bool_flag("b", prerequisites=[flag_pb2.Prerequisite(flag_key="a", variants=["on"])]))
    await desk.update(bool_flag("b"))
    await desk.archive("a")
    request = pb2.RollBackFlagRequest(environment="production", flag_key="b", version=1)
    error = await desk.refused(desk.flags.RollBackFlag, request)
    assert reason(error) == "INVALID_DEFINITION"
    assert error.message == "flag.prerequisites[0].flag_key: there is no flag 'a'"


async def test_every_commit_is_told_with_its_lineage(desk: Desk) -> None:
    """Whoever follows is told environment, revision and lineage, in order."""
    await desk.create(bool_flag("a"))
    await desk.kill("a")
    head = next(head for head in await desk.store.rules.heads() if head.key == "production")
    assert desk.commits == [("production", 1, head.lineage), ("production", 2, head.lineage)]


async def test_a_hint_that_fails_fails_nothing(desk: Desk) -> None:
    """The change is made and answered though nobody could be told."""
    desk.hints_fail = True
    record = await desk.create(bool_flag("a"))
    assert await desk.get("a") == record


async def test_the_environment_may_be_left_out_by_a_key_that_holds_one(desk: Desk) -> None:
    """A key with several has to name it."""
    request = pb2.CreateFlagRequest(flag=bool_flag("a"))
    only = ANA.__class__("k", "bia", ANA.role, frozenset({"staging"}))
    await desk.call(desk.flags.CreateFlag, request, only)
    assert (await desk.get("a", "staging")).updated_by == "bia"
    error = await desk.refused(desk.flags.CreateFlag, request)
    assert reason(error) == "INVALID_REQUEST"


async def test_times_are_those_of_the_database(desk: Desk) -> None:
    """All replicas stamp with one clock."""
    record = await desk.create(bool_flag("a"))
    now = datetime.datetime.now(datetime.UTC)
    assert abs((record.updated_at.ToDatetime(datetime.UTC) - now).total_seconds()) < 60


@pytest.mark.parametrize("size", [1, 2, 3, 100])
async def test_pages_together_are_the_list(desk: Desk, size: int) -> None:
    """Following the tokens brings every flag once, by key."""
    for key in ("c", "a", "e", "b", "d"):
        await desk.create(bool_flag(key))
    found, token = [], ""
    while True:
        request = pb2.ListFlagsRequest(environment="production", page_size=size, page_token=token)
        page = await desk.call(desk.flags.ListFlags, request)
        assert len(page.records) <= size
        assert page.revision == 5
        found += [record.flag.key for record in page.records]
        token = page.next_page_token
        if not token:
            break
    assert found == ["a", "b", "c", "d", "e"]


async def test_a_page_fits_into_a_message(desk: Desk) -> None:
    """Large definitions make short pages, and none is lost."""
    values = [f"{number:0500}" for number in range(1_000)]
    large = flag_pb2.Target(attribute="tenant_id", variant="on", values=values)
    for number in range(8):
        await desk.create(bool_flag(f"flag-{number}", targets=[large]))
    first = await desk.call(desk.flags.ListFlags, pb2.ListFlagsRequest(environment="production"))
    assert first.ByteSize() < 4 * 1024 * 1024
    request = pb2.ListFlagsRequest(environment="production", page_token=first.next_page_token)
    second = await desk.call(desk.flags.ListFlags, request)
    assert (len(first.records) + len(second.records), second.next_page_token) == (8, "")


async def test_an_environment_can_be_full(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """By number and by size; what is there can still be changed, killed and archived."""
    await desk.create(bool_flag("a"))
    monkeypatch.setattr(references, "MOST_DEFINITIONS", 1)
    request = pb2.CreateFlagRequest(environment="production", flag=bool_flag("b"))
    by_yaml = pb2.ImportFlagsRequest(environment="production", yaml="flags: {b: {on: true}}")
    for error in (
        await desk.refused(desk.flags.CreateFlag, request),
        await desk.refused(desk.flags.ImportFlags, by_yaml),
    ):
        assert isinstance(error, StateConflict)
        assert error.metadata == {"state": "full"}
    await desk.update(bool_flag("a", description="new"))
    monkeypatch.setattr(references, "MOST_DEFINITIONS", 10)
    monkeypatch.setattr(references, "MOST_BYTES", 100)
    assert isinstance(await desk.refused(desk.flags.CreateFlag, request), StateConflict)
    await desk.kill("a")
    await desk.archive("a")


async def test_lists_are_narrowed_by_state(desk: Desk) -> None:
    """The states of the contract find what they say."""
    for key in ("on", "off", "dead", "gone"):
        flag = bool_flag(key, tags=["t"], owner="o", description="texto")
        flag.on = key != "off"
        await desk.create(flag)
    await desk.kill("dead")
    await desk.archive("gone")
    found = {}
    for state in pb2.FlagState.values():
        request = pb2.ListFlagsRequest(environment="production", state=state, tag="t", owner="o", search="TEXTO")
        page = await desk.call(desk.flags.ListFlags, request)
        found[pb2.FlagState.Name(state)] = [record.flag.key for record in page.records]
    assert found == {
        "FLAG_STATE_UNSPECIFIED": ["dead", "off", "on"],
        "FLAG_STATE_ON": ["on"],
        "FLAG_STATE_OFF": ["off"],
        "FLAG_STATE_KILLED": ["dead"],
        "FLAG_STATE_ARCHIVED": ["gone"],
    }


def _share(coverage: int) -> flag_pb2.Serve:
    splits = [flag_pb2.Split(variant="on", weight=100_000)]
    return flag_pb2.Serve(rollout=flag_pb2.Rollout(splits=splits, coverage=coverage))


def _everybody() -> flag_pb2.Rule:
    return flag_pb2.Rule(serve=_share(10_000))
