"""The history of access as messages, a page at a time."""

from typing import Final

from mirante.api.flags.v1 import access_admin_service_pb2 as pb2
from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2

from services.flags.people.people_admin import require_everywhere
from services.flags.store.access_history import AccessEntry, AccessHistory
from services.flags.timestamps import timestamp
from services.runtime.access import Caller
from services.runtime.pages import last_number, page_size, page_token

_USUAL_PAGE: Final = 50
_LARGEST_PAGE: Final = 200


async def access_history_page(
    history: AccessHistory, request: pb2.GetAccessHistoryRequest, caller: Caller
) -> pb2.GetAccessHistoryResponse:
    """
    Return a page, newest first.

    Raises:
        InvalidRequest: the page is too large, or its token is wrong.
        PermissionDenied: the caller's key does not hold all environments.
        Unavailable: the database does not answer.
    """
    require_everywhere(caller)
    size = page_size(request.page_size, default=_USUAL_PAGE, most=_LARGEST_PAGE)
    found = await history.entries(last_number(request.page_token), size + 1)
    shown = found[:size]
    return pb2.GetAccessHistoryResponse(
        changes=map(_message, shown),
        next_page_token=page_token(str(shown[-1].number)) if len(found) > size else "",
    )


def _message(entry: AccessEntry) -> pb2.AccessChange:
    note = entry.note
    return pb2.AccessChange(
        at=timestamp(entry.at),
        actor=note.actor,
        action=pb2.AccessAction.Value(f"ACCESS_ACTION_{note.action.name}"),
        subject=note.subject,
        changes=[flags_pb2.FieldChange(path=each.field, before=each.before, after=each.after) for each in note.changes],
    )
