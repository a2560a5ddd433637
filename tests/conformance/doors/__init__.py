"""
The ways into evaluation. Whichever one takes, the answer is the same.

Each door is opened on all suites, each of which is an environment of its name.
"""

from typing import Protocol

from mirante.evaluation import Evaluation

from tests.conformance.case_files import Answer, Question


class Door(Protocol):
    """One way into evaluation."""

    def evaluate(self, environment: str, question: Question) -> Answer:
        """Return what the flag answers; a refusal is an answer with its error."""


def answer_of(evaluation: Evaluation) -> Answer:
    """Return what doors must agree on."""
    return Answer(
        evaluation.value,
        evaluation.variant,
        evaluation.reason,
        evaluation.rule_id,
        evaluation.flag_version,
        evaluation.error,
    )
