"""Reads a flag, edits it and writes it back, again when somebody was faster."""

from collections.abc import Callable

from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import flag_pb2

from services.cli.refusals import Refusal
from services.cli.session import Session

_ATTEMPTS = 5
_STALE = reasons.ErrorReason.Name(reasons.ERROR_REASON_ETAG_MISMATCH).removeprefix("ERROR_REASON_")


def change_flag(
    session: Session, key: str, edit: Callable[[flag_pb2.Flag], None], comment: str
) -> tuple[flags_pb2.FlagRecord, bool]:
    """
    Return the record after the edit, and whether the edit changed anything; without a difference nothing is written.

    `edit` touches single fields of the definition it is given, so it is repeated on the newest one when the etag is
    stale.
    """
    for attempt in range(_ATTEMPTS):
        read = flags_pb2.GetFlagRequest(environment=session.environment, flag_key=key)
        record = session.call(session.flags.GetFlag, read).record
        flag = flag_pb2.Flag()
        flag.CopyFrom(record.flag)
        edit(flag)
        if flag == record.flag:
            break
        write = flags_pb2.UpdateFlagRequest(
            environment=session.environment, flag=flag, etag=record.etag, comment=comment
        )
        try:
            return session.call(session.flags.UpdateFlag, write).record, True
        except Refusal as refusal:
            if refusal.reason != _STALE or attempt == _ATTEMPTS - 1:
                raise
    return record, False
