"""Flags as code: what an import does, plans and refuses."""

import asyncio

import pytest
from mirante.api.flags.v1 import flag_admin_service_pb2 as pb2
from mirante.api.flags.v1 import flag_pb2

from services.flags.demo import seed
from services.flags.flags_yaml import MAX_BYTES
from services.runtime.errors import EtagMismatch, InvalidRequest
from tests.support.flag_desk import Desk, fields, reason
from tests.support.flag_store import bool_flag

TWO_FLAGS = """
flags:
  a: {on: true, description: primeira}
  b:
    on: false
    prerequisites: [{flag_key: a, variants: [on]}]
    rules:
      - conditions: [{operator: in_segment, values: [equipe]}]
        serve: on
    fallthrough: off
segments:
  equipe:
    included: [{attribute: targeting_key, values: [ana, 007]}]
"""


def actions(response: pb2.ImportFlagsResponse) -> list[tuple[str, str, str]]:
    """Return what was planned: kind, key and action."""
    return [
        (each.kind, each.key, pb2.HistoryAction.Name(each.action).removeprefix("HISTORY_ACTION_"))
        for each in response.changes
    ]


async def test_an_import_is_one_revision(desk: Desk) -> None:
    """Everything it makes carries the same revision, and is told once."""
    response = await desk.import_yaml(TWO_FLAGS, comment="primeiro dia")
    assert actions(response) == [("segment", "equipe", "CREATE"), ("flag", "a", "CREATE"), ("flag", "b", "CREATE")]
    assert response.revision == 1
    entries = (await desk.store.rules.changes_since("production", 0)).entries
    assert {(each.key, each.version, each.revision) for each in entries} == {("a", 1, 1), ("b", 1, 1), ("equipe", 1, 1)}
    assert [revision for _, revision, _ in desk.commits] == [1]
    (entry,) = await desk.history("b")
    assert (entry.action, entry.comment) == (pb2.HISTORY_ACTION_IMPORT, "primeiro dia")


async def test_a_dry_run_says_the_same_and_does_nothing(desk: Desk) -> None:
    """The plan of a dry run is what the import then does."""
    before = await desk.contents()
    plan = await desk.import_yaml(TWO_FLAGS, dry_run=True)
    assert await desk.contents() == before
    assert plan.revision == 0
    made = await desk.import_yaml(TWO_FLAGS)
    assert made.changes == plan.changes


async def test_importing_again_changes_nothing(desk: Desk) -> None:
    """Also with rules that have no ids: the service gives them the same ones."""
    await desk.import_yaml(TWO_FLAGS)
    before = await desk.contents()
    again = await desk.import_yaml(TWO_FLAGS)
    assert (actions(again), again.revision) == ([], 1)
    assert await desk.contents() == before


async def test_an_export_imports_as_no_change(desk: Desk) -> None:
    """Killed flags, schedules, salts and all."""
    await seed(desk.store.rules, desk.services.transfer, "production")
    await desk.kill("nova_ui_vendas", "linha 1\nlinha 2: # não")
    yaml = await desk.export_yaml()
    assert "# killed by ana at" in yaml
    plan = await desk.import_yaml(yaml, dry_run=True, prune=True)
    assert actions(plan) == []


async def test_an_export_makes_the_same_flags_elsewhere(desk: Desk) -> None:
    """With the salts of where it came from, so nobody moves between variants."""
    await seed(desk.store.rules, desk.services.transfer, "production")
    yaml = await desk.export_yaml()
    request = pb2.ImportFlagsRequest(environment="staging", yaml=yaml)
    await desk.call(desk.flags.ImportFlags, request)
    assert await desk.export_yaml("staging") == yaml


async def test_an_import_leaves_the_kill_state(desk: Desk) -> None:
    """A killed flag stays killed, whatever the YAML changes."""
    await desk.import_yaml(TWO_FLAGS)
    await desk.kill("a")
    await desk.import_yaml(TWO_FLAGS.replace("primeira", "outra"))
    flag = (await desk.get("a")).flag
    assert (flag.description, flag.kill.reason) == ("outra", "fire")


async def test_pruning_archives_what_is_not_named(desk: Desk) -> None:
    """And only with prune; a later import brings it back with its next version."""
    await desk.import_yaml(TWO_FLAGS)
    only_a = "flags: {a: {on: true, description: primeira}}"
    assert actions(await desk.import_yaml(only_a)) == []
    response = await desk.import_yaml(only_a, prune=True)
    assert actions(response) == [("flag", "b", "ARCHIVE"), ("segment", "equipe", "ARCHIVE")]
    assert (await desk.get("b")).archived
    back = await desk.import_yaml(TWO_FLAGS)
    assert actions(back) == [("segment", "equipe", "CREATE"), ("flag", "b", "CREATE")]
    record = await desk.get("b")
    assert (record.archived, record.flag.version) == (False, 3)


async def test_pruning_what_is_still_needed_is_refused(desk: Desk) -> None:
    """Nothing of the import is done."""
    await desk.import_yaml(TWO_FLAGS)
    without_segment = TWO_FLAGS.split("segments:", maxsplit=1)[0]
    request = pb2.ImportFlagsRequest(environment="production", yaml=without_segment, prune=True)
    error = await desk.refused(desk.flags.ImportFlags, request)
    assert (reason(error), fields(error)) == ("INVALID_DEFINITION", ["flags.b.rules[0].conditions[0].values"])


async def test_a_plan_that_is_out_of_date_is_refused(desk: Desk) -> None:
    """Whoever agreed to a plan gets that plan or none."""
    plan = await desk.import_yaml(TWO_FLAGS, dry_run=True)
    await desk.create(bool_flag("c"))
    assert plan.revision == 0
    for revision in (0, 7):
        request = pb2.ImportFlagsRequest(environment="production", yaml=TWO_FLAGS, expected_revision=revision)
        error = await desk.refused(desk.flags.ImportFlags, request)
        assert (type(error), reason(error), error.metadata) == (EtagMismatch, "ETAG_MISMATCH", {"etag": "1"})
    response = await desk.import_yaml(TWO_FLAGS, expected_revision=1)
    assert response.revision == 2


async def test_one_bad_definition_sinks_the_import(desk: Desk) -> None:
    """All that is wrong is named, by its path in the YAML, and nothing is written."""
    await desk.import_yaml("flags: {typed: {on: true}}")
    yaml = """
flags:
  good: {on: true}
  bad:
    on: true
    fallthrough: {rollout: {splits: {on: 50%, off: 49%}}}
  typed: {on: true, variants: {x: texto}, off_variant: x, fallthrough: x}
  lost: {on: true, prerequisites: [{flag_key: nowhere, variants: [on]}]}
"""
    request = pb2.ImportFlagsRequest(environment="production", yaml=yaml)
    error = await desk.refused(desk.flags.ImportFlags, request)
    assert isinstance(error, InvalidRequest)
    assert reason(error) == "INVALID_DEFINITION"
    assert fields(error) == ["flags.bad.fallthrough.rollout.splits", "flags.typed.type"]
    fixed = yaml.replace("49%", "50%").replace("variants: {x: texto}, off_variant: x, fallthrough: x", "")
    error = await desk.refused(desk.flags.ImportFlags, pb2.ImportFlagsRequest(environment="production", yaml=fixed))
    assert fields(error) == ["flags.lost.prerequisites[0].flag_key"]


async def test_other_salts_for_an_existing_flag_are_refused(desk: Desk) -> None:
    """They are frozen; what is not applied is not passed over in silence."""
    await desk.import_yaml("flags: {a: {on: true, bucketing: {salt: s1, coverage_salt: s2}}}")
    assert (await desk.get("a")).flag.bucketing == flag_pb2.Bucketing(salt="s1", coverage_salt="s2", hash_version=1)
    yaml = "flags: {a: {on: true, bucketing: {salt: s9, coverage_salt: s2}}}"
    error = await desk.refused(desk.flags.ImportFlags, pb2.ImportFlagsRequest(environment="production", yaml=yaml))
    assert (reason(error), fields(error)) == ("INVALID_DEFINITION", ["flags.a.bucketing"])


@pytest.mark.parametrize(
    ("yaml", "expected_reason", "field"),
    [
        ("flags: [", "INVALID_YAML", "yaml"),
        ("# nothing", "INVALID_YAML", "yaml"),
        ("flags: {x: {on: maybe}}", "INVALID_DEFINITION", "flags.x.on"),
        ("flags: {'a b': {on: true}}", "INVALID_DEFINITION", "flags.a b.key"),
        ("#" * (MAX_BYTES + 1), "INVALID_REQUEST", "yaml"),
    ],
    ids=["no YAML", "empty", "no switch", "no key", "too large"],
)
async def test_what_cannot_be_read_is_refused(desk: Desk, yaml: str, expected_reason: str, field: str) -> None:
    """Each with its own reason."""
    request = pb2.ImportFlagsRequest(environment="production", yaml=yaml, prune=True)
    error = await desk.refused(desk.flags.ImportFlags, request)
    assert (reason(error), fields(error)) == (expected_reason, [field])


async def test_an_import_into_nowhere(desk: Desk) -> None:
    """The refusal is that of every other call."""
    request = pb2.ImportFlagsRequest(environment="nowhere", yaml=TWO_FLAGS)
    assert reason(await desk.refused(desk.flags.ImportFlags, request)) == "ENVIRONMENT_NOT_FOUND"
    assert reason(await desk.refused(desk.flags.ExportFlags, pb2.ExportFlagsRequest(environment="nowhere"))) == (
        "ENVIRONMENT_NOT_FOUND"
    )


async def test_the_demo_is_seeded_once(desk: Desk) -> None:
    """Thirteen flags and their segments, by whichever replica comes first, and never over what people made of them."""
    await asyncio.gather(*[seed(desk.store.rules, desk.services.transfer, "production") for _ in range(3)])
    changes = await desk.store.rules.changes_since("production", 0)
    assert changes.head.revision == 1
    assert len([entry for entry in changes.entries if entry.kind.value == "flag"]) == 13
    await desk.archive("dark_mode")
    assert await seed(desk.store.rules, desk.services.transfer, "production") is False
    assert (await desk.get("dark_mode")).archived


async def test_promotion_to_where_the_flag_is_new(desk: Desk) -> None:
    """It is created off, alive, with the same salts."""
    source = await desk.create(bool_flag("a", description="texto"))
    await desk.kill("a")
    request = pb2.PromoteFlagRequest(from_environment="production", to_environment="staging", flag_key="a")
    request.dry_run = True
    plan = await desk.call(desk.flags.PromoteFlag, request)
    assert not plan.HasField("record")
    request.dry_run = False
    response = await desk.call(desk.flags.PromoteFlag, request)
    expected = bool_flag("a", description="texto", version=1, bucketing=source.flag.bucketing)
    expected.on = False
    assert response.record.flag == expected
    assert response.changes == plan.changes
    assert response.record == await desk.get("a", "staging")


async def test_promotion_to_where_the_flag_exists(desk: Desk) -> None:
    """On or off, kill state and salts stay as they are there."""
    await desk.create(bool_flag("a"), "staging")
    await desk.call(desk.flags.KillFlag, pb2.KillFlagRequest(environment="staging", flag_key="a", reason="fire"))
    there = await desk.get("a", "staging")
    source = bool_flag("a", description="novo")
    source.on = False
    await desk.create(source)
    request = pb2.PromoteFlagRequest(from_environment="production", to_environment="staging", flag_key="a")
    response = await desk.call(desk.flags.PromoteFlag, request)
    assert [(each.path, each.before, each.after) for each in response.changes] == [("description", "", "novo")]
    expected = bool_flag("a", description="novo", version=3, bucketing=there.flag.bucketing, kill=there.flag.kill)
    assert response.record.flag == expected
    again = await desk.call(desk.flags.PromoteFlag, request)
    assert (again.record, list(again.changes)) == (response.record, [])


async def test_a_promotion_of_what_was_changed_meanwhile_is_refused(desk: Desk) -> None:
    """Here or there; the plan that was made anew is carried out."""
    await desk.create(bool_flag("a"))
    request = pb2.PromoteFlagRequest(from_environment="production", to_environment="staging", flag_key="a")
    request.dry_run = True
    for changed_in in ("staging", "production"):
        request.plan = (await desk.call(desk.flags.PromoteFlag, request)).plan
        if changed_in == "staging":
            await desk.create(bool_flag("a", description="outro"), "staging")
        else:
            await desk.kill("a")
        request.dry_run = False
        error = await desk.refused(desk.flags.PromoteFlag, request)
        assert (type(error), reason(error)) == (EtagMismatch, "ETAG_MISMATCH")
        request.plan, request.dry_run = "", True
    request.plan = (await desk.call(desk.flags.PromoteFlag, request)).plan
    request.dry_run = False
    assert (await desk.call(desk.flags.PromoteFlag, request)).record.flag.version == 2


async def test_a_promotion_that_lacks_something_there_is_refused(desk: Desk) -> None:
    """The segment that is missing in the other environment is named."""
    await desk.import_yaml(TWO_FLAGS)
    request = pb2.PromoteFlagRequest(from_environment="production", to_environment="staging", flag_key="b")
    error = await desk.refused(desk.flags.PromoteFlag, request)
    assert reason(error) == "INVALID_DEFINITION"
    assert "'equipe'" in error.message
    assert fields(error) == ["flag.prerequisites[0].flag_key", "flag.rules[0].conditions[0].values"]


async def test_promotion_of_another_type_or_an_archived_flag_is_refused(desk: Desk) -> None:
    """Types are frozen, and what is archived comes back by a rollback only."""
    await desk.create(bool_flag("a"))
    await desk.import_yaml("flags: {t: {on: true, variants: {x: y}, off_variant: x, fallthrough: x}}")
    await desk.create(bool_flag("t"), "staging")
    typed = pb2.PromoteFlagRequest(from_environment="production", to_environment="staging", flag_key="t")
    error = await desk.refused(desk.flags.PromoteFlag, typed)
    assert (reason(error), fields(error)) == ("INVALID_DEFINITION", ["flag.type"])
    await desk.archive("a")
    gone = pb2.PromoteFlagRequest(from_environment="production", to_environment="staging", flag_key="a")
    assert reason(await desk.refused(desk.flags.PromoteFlag, gone)) == "STATE_CONFLICT"
