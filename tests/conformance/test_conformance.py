"""Every golden case through every door."""

import pytest

from tests.conformance.case_files import Case, all_cases
from tests.conformance.doors import Door

CASES = list(all_cases())
DOORS = ["core", "evaluate_flag", "evaluate_flags", "evaluate_stream", "remote_client", "in_process_client"]
ASK_FOR_NO_TYPE = {"evaluate_flags"}


def asked(door: str) -> list[Case]:
    """The cases that a door can be asked."""
    return [case for case in CASES if door not in ASK_FOR_NO_TYPE or case.questions[0].expected_type is None]


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
