"""Every golden case through every door."""

import datetime

import pytest
from mirante.evaluation.model import AttributeValue

from tests.conformance.case_files import Case, Question, all_cases
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


MOMENT = datetime.datetime(2026, 3, 1, 9, tzinfo=datetime.timezone(datetime.timedelta(hours=-3)))
PYTHON_VALUES: list[tuple[str, str, AttributeValue]] = [
    ("times", "before", MOMENT),
    ("times", "before", MOMENT - datetime.timedelta(microseconds=1)),
    ("times", "after", datetime.datetime(2026, 3, 1, 12, 0, 1)),
    ("equality", "in-strings", MOMENT),
    ("equality", "not-in-strings", MOMENT),
    ("equality", "exists", MOMENT),
    ("texts", "contains-the-empty-string", MOMENT),
    ("numbers", "not-less", MOMENT),
    ("lists", "array-any", ("caixa",)),
    ("lists", "array-all", frozenset({"caixa", "gerente"})),
    ("lists", "not-array-any", [MOMENT]),
]


@pytest.mark.parametrize("door_name", DOORS)
@pytest.mark.parametrize(("suite", "flag_key", "value"), PYTHON_VALUES, ids=str)
def test_python_values(
    door_name: str, suite: str, flag_key: str, value: AttributeValue, core: Door, request: pytest.FixtureRequest
) -> None:
    """What only a Python caller can put into a context answers the same through every door too."""
    door: Door = request.getfixturevalue(door_name)
    question = Question(flag_key, {"a": value})
    assert door.evaluate(suite, question).typed() == core.evaluate(suite, question).typed()
