"""The status says what is so, keeps what could not be seen, and changes only where something has changed."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.controller.flag_service import Clients
from services.controller.planning import Conflict, Killed, Plan, Stored
from services.controller.reporting import Fault, Outcome, memory_of, merge_patch, status_of
from tests.support.fake_kubernetes import merged
from tests.unit.controller.test_planning import WANTED

BEFORE, NOW = "2026-11-25T10:00:00Z", "2026-11-25T11:00:00Z"
STORED = Stored(4, 20, archived=False, updated_by="ana", kill=Killed("ana", BEFORE, "erro"))
DRIFT = Conflict("Drifted", "ana changed on elsewhere")

VALUES = st.recursive(
    st.integers() | st.text() | st.lists(st.integers()),
    lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(st.text(max_size=3), VALUES, max_size=5)


@given(DOCUMENTS, DOCUMENTS)
def test_a_patch_leads_from_one_status_to_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    """And is empty when nothing has changed, so that nothing is written."""
    assert merged(before, merge_patch(before, after)) == after
    assert merge_patch(after, after) == {}


def conditions(status: dict[str, Any]) -> dict[str, tuple[str, str, str]]:
    """Status, reason and time of each condition."""
    return {each["type"]: (each["status"], each["reason"], each["lastTransitionTime"]) for each in status["conditions"]}


def test_what_was_carried_out_is_remembered() -> None:
    """Versions, the kill, and how many clients have it."""
    plan = Plan(kill_done=True, synced=True)
    status = status_of(WANTED, {}, Outcome(STORED, plan, Clients(20, 4, 3, partial=False)), NOW)
    assert (status["version"], status["revision"], status["killed"], status["delivered"]) == (4, 20, True, "3/4")
    assert status["kill"] == {"by": "ana", "at": BEFORE, "reason": "erro"}
    memory = memory_of(status)
    assert (memory.synced_version, memory.generation, memory.kill_done) == (4, 3, True)
    assert status_of(WANTED, status, Outcome(STORED, plan, Clients(20, 4, 3, partial=False)), "later") == status


def test_an_outage_changes_what_is_known_of_nothing() -> None:
    """The flag's state and a conflict stay as they were last seen; only Ready and Synced say what happened."""
    seen = status_of(WANTED, {}, Outcome(STORED, Plan(conflict=DRIFT)), BEFORE)
    assert conditions(seen)["Conflict"] == ("True", "Drifted", BEFORE)
    away = status_of(WANTED, seen, Outcome(None, Plan(), fault=Fault("Unavailable", "does not answer")), NOW)
    assert conditions(away) == {
        "Ready": ("False", "Unavailable", NOW),
        "Synced": ("False", "Unavailable", BEFORE),
        "Conflict": ("True", "Drifted", BEFORE),
    }
    assert (away["version"], away["killed"], away["kill"]) == (4, True, seen["kill"])
    back = status_of(WANTED, away, Outcome(STORED, Plan(synced=True)), NOW)
    assert conditions(back)["Conflict"] == ("False", "None", NOW)
