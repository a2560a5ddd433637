"""What is done about a flag follows from what is wanted, what is there, and what was done before."""

from dataclasses import replace
from typing import Any

import pytest
from mirante.evaluation.model import Violation

from services.controller.planning import Act, Differences, Killed, Memory, Stored, mark_of, plan
from services.controller.resource import OnDrift, Owner, Ownership, Wanted

WANTED = Wanted(
    namespace="vendas",
    name="nova-ui",
    generation=3,
    environment="production",
    key="nova_ui",
    killed=None,
    kill_reason="",
    ownership=Ownership(),
    definition={"on": True},
    deleting=False,
    lifts="",
    changed_by="argocd",
    killed_by="kubectl-patch",
    problems=(),
)
STORED = Stored(version=4, revision=20, archived=False, updated_by="ana")
AT = "2026-11-25T10:00:00Z"
OWN_KILL = Killed("kubernetes", AT, f"spec.killed is true, by kubectl-patch {mark_of(WANTED)}")
OTHERS_KILL = Killed("ana", AT, "erro no caixa")
SAME, DIFFERS, ABSENT = Differences(), Differences(("on",)), Differences((), absent=True)
SYNCED = Memory(synced_version=4, generation=3)
REPORT = Ownership(on_drift=OnDrift.REPORT)
DASHBOARD = Ownership(owner=Owner.DASHBOARD)


def acts(*arguments: Any) -> list[Act]:
    """What the plan does."""
    return [action.act for action in plan(*arguments).actions]


@pytest.mark.parametrize(
    ("ownership", "stored", "found", "memory", "expected", "conflict"),
    [
        pytest.param(Ownership(), None, ABSENT, Memory(), [Act.DEFINE], None, id="created"),
        pytest.param(DASHBOARD, None, ABSENT, Memory(), [Act.DEFINE], None, id="created for the dashboard"),
        pytest.param(Ownership(), STORED, SAME, SYNCED, [], None, id="nothing to do"),
        pytest.param(Ownership(), STORED, DIFFERS, Memory(), [Act.DEFINE], None, id="adopted"),
        pytest.param(REPORT, STORED, DIFFERS, Memory(), [], "Drifted", id="was there, reported"),
        pytest.param(Ownership(), STORED, DIFFERS, SYNCED, [Act.DEFINE], None, id="the resource changed"),
        pytest.param(REPORT, STORED, DIFFERS, SYNCED, [Act.DEFINE], None, id="the resource changed, nobody else"),
        pytest.param(REPORT, STORED, DIFFERS, Memory(3, 2), [], "Drifted", id="both changed, reported"),
        pytest.param(Ownership(), STORED, DIFFERS, Memory(3, 3), [Act.DEFINE], None, id="drift reverted"),
        pytest.param(REPORT, STORED, DIFFERS, Memory(3, 3), [], "Drifted", id="drift reported"),
        pytest.param(DASHBOARD, STORED, DIFFERS, Memory(3, 3), [], None, id="the dashboard may"),
        pytest.param(
            REPORT, replace(STORED, archived=True), ABSENT, Memory(3, 3), [], "ArchivedElsewhere", id="archived"
        ),
        pytest.param(
            Ownership(), replace(STORED, archived=True), ABSENT, Memory(3, 3), [Act.DEFINE], None, id="brought back"
        ),
    ],
)
def test_who_owns_a_flag_decides_what_becomes_of_differences(
    *,
    ownership: Ownership,
    stored: Stored | None,
    found: Differences,
    memory: Memory,
    expected: list[Act],
    conflict: str | None,
) -> None:
    """Git reverts or reports, as it says; the dashboard's flags are created and then left alone."""
    made = plan(replace(WANTED, ownership=ownership), stored, found, memory)
    assert [action.act for action in made.actions] == expected
    assert (made.conflict.reason if made.conflict else None) == conflict
    assert made.synced is (not found.any or bool(expected))


def test_a_revert_says_who_changed_what() -> None:
    """Whoever finds a change gone finds out why, in the events and in the flag's history."""
    (action,) = plan(WANTED, STORED, Differences(("on", "rules[vip].serve")), Memory(3, 3)).actions
    assert (action.event, action.warning) == ("Reverted", True)
    assert "ana changed on, rules[vip].serve elsewhere" in action.message
    assert action.reason == "reverted, by argocd, generation 3 (FeatureFlag vendas/nova-ui)"


@pytest.mark.parametrize("found", [None, [Violation("spec.rules[0].serve", "is missing")]])
def test_a_kill_needs_no_sound_definition(found: Any) -> None:
    """A broken spec must not stand between a person and the kill switch."""
    made = plan(replace(WANTED, killed=True, kill_reason="erro 500"), STORED, found, SYNCED)
    assert [action.act for action in made.actions] == [Act.KILL]
    assert made.actions[0].reason == "erro 500, by kubectl-patch (FeatureFlag vendas/nova-ui)"
    assert made.kill_done
    assert not made.synced


def test_a_new_flag_that_is_wanted_killed_is_never_on_in_between() -> None:
    """It comes up off, is killed, and only then becomes what it shall be."""
    assert acts(replace(WANTED, killed=True), None, ABSENT, Memory()) == [Act.CREATE_OFF, Act.KILL, Act.DEFINE]
    archived = replace(STORED, archived=True)
    assert acts(replace(WANTED, killed=True), archived, ABSENT, SYNCED) == [Act.CREATE_OFF, Act.KILL, Act.DEFINE]


def test_the_kill_comes_before_other_changes_and_restoring_after_them() -> None:
    """A patch may carry both."""
    assert acts(replace(WANTED, killed=True), STORED, DIFFERS, SYNCED) == [Act.KILL, Act.DEFINE]
    killed = replace(STORED, kill=OWN_KILL)
    assert acts(WANTED, killed, DIFFERS, SYNCED) == [Act.DEFINE, Act.RESTORE]
    assert acts(WANTED, killed, None, SYNCED) == []


@pytest.mark.parametrize("killed", [None, False])
def test_only_the_own_kill_is_lifted(killed: bool | None) -> None:
    """The dashboard's kill stays, whatever Git says; an explicit false is told about it."""
    wanted = replace(WANTED, killed=killed)
    assert acts(wanted, replace(STORED, kill=OWN_KILL), SAME, SYNCED) == [Act.RESTORE]
    made = plan(wanted, replace(STORED, kill=OTHERS_KILL), SAME, SYNCED)
    assert made.actions == []
    assert made.conflict == plan(wanted, replace(STORED, kill=OTHERS_KILL), None, SYNCED).conflict
    assert (made.conflict is not None) is (killed is False)
    if made.conflict is not None:
        assert made.conflict.reason == "KilledElsewhere"
        assert "ana killed the flag at 2026-11-25T10:00:00Z: erro no caixa" in made.conflict.message


def test_a_kill_of_somebody_else_is_not_made_one_s_own_by_stating_it() -> None:
    """Stating killed while the flag is killed elsewhere, and taking it back, lifts nothing."""
    killed = replace(STORED, kill=OTHERS_KILL)
    made = plan(replace(WANTED, killed=True), killed, SAME, SYNCED)
    assert (made.actions, made.conflict, made.kill_done) == ([], None, True)
    assert acts(replace(WANTED, killed=False), killed, SAME, SYNCED) == []


def test_a_person_lifts_one_kill_by_naming_it() -> None:
    """What stays in the annotation lifts no later kill."""
    killed = replace(STORED, kill=OTHERS_KILL)
    assert acts(replace(WANTED, lifts=AT), killed, SAME, SYNCED) == [Act.RESTORE]
    later = replace(OTHERS_KILL, at="2026-11-25T11:00:00Z")
    assert acts(replace(WANTED, lifts=AT), replace(STORED, kill=later), SAME, SYNCED) == []


@pytest.mark.parametrize(
    ("ownership", "again"),
    [(Ownership(), True), (REPORT, False), (DASHBOARD, False)],
    ids=["git", "report", "dashboard"],
)
def test_a_stated_kill_that_was_lifted_elsewhere(ownership: Ownership, again: bool) -> None:
    """Git kills again; where others may change the flag it is reported."""
    made = plan(replace(WANTED, killed=True, ownership=ownership), STORED, SAME, replace(SYNCED, kill_done=True))
    assert [action.act for action in made.actions] == ([Act.KILL] if again else [])
    assert (made.conflict is None) is again
    if made.conflict is not None:
        assert made.conflict.reason == "RestoredElsewhere"


def test_a_deleted_resource_archives_only_where_it_says_so() -> None:
    """And nothing else happens any more."""
    going = replace(WANTED, deleting=True, killed=True)
    assert acts(going, STORED, None, SYNCED) == []
    archiving = replace(going, ownership=Ownership(archives=True))
    assert acts(archiving, STORED, None, SYNCED) == [Act.ARCHIVE]
    assert acts(archiving, replace(STORED, archived=True), None, SYNCED) == []
    assert acts(archiving, None, None, SYNCED) == []
