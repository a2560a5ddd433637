"""The status of a resource: what is so, in words for people and programs. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mirante.evaluation.model import Violation

from services.controller.flag_service import Clients
from services.controller.planning import Conflict, Memory, Plan, Stored
from services.controller.resource import Owner, Wanted

_MOST_MESSAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a resource could not be carried out."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the last look at a resource ended; `fault` is None when all was done."""

    stored: Stored | None
    plan: Plan
    clients: Clients | None = None
    fault: Fault | None = None


def memory_of(status: Mapping[str, Any]) -> Memory:
    """Return what a status remembers."""
    return Memory(
        int(status.get("syncedVersion", 0)), int(status.get("syncedGeneration", 0)), bool(status.get("killDone", False))
    )


def invalid(violations: Sequence[Violation]) -> Fault:
    """Return the fault of a spec with wrong fields."""
    return Fault("InvalidSpec", "; ".join(f"{each.field}: {each.description}" for each in violations)[:_MOST_MESSAGE])


def status_of(wanted: Wanted, before: Mapping[str, Any], outcome: Outcome, now: str) -> dict[str, Any]:
    """
    Return the whole new status.

    Args:
        wanted: what the resource says.
        before: the present status.
        outcome: of the last look.
        now: RFC 3339; conditions that change their state get it.
    """
    stored, memory = outcome.stored, memory_of(before)
    status: dict[str, Any] = {
        "observedGeneration": wanted.generation,
        "key": wanted.key,
        "killDone": outcome.plan.kill_done,
        "syncedVersion": memory.synced_version,
        "syncedGeneration": memory.generation,
        "conditions": _conditions(wanted, before, outcome, now),
    }
    if stored is not None:
        if outcome.plan.synced and outcome.fault is None:
            status["syncedVersion"], status["syncedGeneration"] = stored.version, wanted.generation
        status |= {"version": stored.version, "revision": stored.revision, "killed": stored.kill is not None}
        status["archived"] = stored.archived
        if stored.kill is not None:
            status["kill"] = {"by": stored.kill.by, "at": stored.kill.at, "reason": stored.kill.reason}
    elif outcome.fault is not None:
        # The flag service was not reached: what was last known stays.
        status |= {
            name: before[name] for name in ("version", "revision", "killed", "archived", "kill") if name in before
        }
    if outcome.clients is not None:
        clients = outcome.clients
        status["clients"] = {
            "revision": clients.revision,
            "connected": clients.connected,
            "applied": clients.applied,
            "partial": clients.partial,
        }
        status["delivered"] = f"{clients.applied}/{clients.connected}"
    return status


def merge_patch(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the merge patch (RFC 7396) from one status to another; empty when they are equal."""
    patch: dict[str, Any] = {}
    for name in before.keys() | after.keys():
        if name not in after:
            patch[name] = None
        elif isinstance(before.get(name), dict) and isinstance(after[name], dict):
            if inner := merge_patch(before[name], after[name]):
                patch[name] = inner
        elif before.get(name) != after[name]:
            patch[name] = after[name]
    return patch


def _conditions(wanted: Wanted, before: Mapping[str, Any], outcome: Outcome, now: str) -> list[dict[str, Any]]:
    fault, conflict = outcome.fault, outcome.plan.conflict
    conditions = [
        _condition("Ready", fault is None, *(("Reconciled", "") if fault is None else (fault.reason, fault.message))),
        _condition("Synced", *_synced(wanted, outcome)),
        _condition(
            "Conflict", conflict is not None, *((conflict.reason, conflict.message) if conflict else ("None", ""))
        ),
    ]
    old = {each["type"]: each for each in before.get("conditions") or []}
    if fault is not None and conflict is None and "Conflict" in old:
        conditions[2] = dict(old["Conflict"])  # whether that is over could not be seen
    for each in conditions:
        known = old.get(each["type"])
        unchanged = known is not None and known["status"] == each["status"]
        each["lastTransitionTime"] = known["lastTransitionTime"] if known is not None and unchanged else now
        each["observedGeneration"] = wanted.generation
    return conditions


def _synced(wanted: Wanted, outcome: Outcome) -> tuple[bool, str, str]:
    if outcome.fault is not None:
        return False, outcome.fault.reason, outcome.fault.message
    if outcome.plan.synced:
        return True, "AsStated", "the flag is as this resource states"
    conflict: Conflict | None = outcome.plan.conflict
    if wanted.ownership.owner is Owner.DASHBOARD:
        return False, "DashboardOwns", "the flag differs from this resource, and the dashboard owns it"
    return False, conflict.reason if conflict else "Differs", conflict.message if conflict else ""


def _condition(kind: str, holds: bool, reason: str, message: str) -> dict[str, Any]:
    return {
        "type": kind,
        "status": "True" if holds else "False",
        "reason": reason,
        "message": message[:_MOST_MESSAGE],
    }
