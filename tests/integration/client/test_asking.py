"""Questions and answers: types, defaults, and the promise that nothing is ever raised."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mirante import EvaluationError, FlagType, InvalidSettings, Mirante, Tls
from mirante.api.common.v1 import value_pb2
from mirante.api.flags.v1 import flag_pb2

from tests.integration.client.conftest import Connect
from tests.support.fake_flag_service import FakeFlagService
from tests.support.flag_messages import percentage_flag, segment_flag, value_flag

MODES = pytest.mark.parametrize("mode", ["in_process", "remote"])

JSON = value_pb2.Value(list_value=value_pb2.ListValue(values=[value_pb2.Value(int_value=1)]))
FLAGS = [
    value_flag("text", flag_pb2.FLAG_TYPE_STRING, value_pb2.Value(string_value="hello")),
    value_flag("count", flag_pb2.FLAG_TYPE_INTEGER, value_pb2.Value(int_value=7)),
    value_flag("share", flag_pb2.FLAG_TYPE_DOUBLE, value_pb2.Value(double_value=0.5)),
    value_flag("limits", flag_pb2.FLAG_TYPE_JSON, JSON),
    percentage_flag("half", 50_000),
    segment_flag("members", "unknown"),
]


class Hostile:
    """An object that raises whatever is done with it."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __bool__(self) -> bool:
        raise RuntimeError("bool")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("eq")

    def __hash__(self) -> int:
        raise RuntimeError("hash")

    def __str__(self) -> str:
        raise RuntimeError("str")


@pytest.fixture
def client(service: FakeFlagService, connect: Connect, mode: str) -> Mirante:
    """A client of either mode that is ready, for flags of all types."""
    service.put(*FLAGS)
    made = connect(mode=mode)
    assert made.wait_until_ready(30)
    return made


@MODES
def test_typed_values(client: Mirante) -> None:
    """Each type has its question, which gives the value."""
    assert client.is_enabled("a") is True
    assert client.string_value("text") == "hello"
    assert client.integer_value("count") == 7
    assert client.double_value("share") == 0.5
    assert client.json_value("limits") == [1]
    assert client.variant("text") == "only"


@MODES
def test_another_type_gives_the_default(client: Mirante) -> None:
    """A flag that has become something else does not surprise the code."""
    assert client.is_enabled("text", default=True) is True
    assert client.string_value("a", default="x") == "x"
    assert client.integer_value("a", default=3) == 3
    assert client.double_value("count", default=1.5) == 1.5
    assert client.json_value("text", default=[2]) == [2]
    details = client.details("text", default=True, expected_type=FlagType.BOOL)
    assert (details.value, details.error) == (True, EvaluationError.TYPE_MISMATCH)


@MODES
def test_an_unknown_flag_gives_the_default(client: Mirante) -> None:
    """In every question."""
    assert client.is_enabled("nope", default=True) is True
    assert client.variant("nope", default="control") == "control"
    details = client.details("nope", default=3)
    assert (details.value, details.error) == (3, EvaluationError.FLAG_NOT_FOUND)


@MODES
def test_a_percentage_without_a_key_gives_the_default(client: Mirante) -> None:
    """The details name what is missing."""
    details = client.details("half", {"plano": "premium"}, default=False)
    assert (details.value, details.error) == (False, EvaluationError.TARGETING_KEY_MISSING)
    assert "targeting_key" in details.error_message


@MODES
def test_all_flags(client: Mirante) -> None:
    """Every flag has an answer, or its error."""
    answers = client.all_flags({"targeting_key": "user-7"})
    assert sorted(answers) == sorted(["a", *(flag.key for flag in FLAGS)])
    assert answers["text"].value == "hello"
    assert client.all_flags()["half"].error is EvaluationError.TARGETING_KEY_MISSING


def test_both_modes_give_the_same_details(service: FakeFlagService, connect: Connect) -> None:
    """Value, variant, reason, rule, versions and error do not depend on who evaluates."""
    service.put(*FLAGS)
    here, there = connect(), connect(mode="remote")
    assert here.wait_until_ready(30)
    for key in ["a", "nope", *(flag.key for flag in FLAGS)]:
        for context in ({}, {"targeting_key": "user-7"}, {"targeting_key": 7}):
            for expected in (None, FlagType.BOOL):
                mine = here.details(key, context, None, expected)
                theirs = there.details(key, context, None, expected)
                names = ("flag_key", "value", "variant", "reason", "rule_id", "flag_version", "revision", "error")
                assert [getattr(mine, name) for name in names] == [getattr(theirs, name) for name in names]
                assert mine.error_message == theirs.error_message


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes()
ANYTHING = st.recursive(
    SCALARS | st.builds(object) | st.builds(Hostile),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(["a", "nope", *(flag.key for flag in FLAGS)])


@MODES
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    key=KEYS,
    context=st.dictionaries(st.sampled_from(["targeting_key", "x"]) | st.text(), ANYTHING) | ANYTHING,
    default=ANYTHING,
)
def test_nothing_is_ever_raised(client: Mirante, key: str, context: Any, default: Any) -> None:
    """Whatever is given for a context or a default, there is an answer."""
    client.is_enabled(key, context, default)
    client.variant(key, context, default)
    client.string_value(key, context, default)
    client.integer_value(key, context, default)
    client.double_value(key, context, default)
    client.json_value(key, context, default)
    client.details(key, context, default)
    client.all_flags(context)


@MODES
@pytest.mark.parametrize("make", [type(None), int, list, dict, bytes, lambda: "\ud800", object, Hostile])
def test_nothing_is_raised_for_strange_keys(client: Mirante, make: Callable[[], Any]) -> None:
    """Not even for what is no key at all."""
    key = make()
    assert client.is_enabled(key, default=True) is True
    assert client.details(key, default=3).value == 3


@MODES
def test_nothing_is_raised_at_the_end_of_the_stack(client: Mirante) -> None:
    """Deep in a recursion the default answers."""

    def ask(depth: int) -> bool:
        answer = client.is_enabled("a", default=True)
        try:
            return ask(depth + 1) and answer
        except RecursionError:
            return answer

    assert ask(0) is True


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"address": ""}, "address"),
        ({"address": None}, "address"),
        ({"api_key": " "}, "api_key"),
        ({"api_key": "with\nnewline"}, "api_key"),
        ({"mode": "sideways"}, "mode"),
        ({"tls": Tls(ca="/nowhere/ca.pem")}, "tls.ca: /nowhere/ca.pem"),
    ],
)
def test_wrong_settings_are_named(wrong: dict[str, Any], message: str) -> None:
    """Before anything starts."""
    arguments = {"address": "localhost:1", "api_key": "k", **wrong}
    with pytest.raises(InvalidSettings, match=message):
        Mirante(arguments.pop("address"), **arguments)


def test_half_a_pair_is_refused() -> None:
    """Mutual TLS needs both files."""
    with pytest.raises(InvalidSettings, match="come together"):
        Tls(certificate="cert.pem")


def test_settings_from_the_environment(service: FakeFlagService, monkeypatch: pytest.MonkeyPatch) -> None:
    """Address and key come from the two variables; a missing one is named."""
    monkeypatch.delenv("MIRANTE_ADDRESS", raising=False)
    monkeypatch.setenv("MIRANTE_API_KEY", "test-key")
    with pytest.raises(InvalidSettings, match="MIRANTE_ADDRESS"):
        Mirante.from_environment()
    monkeypatch.setenv("MIRANTE_ADDRESS", service.address)
    with Mirante.from_environment() as client:
        assert client.wait_until_ready(30)


def test_the_key_is_shown_nowhere(connect: Connect) -> None:
    """Neither in the client's representation nor in its status."""
    client = connect(api_key="very-secret")
    assert not client.wait_until_ready(0.1)
    assert "very-secret" not in repr(client) + repr(vars(client)) + repr(client.status)
