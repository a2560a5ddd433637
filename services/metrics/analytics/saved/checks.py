"""What may be saved: what can be asked as it is now."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from mirante.api.metrics.v1 import cohort_pb2, report_pb2, saved_report_pb2
from mirante.evaluation.model import Violation

from services.runtime.errors import InvalidRequest
from services.runtime.texts import text_violations

MOST_ITEMS: Final = 30
_LONGEST_TITLE: Final = 200


@dataclass(frozen=True, slots=True)
class SavedChecks:
    """
    Checks of what is saved.

    Attributes:
        question: raises InvalidRequest for a question that cannot be asked, with fields that begin with `question`.
        cohort: the same for a definition, with fields that begin with `definition`.
    """

    question: Callable[[str, report_pb2.Question], Awaitable[None]]
    cohort: Callable[[str, cohort_pb2.CohortDefinition], Awaitable[None]]

    async def saved_cohort(self, environment: str, wish: saved_report_pb2.Cohort) -> None:
        """Raise InvalidRequest for what is wrong with a cohort."""
        await _within("cohort", self.cohort(environment, wish.definition))

    async def saved_report(self, environment: str, wish: saved_report_pb2.SavedReport) -> None:
        """Raise InvalidRequest for what is wrong with a report."""
        await _within("report", self.question(environment, wish.question))

    async def saved_board(self, environment: str, wish: saved_report_pb2.Board) -> None:
        """Raise InvalidRequest for what is wrong with a board."""
        if wish.ready_made:
            raise InvalidRequest.of("board.ready_made", "is for those that come with Mirante")
        if not 1 <= len(wish.items) <= MOST_ITEMS:
            raise InvalidRequest.of("board.items", f"must be 1 to {MOST_ITEMS}")
        for at, item in enumerate(wish.items):
            field = f"board.items[{at}]"
            found = list(text_violations(f"{field}.title", item.title, _LONGEST_TITLE))
            if not item.title.strip():
                found.append(Violation(f"{field}.title", "is required"))
            if found:
                raise InvalidRequest(found)
            await _within(field, self.question(environment, item.question))


async def _within(field: str, checking: Awaitable[None]) -> None:
    try:
        await checking
    except InvalidRequest as error:
        found = [Violation(f"{field}.{each.field}", each.description) for each in error.violations]
        raise InvalidRequest(found, reason=error.reason) from None
