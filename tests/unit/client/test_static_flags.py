"""The flags that users put into their own tests."""

import contextlib
import inspect
from typing import Any

import pytest
from mirante import AsyncMirante, ClientState, EvaluationError, FlagType, Mirante
from mirante.testing import AsyncStaticFlags, StaticFlags

FLAGS: dict[str, Any] = {
    "nova_ui_vendas": True,
    "algoritmo_desconto": "experimental",
    "limite": 7,
    "taxa": 0.5,
    "opcoes": {"a": [1]},
    "so_acme": lambda context: context.get("tenant_id") == "acme",
}


def test_values_answer_by_type() -> None:
    """Each question gets the value of its type, and the default for others."""
    flags = StaticFlags(FLAGS)
    assert flags.is_enabled("nova_ui_vendas") is True
    assert flags.string_value("algoritmo_desconto") == "experimental"
    assert flags.integer_value("limite") == 7
    assert flags.double_value("taxa") == 0.5
    assert flags.json_value("opcoes") == {"a": [1]}
    assert flags.is_enabled("limite", default=True) is True
    assert flags.details("limite", None, 1, FlagType.BOOL).error is EvaluationError.TYPE_MISMATCH


def test_variants() -> None:
    """The string of a string flag, JSON otherwise."""
    flags = StaticFlags(FLAGS)
    assert [flags.variant(key) for key in ("algoritmo_desconto", "nova_ui_vendas", "limite")] == [
        "experimental",
        "true",
        "7",
    ]


def test_a_function_sees_the_context() -> None:
    """It decides, as a rule would."""
    flags = StaticFlags(FLAGS)
    assert flags.is_enabled("so_acme", {"tenant_id": "acme"}) is True
    assert flags.is_enabled("so_acme") is False


def test_unknown_flags_give_the_default() -> None:
    """As a service that does not have them."""
    flags = StaticFlags()
    assert flags.is_enabled("nope", default=True) is True
    assert flags.details("nope").error is EvaluationError.FLAG_NOT_FOUND


def test_overrides_end_with_their_block() -> None:
    """Also when the block fails."""
    flags = StaticFlags(FLAGS)
    with contextlib.suppress(RuntimeError), flags.override({"nova_ui_vendas": False, "new": 1}):
        assert flags.is_enabled("nova_ui_vendas") is False
        assert flags.integer_value("new") == 1
        raise RuntimeError
    assert flags.is_enabled("nova_ui_vendas") is True
    assert "new" not in flags.all_flags()


def test_changes_are_told_at_once() -> None:
    """So that a test need not wait."""
    flags = StaticFlags(FLAGS)
    told: list[frozenset[str]] = []
    only: list[frozenset[str]] = []
    end = flags.on_change(told.append)
    flags.on_change(only.append, keys=["limite"])
    flags.set("nova_ui_vendas", False)
    flags.set("limite", 8)
    flags.remove("limite")
    end()
    flags.set("taxa", 1.0)
    assert told == [frozenset({"nova_ui_vendas"}), frozenset({"limite"}), frozenset({"limite"})]
    assert only == [frozenset({"limite"}), frozenset({"limite"})]


def test_it_is_ready_until_it_is_closed() -> None:
    """Waiting and closing cost nothing."""
    with StaticFlags() as flags:
        assert flags.wait_until_ready(0) is True
        states = [flags.status.state]
    assert [*states, flags.status.state] == [ClientState.READY, ClientState.CLOSED]


async def test_the_asyncio_face() -> None:
    """What is awaited there is awaited here."""
    async with AsyncStaticFlags(FLAGS) as flags:
        assert await flags.wait_until_ready(0) is True
        assert (await flags.details_async("limite")).value == 7
        assert list(await flags.all_flags_async()) == sorted(FLAGS)
    assert flags.status.state is ClientState.CLOSED


def test_it_listens_to_no_status() -> None:
    """The status never changes; ending that does no harm."""
    StaticFlags().on_status_change(lambda _status: None)()


@pytest.mark.parametrize(("real", "static"), [(Mirante, StaticFlags), (AsyncMirante, AsyncStaticFlags)])
def test_every_question_of_the_client_is_there(real: type, static: type) -> None:
    """With the same parameters in the same order, and awaited where the client's is."""
    for name, member in inspect.getmembers(real, inspect.isfunction):
        if name.startswith("_"):
            continue
        theirs = getattr(static, name)
        parameters = [list(inspect.signature(method).parameters) for method in (member, theirs)]
        assert [name.lstrip("_") for name in parameters[0]] == [name.lstrip("_") for name in parameters[1]], name
        assert inspect.iscoroutinefunction(member) == inspect.iscoroutinefunction(theirs), name
