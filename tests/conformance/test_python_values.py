"""What only a Python caller can put into a context answers the same through every door too."""

import datetime
from typing import Any

import pytest

from tests.conformance.case_files import Question
from tests.conformance.doors import Door
from tests.conformance.test_conformance import DOORS

MOMENT = datetime.datetime(2026, 3, 1, 9, tzinfo=datetime.timezone(datetime.timedelta(hours=-3)))
PYTHON_VALUES: list[tuple[str, str, Any]] = [
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
@pytest.mark.parametrize("value", PYTHON_VALUES, ids=lambda value: f"{value[0]}-{value[1]}")
def test_python_values(door_name: str, value: tuple[str, str, Any], core: Door, request: pytest.FixtureRequest) -> None:
    """Datetimes, tuples and sets travel as strings and lists, and are compared as such everywhere."""
    door: Door = request.getfixturevalue(door_name)
    suite, flag_key, attribute = value
    question = Question(flag_key, {"a": attribute})
    assert door.evaluate(suite, question).typed() == core.evaluate(suite, question).typed()
