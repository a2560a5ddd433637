"""What the messages of a report are to this service."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.metrics.analytics.answering.wire.tables import Table
from services.metrics.analytics.reports.asking import Scope
from services.metrics.analytics.reports.running import Question


def _as_it_is(field: str) -> str:
    return field


@dataclass(frozen=True, slots=True)
class WireReport:
    """
    A report.

    Attributes:
        question: what a message asks; raises InvalidRequest with fields of the message.
        table: of a message with its result, for people and files.
        field: where the message has a field of the question, for errors.
    """

    question: Callable[[Any, Scope], Question]
    table: Callable[[Any], Table]
    field: Callable[[str], str] = _as_it_is
