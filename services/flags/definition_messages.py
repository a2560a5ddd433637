"""Records, history and plans as messages; requests as the values of the use cases."""

from collections.abc import Iterable

from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import segment_admin_service_pb2 as segments_pb2

from services.flags.definition_reading import HistoryEntry
from services.flags.flag_import import Planned
from services.flags.history_diff import FieldChange
from services.flags.store.definitions import State
from services.flags.store.records import Action, Record, parsed_flag, parsed_segment
from services.flags.timestamps import timestamp
from services.runtime.errors import InvalidRequest

_STATES = {
    flags_pb2.FLAG_STATE_UNSPECIFIED: State.LIVE,
    flags_pb2.FLAG_STATE_ON: State.ON,
    flags_pb2.FLAG_STATE_OFF: State.OFF,
    flags_pb2.FLAG_STATE_KILLED: State.KILLED,
    flags_pb2.FLAG_STATE_ARCHIVED: State.ARCHIVED,
}
_ACTIONS = {action: flags_pb2.HistoryAction.Value(f"HISTORY_ACTION_{action.name}") for action in Action}


def state(number: flags_pb2.FlagState.ValueType) -> State:
    """Return the state to filter by; raise `InvalidRequest` for one that this version does not know."""
    try:
        return _STATES[number]
    except KeyError:
        raise InvalidRequest.of("state", f"is unknown: {number}") from None


def flag_record(record: Record) -> flags_pb2.FlagRecord:
    """Return the message of a flag and what is known about it."""
    return flags_pb2.FlagRecord(
        flag=parsed_flag(record),
        etag=record.etag,
        revision=record.revision,
        archived=record.archived,
        created_at=timestamp(record.created_at),
        updated_at=timestamp(record.updated_at),
        updated_by=record.updated_by,
    )


def segment_record(record: Record) -> segments_pb2.SegmentRecord:
    """Return the message of a segment and what is known about it."""
    return segments_pb2.SegmentRecord(
        segment=parsed_segment(record),
        etag=record.etag,
        revision=record.revision,
        archived=record.archived,
        created_at=timestamp(record.created_at),
        updated_at=timestamp(record.updated_at),
        updated_by=record.updated_by,
    )


def history_entries(entries: Iterable[HistoryEntry]) -> list[flags_pb2.HistoryEntry]:
    """Return the messages of versions."""
    return [
        flags_pb2.HistoryEntry(
            version=entry.version.version,
            revision=entry.version.revision,
            action=_ACTIONS[entry.version.action],
            actor=entry.version.actor,
            at=timestamp(entry.version.at),
            comment=entry.version.comment,
            changes=field_changes_messages(entry.changes),
        )
        for entry in entries
    ]


def field_changes_messages(changes: Iterable[FieldChange]) -> list[flags_pb2.FieldChange]:
    """Return the messages of differences."""
    return [flags_pb2.FieldChange(path=each.path, before=each.before, after=each.after) for each in changes]


def planned_changes(plan: Iterable[Planned]) -> list[flags_pb2.PlannedChange]:
    """Return the messages of a plan."""
    return [
        flags_pb2.PlannedChange(
            kind=each.kind.value,
            key=each.key,
            action=_ACTIONS[each.action],
            changes=field_changes_messages(each.changes),
        )
        for each in plan
    ]
