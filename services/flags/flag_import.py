"""What an import would change. Pure: from what is stored and what is wanted to a plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mirante.api.flags.v1 import flag_pb2
from mirante.evaluation.model import Violation

from services.flags.definition_checks import refuse, violations
from services.flags.flags_yaml import Definitions
from services.flags.history_diff import FieldChange, field_changes
from services.flags.redefinition import MakeSalt, created, redefined
from services.flags.store import Kind
from services.flags.store.records import Action, Definition, Record, kind_of, parsed, serialised
from services.runtime.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class Planned:
    """What becomes of one flag or segment: `action` is CREATE, UPDATE or ARCHIVE."""

    kind: Kind
    key: str
    action: Action
    changes: Sequence[FieldChange]
    definition: Definition
    stored: Record | None


def plan_import(
    stored: Mapping[tuple[Kind, str], Record], wanted: Definitions, *, prune: bool, make_salt: MakeSalt
) -> list[Planned]:
    """
    Return what has to change so that everything wanted is as it says; segments first, then by key.

    What is archived and wanted comes back. Kill states, salts and types stay as they are.

    Args:
        stored: all definitions of the environment, archived ones included.
        wanted: what the caller wrote.
        prune: whether live definitions that are not wanted are archived.
        make_salt: see `MakeSalt`.

    Raises:
        InvalidRequest: INVALID_DEFINITION, with paths such as "flags.nova_ui_vendas.type".
    """
    plan: list[Planned] = []
    found: list[Violation] = []
    everything: dict[Kind, Mapping[str, Definition]] = {Kind.SEGMENT: wanted.segments, Kind.FLAG: wanted.flags}
    for kind, definitions in everything.items():
        for key, definition in sorted(definitions.items()):
            planned = _planned(definition, stored.get((kind, key)), found, make_salt)
            if planned is not None:
                plan.append(planned)
    refuse(found)
    if prune:
        named = {(kind, key) for kind, definitions in everything.items() for key in definitions}
        for name, record in sorted(stored.items(), key=lambda item: (item[0][0].value, item[0][1])):
            if name not in named and not record.archived:
                plan.append(_archived(record))
    return plan


def _planned(given: Definition, record: Record | None, found: list[Violation], make_salt: MakeSalt) -> Planned | None:
    """Return what becomes of a definition that is wanted; add what is wrong with it to `found`."""
    kind = kind_of(given)
    field = f"{kind.value}s.{given.key}"
    before = None if record is None else parsed(record)
    try:
        definition = _next(before, given, field, make_salt)
    except InvalidRequest as error:
        found += error.violations
        return None
    if record is not None and not record.archived and serialised(definition) == record.definition:
        return None
    found += violations(definition, field)
    live = record is not None and not record.archived
    changes = field_changes(before, definition, was_archived=record is not None and record.archived)
    return Planned(kind, given.key, Action.UPDATE if live else Action.CREATE, changes, definition, record)


def _next(before: Definition | None, given: Definition, field: str, make_salt: MakeSalt) -> Definition:
    if isinstance(given, flag_pb2.Flag):
        if isinstance(before, flag_pb2.Flag):
            return redefined(before, given, field=field)
        return created(given, make_salt)
    definition = flag_pb2.Segment()
    definition.CopyFrom(given)
    definition.version = before.version if before else 0
    return definition


def _archived(record: Record) -> Planned:
    definition = parsed(record)
    changes = field_changes(definition, definition, archived=True)
    return Planned(record.kind, record.key, Action.ARCHIVE, changes, definition, record)
