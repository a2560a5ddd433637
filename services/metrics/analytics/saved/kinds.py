"""The kinds of what is saved."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.runtime.errors import Reason


@dataclass(frozen=True, slots=True)
class SavedKind:
    """
    A kind.

    Attributes:
        number: in the tables and the contract; never changes.
        what: as people call it.
        field: of messages that hold one.
        id_field: of requests that name one.
        missing: the reason when there is none.
    """

    number: int
    what: str
    field: str
    id_field: str
    missing: Reason


COHORT: Final = SavedKind(1, "cohort", "cohort", "cohort_id", reasons.ERROR_REASON_COHORT_NOT_FOUND)
REPORT: Final = SavedKind(2, "report", "report", "report_id", reasons.ERROR_REASON_SAVED_REPORT_NOT_FOUND)
BOARD: Final = SavedKind(3, "board", "board", "board_id", reasons.ERROR_REASON_BOARD_NOT_FOUND)

KINDS: Final[Mapping[int, SavedKind]] = {kind.number: kind for kind in (COHORT, REPORT, BOARD)}
"""By number."""
