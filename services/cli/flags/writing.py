"""Reads a flag, edits it and writes it back."""

from collections.abc import Callable

from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import flag_pb2

from services.cli.rewriting import rewrite
from services.cli.session import Session


def change_flag(
    session: Session, key: str, edit: Callable[[flag_pb2.Flag], None], comment: str
) -> tuple[flags_pb2.FlagRecord, bool]:
    """Return the record after the edit, and whether it changed anything; without a difference nothing is written."""

    def once() -> tuple[flags_pb2.FlagRecord, bool]:
        read = flags_pb2.GetFlagRequest(environment=session.environment, flag_key=key)
        record = session.call(session.flags.GetFlag, read).record
        flag = flag_pb2.Flag.FromString(record.flag.SerializeToString())
        edit(flag)
        if flag == record.flag:
            return record, False
        write = flags_pb2.UpdateFlagRequest(
            environment=session.environment, flag=flag, etag=record.etag, comment=comment
        )
        return session.call(session.flags.UpdateFlag, write).record, True

    return rewrite(once)
