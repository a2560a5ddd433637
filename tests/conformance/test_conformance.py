"""Every golden case through every door."""

import math

import pytest
from mirante.evaluation import EvaluationError

from tests.conformance.case_files import Case, all_cases
from tests.conformance.doors import Door

CASES = list(all_cases())
DOORS = [
    "core",
    "evaluate_flag",
    "evaluate_flags",
    "evaluate_stream",
    "remote_client",
    "in_process_client",
    "ofrep",
    "ofrep_bulk",
]
ASK_FOR_NO_TYPE = {"evaluate_flags", "ofrep", "ofrep_bulk"}
ASK_IN_JSON = {"ofrep", "ofrep_bulk"}
ASK_FOR_WHAT_EXISTS = {"ofrep_bulk"}


def asked(door: str) -> list[Case]:
    """The cases that a door can be asked."""
    return [
        case
        for case in CASES
        if (door not in ASK_FOR_NO_TYPE or case.questions[0].expected_type is None)
        and (door not in ASK_IN_JSON or all(_is_json(question.context) for question in case.questions))
        and (door not in ASK_FOR_WHAT_EXISTS or case.answer.error is not EvaluationError.FLAG_NOT_FOUND)
    ]


def _is_json(value: object) -> bool:
    """Whether JSON has such a value: it knows no infinity and no NaN."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(_is_json(each) for each in value.values())
    return not isinstance(value, list | tuple) or all(_is_json(each) for each in value)


@pytest.mark.parametrize(
    ("door_name", "case"),
    [pytest.param(door, case, id=f"{door}-{case.suite}-{case.name}") for door in DOORS for case in asked(door)],
)
def test_every_door_gives_the_same_answer(door_name: str, case: Case, request: pytest.FixtureRequest) -> None:
    """The answer is that of the file, with the types of its values."""
    door: Door = request.getfixturevalue(door_name)
    for question in case.questions:
        found = door.evaluate(case.suite, question)
        assert (question, found.typed()) == (question, case.answer.typed())
