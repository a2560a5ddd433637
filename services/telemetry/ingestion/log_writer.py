"""The seam between intake and the database."""

from collections.abc import Sequence
from typing import Protocol

from services.telemetry.ingestion.candidates import Submission


class LogWriter(Protocol):
    """Commits events."""

    async def write(self, group: Sequence[Submission]) -> None:
        """
        Commit all submissions in one transaction, and set their `results`.

        When this returns, every candidate with the result ACCEPTED or DUPLICATE is durable. A candidate is ACCEPTED
        once for its environment, tenant and event id, whichever process writes it; later ones with the same digest are
        DUPLICATE and with another one rejected (EVENT_ID_REUSED). Those of erased subjects are rejected
        (SUBJECT_ERASED). Dead letters are kept, once, and rejected with their reason, unless the event is in the log.

        Raises:
            Unavailable: the database does not answer. Nothing was changed, or (if it went away during the commit) all
                of it may have been: sending the same events again settles it.
        """
