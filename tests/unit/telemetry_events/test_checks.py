"""What an event must be: every field that can be wrong is named, and none of the others is blamed."""

import uuid
from collections.abc import Callable

import pytest
from mirante.api.common.v1 import value_pb2
from mirante.api.telemetry.v1 import event_pb2

from services.telemetry.events.checks import violation_of
from tests.support.telemetry_events import sale

Edit = Callable[[event_pb2.Event], object]


def deep(levels: int) -> value_pb2.Value:
    """A value with so many lists around it."""
    value = value_pb2.Value(string_value="x")
    for _ in range(levels):
        value = value_pb2.Value(list_value=value_pb2.ListValue(values=[value]))
    return value


def checked(edit: Edit) -> str | None:
    """Return the field that is wrong after an edit."""
    event = sale()
    edit(event)
    violation = violation_of(event, has_nul=b"\x00" in event.SerializeToString())
    return None if violation is None else violation.field


def setting(**fields: object) -> Edit:
    """Return the edit that sets fields."""

    def edit(event: event_pb2.Event) -> None:
        for name, value in fields.items():
            setattr(event, name, value)

    return edit


@pytest.mark.parametrize(
    ("field", "edit"),
    [
        ("id", setting(id=b"")),
        ("id", setting(id=uuid.uuid4().bytes)),
        ("id", setting(id=uuid.uuid4().bytes * 2)),
        ("name", setting(name="")),
        ("name", setting(name="Venda Criada")),
        ("name", setting(name="1venda")),
        ("name", setting(name="a" * 101)),
        ("name", setting(name="venda\n")),
        ("tenant", setting(tenant="ã" * 51)),
        ("tenant", setting(tenant="a\x00b")),
        ("user_id", setting(user_id="u" * 201)),
        ("user_id", setting(user_id="\x00")),
        ("anonymous_id", setting(anonymous_id="u" * 201)),
        ("session_id", setting(session_id="s" * 101)),
        ("properties.valor", lambda event: event.properties["valor"].CopyFrom(value_pb2.Value(string_value="1\x00"))),
        ("properties.n", lambda event: event.properties["n"].CopyFrom(value_pb2.Value(double_value=float("nan")))),
        ("properties.n", lambda event: event.properties["n"].CopyFrom(value_pb2.Value(double_value=float("-inf")))),
        ("properties.l", lambda event: event.properties["l"].CopyFrom(deep(5))),
        ("properties.l", lambda event: event.properties["l"].CopyFrom(deep(40))),
        ("properties.m", lambda event: event.properties["m"].map_value.fields["\x00"].SetInParent()),
        ("properties", lambda event: event.properties[""].SetInParent()),
        ("properties", lambda event: event.properties["p" * 101].SetInParent()),
        ("properties", lambda event: event.properties["p\x00"].SetInParent()),
        ("context.locale", lambda event: setattr(event.context, "locale", "pt\x00")),
        ("context.page.title", lambda event: setattr(event.context.page, "title", "\x00")),
        ("properties", lambda event: [event.properties[f"p{number}"].SetInParent() for number in range(256)]),
    ],
)
def test_the_field_that_is_wrong_is_named(field: str, edit: Edit) -> None:
    """One wrong field at a time."""
    named = checked(edit)
    assert named is not None
    assert named.startswith(field)


@pytest.mark.parametrize(
    "edit",
    [
        setting(tenant=""),
        setting(tenant="ã" * 50),
        setting(user_id="u" * 200, anonymous_id="navegador"),
        setting(name="a" * 100),
        lambda event: event.properties["l"].CopyFrom(deep(4)),
        lambda event: event.properties["nulo"].SetInParent(),
        lambda event: event.properties["zero"].CopyFrom(value_pb2.Value(double_value=0.0)),
        lambda event: event.properties.clear(),
    ],
)
def test_what_is_at_a_limit_passes(edit: Edit) -> None:
    """Also zero bytes where they belong, in ids and numbers."""
    assert checked(edit) is None


def test_a_name_that_may_be_personal_is_not_repeated() -> None:
    """Properties are named unless their name looks like something else."""
    assert checked(lambda event: event.properties["ana@acme.com"].CopyFrom(deep(9))) == "properties"
    assert checked(lambda event: event.properties["email"].CopyFrom(deep(9))) == "properties.email"
