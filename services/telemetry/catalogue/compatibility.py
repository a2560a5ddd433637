"""What changes from one catalogue to the next, and whether it may. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2

from services.runtime.errors import StateConflict
from services.telemetry.catalogue.catalogue_yaml.names import POLICY_NAMES
from services.telemetry.catalogue.policies import is_strict
from services.telemetry.catalogue.property_changes import property_changes


@dataclass(frozen=True, slots=True)
class Change:
    """
    One difference; `event` is empty for the catalogue as a whole.

    `breaking`: events that were valid may not be any more. `remedy` is what would allow it; empty when it is allowed.
    """

    event: str
    text: str
    breaking: bool = False
    remedy: str = ""

    def message(self) -> pb2.CatalogueChange:
        """Return it as the contract has it."""
        return pb2.CatalogueChange(event=self.event, change=self.text, breaking=self.breaking)


def changes_between(before: pb2.Catalogue, after: pb2.Catalogue) -> list[Change]:
    """
    Return what changes, event by event; nothing only if both say the same in the same order.

    A change that can make valid events invalid needs a higher version of its event. Two are told and allowed, because
    there is no version to raise: undeclared events are refused from now on, and an event that was open is gone.
    """
    old = {event.name: event for event in before.events}
    new = {event.name: event for event in after.events}
    found = list(_of_the_whole(before, after))
    for name, event in new.items():
        if name not in old:
            found.append(Change(name, "added"))
        elif old[name] != event or is_strict(before, old[name]) != is_strict(after, event):
            found += _of_event(before, old[name], after, event)
    found += [_removed(before, event, after) for name, event in old.items() if name not in new]
    if old.keys() == new.keys() and list(old) != list(new):
        found.append(Change("", "events: in another order"))
    return found


def require_compatible(changes: Sequence[Change]) -> None:
    """Raise `StateConflict` (INCOMPATIBLE_CATALOGUE), naming each change that is not allowed."""
    refused = [change for change in changes if change.remedy]
    if not refused:
        return
    raise StateConflict(
        "; ".join(f"{change.event}: {change.text} ({change.remedy})" for change in refused),
        reason=reasons.ERROR_REASON_INCOMPATIBLE_CATALOGUE,
        metadata={
            "events": ",".join(dict.fromkeys(change.event for change in refused)),
            "changes": str(len(refused)),
        },
    )


def _of_the_whole(before: pb2.Catalogue, after: pb2.Catalogue) -> Iterator[Change]:
    if is_strict(before) != is_strict(after):
        yield Change("", _policy_text(is_strict(before), is_strict(after)), breaking=is_strict(after))


def _of_event(
    before: pb2.Catalogue, old: pb2.EventDefinition, after: pb2.Catalogue, new: pb2.EventDefinition
) -> Iterator[Change]:
    remedy = "" if new.version > old.version else f"raise its version above {old.version}"
    if new.version < old.version:
        yield Change(new.name, f"version: {old.version} -> {new.version}", remedy="a version never goes down")
    elif new.version > old.version:
        yield Change(new.name, f"version: {old.version} -> {new.version}")
    was_strict, strict = is_strict(before, old), is_strict(after, new)
    if was_strict != strict:
        yield Change(new.name, _policy_text(was_strict, strict), breaking=strict, remedy=remedy if strict else "")
    elif old.policy != new.policy:
        yield Change(new.name, f"policy: {POLICY_NAMES.get(new.policy, 'that of the catalogue')}")
    for text, breaking in property_changes(old, new, strict=strict):
        yield Change(new.name, text, breaking=breaking, remedy=remedy if breaking else "")
    for field in ("description", "owner", "stamps_trait"):
        if getattr(old, field) != getattr(new, field):
            yield Change(new.name, f"{field}: changed")
    if old.sources != new.sources:
        yield Change(new.name, f"sources: {', '.join(new.sources) or 'none'}")


def _removed(before: pb2.Catalogue, event: pb2.EventDefinition, after: pb2.Catalogue) -> Change:
    breaking = is_strict(after)
    remedy = "make it open before you remove it" if breaking and is_strict(before, event) else ""
    return Change(event.name, "removed", breaking=breaking, remedy=remedy)


def _policy_text(was_strict: bool, strict: bool) -> str:
    words = ["strict" if each else "open" for each in (was_strict, strict)]
    return f"policy: {' -> '.join(words)}"
