"""
What has to be done about one flag. Pure: from what is wanted, what is there and what was done before.

Three rules decide (see docs/kubernetes-flags.md):

* A kill comes first, needs nothing else to be sound, and a new flag that is wanted killed is never on in between.
* A kill that this resource did not make is not lifted by it, except when a person names that very kill.
* What somebody else changed is overwritten only where Git owns the flag and says so.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from mirante.evaluation.model import Violation

from services.controller.resource import OnDrift, Owner, Wanted


@dataclass(frozen=True, slots=True)
class Killed:
    """A kill as the flag service knows it; `at` is RFC 3339."""

    by: str
    at: str
    reason: str


@dataclass(frozen=True, slots=True)
class Stored:
    """The flag as the flag service has it."""

    version: int
    revision: int
    archived: bool
    updated_by: str
    kill: Killed | None = None


@dataclass(frozen=True, slots=True)
class Differences:
    """How the definition would have to change; none of `paths` and not `absent` when it is as wanted."""

    paths: Sequence[str] = ()
    absent: bool = False
    revision: int = 0
    """Of the environment when this was found."""

    @property
    def any(self) -> bool:
        """Whether something would change."""
        return self.absent or bool(self.paths)


@dataclass(frozen=True, slots=True)
class Memory:
    """
    What the status of the resource remembers.

    `synced_version` is the flag's version when it last was as wanted, 0 before; `generation` the resource's own at that
    time; `kill_done` whether the present `killed: true` was carried out.
    """

    synced_version: int = 0
    generation: int = 0
    kill_done: bool = False


class Act(enum.Enum):
    """What is done."""

    KILL = "kill"
    CREATE_OFF = "create off"
    """As wanted but off, to be killed before it is on."""
    DEFINE = "define"
    RESTORE = "restore"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do, and the reason or comment that the history keeps. `event` and `message` are for Kubernetes."""

    act: Act
    reason: str
    event: str
    message: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """What a person has to decide; `reason` is for programs."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, in order, and what stands against the resource."""

    actions: Sequence[Action] = field(default_factory=list)
    conflict: Conflict | None = None
    kill_done: bool = False
    synced: bool = False
    """Whether the definition is as wanted once the actions are done."""


Found: TypeAlias = "Differences | Sequence[Violation] | None"
"""How the definition differs, what is wrong with the wanted one, or None while that is not known."""


def plan(wanted: Wanted, stored: Stored | None, found: Found, memory: Memory) -> Plan:
    """
    Return what to do now.

    Args:
        wanted: what the resource says.
        stored: the flag; None when there is none.
        found: None, and violations, allow only what needs no definition: a kill.
        memory: of the last time.
    """
    if wanted.deleting:
        return _farewell(wanted, stored)
    live = stored is not None and not stored.archived
    kill, conflict, kill_done = _kill(wanted, stored, memory)
    first = [kill] if kill is not None and live else []
    lift, kept = _lift(wanted, stored)
    if not isinstance(found, Differences):
        return Plan(first, conflict or kept, kill_done if live else memory.kill_done)
    define, drift = _define(wanted, stored, found, memory)
    if kill is not None and not live:
        if define is None:
            return Plan([], drift, memory.kill_done)
        # Never on in between: it comes up off, is killed, and only then is what it shall be.
        off = Action(Act.CREATE_OFF, define.reason, define.event, define.message, define.warning)
        on = Action(Act.DEFINE, define.reason, "Defined", f"flag {wanted.key} is as stated, and killed")
        return Plan([off, kill, on], None, kill_done=True, synced=True)
    actions = [*first, *([define] if define is not None else [])]
    if lift is not None:
        actions.append(lift)
    return Plan(actions, drift or conflict or kept, kill_done, synced=not found.any or define is not None)


def mark_of(wanted: Wanted) -> str:
    """Return what the reason of a kill ends with when this resource made it."""
    return f"({wanted.place})"


def _kill(wanted: Wanted, stored: Stored | None, memory: Memory) -> tuple[Action | None, Conflict | None, bool]:
    if not wanted.killed:
        return None, None, False
    if stored is not None and stored.kill is not None:
        return None, None, True
    if stored is not None and not stored.archived and memory.kill_done:
        ownership = wanted.ownership
        if ownership.owner is Owner.DASHBOARD or ownership.on_drift is OnDrift.REPORT:
            message = f"{stored.updated_by} restored the flag, and killed is still true here"
            return None, Conflict("RestoredElsewhere", message), True
    said = wanted.kill_reason or "spec.killed is true"
    reason = f"{said}, by {wanted.killed_by} {mark_of(wanted)}"
    return Action(Act.KILL, reason, "Killed", f"flag {wanted.key} is killed: {said}", warning=True), None, True


def _lift(wanted: Wanted, stored: Stored | None) -> tuple[Action | None, Conflict | None]:
    """Return how a kill is lifted that is no longer wanted, or that it has to stay."""
    if wanted.killed or stored is None or stored.archived or stored.kill is None:
        return None, None
    kill = stored.kill
    if kill.reason.endswith(mark_of(wanted)):
        reason = f"spec.killed is no longer true, by {wanted.killed_by} {mark_of(wanted)}"
    elif wanted.lifts == kill.at:
        reason = f"the kill of {kill.at} is lifted by annotation {mark_of(wanted)}"
    elif wanted.killed is None:
        return None, None
    else:
        message = (
            f"{kill.by} killed the flag at {kill.at}: {kill.reason}. Restore it there, or name the moment to lift it"
        )
        return None, Conflict("KilledElsewhere", message)
    return Action(Act.RESTORE, reason, "Restored", f"flag {wanted.key} is restored"), None


def _define(
    wanted: Wanted, stored: Stored | None, found: Differences, memory: Memory
) -> tuple[Action | None, Conflict | None]:
    """Return how the definition becomes as wanted, or why it does not."""
    if not found.any:
        return None, None
    comment = f"by {wanted.changed_by}, generation {wanted.generation} {mark_of(wanted)}"
    if stored is None:
        return Action(Act.DEFINE, comment, "Created", f"flag {wanted.key} is created in {wanted.environment}"), None
    named = ", ".join(found.paths[:5]) + (", ..." if len(found.paths) > 5 else "")
    elsewhere = stored.version != memory.synced_version
    ownership = wanted.ownership
    if ownership.owner is Owner.DASHBOARD:
        return None, None
    what = "archived it" if stored.archived else f"changed {named}"
    if elsewhere and ownership.on_drift is OnDrift.REPORT:
        reason = "ArchivedElsewhere" if stored.archived else "Drifted"
        return None, Conflict(
            reason, f"{stored.updated_by} {what} elsewhere; make both agree, or set on_drift to revert"
        )
    if elsewhere and memory.synced_version:
        message = f"{stored.updated_by} {what} elsewhere; it is again as stated here"
        return Action(Act.DEFINE, f"reverted, {comment}", "Reverted", message, warning=True), None
    if not memory.synced_version:
        return Action(
            Act.DEFINE, comment, "Adopted", f"flag {wanted.key} was there; set: {named or 'brought back'}"
        ), None
    return Action(Act.DEFINE, comment, "Updated", f"flag {wanted.key}: {named}"), None


def _farewell(wanted: Wanted, stored: Stored | None) -> Plan:
    """Return what becomes of the flag when the resource goes."""
    if not wanted.ownership.archives or stored is None or stored.archived:
        return Plan()
    return Plan([Action(Act.ARCHIVE, f"deleted {mark_of(wanted)}", "Archived", f"flag {wanted.key} is archived")])
