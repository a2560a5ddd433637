"""The seam to the days of the log that are in columnar files."""

import datetime
from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any, NamedTuple, Protocol

from services.telemetry.privacy.requests import Doomed, Place


class ErasedEntries(NamedTuple):
    """How many entries went, and the ids of the events among them as UUIDs."""

    entries: int
    event_ids: Sequence[Any]


class KeptEvent(NamedTuple):
    """An event as the log keeps it: see `services.telemetry.events.stored`."""

    received_at: datetime.datetime
    body: bytes


class Archives(Protocol):
    """
    The archived days.

    `connection` holds `ARCHIVE_LOCK` and is in no transaction, so that no day is archived or dropped meanwhile. Methods
    raise OSError when the folder cannot be reached.
    """

    def erase(self, connection: Any, doomed: Doomed) -> AsyncIterator[ErasedEntries]:
        """Rewrite every file that holds something doomed without it, one after the other; yield what went of each."""

    async def count(self, connection: Any, doomed: Doomed) -> int:
        """Return how many doomed entries the files hold."""

    async def subjects(self, connection: Any, place: Place) -> Collection[str]:
        """Return whom of a tenant the files name."""

    def read(self, place: Place, subjects: Sequence[str]) -> AsyncIterator[Sequence[KeptEvent]]:
        """
        Yield the events of subjects in bounded portions, of those days that are not in the database any more.

        This needs no lock; a file that is rewritten meanwhile is read as it is then.
        """
