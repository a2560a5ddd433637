"""The admin services, put together on one store. Called from the composition root, and from tests."""

import datetime
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from services.flags.access_admin import AccessAdmin, OnKeysChanged
from services.flags.access_admin_servicer import AccessAdminServicer
from services.flags.browser_access import BrowserAccessAdmin
from services.flags.definition_reading import DefinitionReading
from services.flags.flag_admin import FlagAdmin
from services.flags.flag_admin_servicer import FlagAdminServicer
from services.flags.flag_transfer import FlagTransfer
from services.flags.references import References
from services.flags.rollouts.rollouts import Rollouts, rollouts
from services.flags.segment_admin import SegmentAdmin
from services.flags.segment_admin_servicer import SegmentAdminServicer
from services.flags.store import Kind
from services.flags.store.postgres import Store
from services.flags.writer import OnCommit, Writer


@dataclass(frozen=True, slots=True)
class Administration:
    """The servicers, the transfer that seeds the demo, and rollout plans."""

    flags: FlagAdminServicer
    segments: SegmentAdminServicer
    access: AccessAdminServicer
    transfer: FlagTransfer
    rollouts: Rollouts


def now() -> datetime.datetime:
    """Return the present moment."""
    return datetime.datetime.now(datetime.UTC)


def administration(
    store: Store,
    on_commit: OnCommit,
    on_keys_changed: OnKeysChanged,
    clock: Callable[[], datetime.datetime] = now,
) -> Administration:
    """
    Put the admin services together.

    Args:
        store: the open database.
        on_commit: awaited after every commit, before the caller is answered: it must be quick, and may fail.
        on_keys_changed: the same, for API keys and browser access.
        clock: by which rollout plans go.
    """
    references = References()
    writer = Writer(store.definitions, on_commit)
    transfer = FlagTransfer(store.definitions, store.rules, writer, references, _salt)
    return Administration(
        flags=FlagAdminServicer(
            FlagAdmin(writer, references, _salt), DefinitionReading(store.definitions, Kind.FLAG), transfer
        ),
        segments=SegmentAdminServicer(
            SegmentAdmin(writer, references), DefinitionReading(store.definitions, Kind.SEGMENT)
        ),
        access=AccessAdminServicer(
            AccessAdmin(store.access, on_commit, on_keys_changed),
            BrowserAccessAdmin(store.browsers, on_keys_changed),
            store.access_history,
        ),
        transfer=transfer,
        rollouts=rollouts(store.rollouts, writer, references, clock),
    )


def _salt() -> str:
    return secrets.token_hex(8)
