"""Events as messages."""

import datetime
import re
import uuid
from collections import OrderedDict
from decimal import Decimal

import pytest
from mirante.telemetry.event import build_event
from mirante.wire import value_from_proto

LONG_AGO = datetime.datetime.min.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=9)))
ZONE = datetime.timezone(datetime.timedelta(hours=-3))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        (3, 3),
        (-(2**63), -(2**63)),
        (1.5, 1.5),
        ("é", "é"),
        (None, None),
        (Decimal("10.50"), "10.50"),
        (Decimal("1E+3"), "1000"),
        (Decimal("-0.00000001"), "-0.00000001"),
        (datetime.datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05+00:00"),
        (datetime.datetime(2026, 1, 2, tzinfo=ZONE), "2026-01-02T00:00:00-03:00"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        ([1, "a", [None]], [1, "a", [None]]),
        ((1, 2), [1, 2]),
        (frozenset({1}), [1]),
        ({"a": {"b": Decimal(1)}}, {"a": {"b": "1"}}),
        (OrderedDict(a=1), {"a": 1}),
        ({}, {}),
        ([], []),
    ],
    ids=repr,
)
def test_properties_keep_their_types(value: object, expected: object) -> None:
    """What has no type of its own on the wire becomes the string that people would write."""
    event = build_event("x", {"p": value})  # type: ignore[dict-item]
    plain = value_from_proto(event.properties["p"])
    assert plain == expected
    assert type(plain) is type(expected)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"properties": {"valor": float("inf")}}, "properties.valor"),
        ({"properties": {"valor": Decimal("NaN")}}, "properties.valor"),
        ({"properties": {"valor": Decimal("1E+5000")}}, "properties.valor"),
        ({"properties": {"valor": 2**63}}, "properties.valor"),
        ({"properties": {"valor": b"x"}}, "properties.valor"),
        ({"properties": {"valor": 1j}}, "properties.valor"),
        ({"properties": {"a": {"b": [object()]}}}, "properties.a.b"),
        ({"properties": {1: 1}}, "properties"),
        ({"properties": {"\ud800": 1}}, "properties"),
        ({"properties": {"a": "\ud800"}}, "properties.a"),
        ({"properties": [1]}, "properties"),
        ({"properties": {"a": [[]] * 40_000}}, "properties.a"),
        ({"name": 7.5}, "name"),
        ({"tenant": ["a"]}, "tenant"),
        ({"user_id": True}, "user_id"),
        ({"anonymous_id": "\ud800"}, "anonymous_id"),
        ({"session_id": b"x"}, "session_id"),
        ({"occurred_at": 17.5}, "occurred_at"),
        ({"occurred_at": LONG_AGO}, "occurred_at"),
        ({"event_id": "x"}, "event_id"),
        ({"event_id": b"short"}, "event_id"),
        ({"event_id": 7}, "event_id"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_errors_name_the_field(arguments: dict[str, object], field: str) -> None:
    """The path of what is wrong, and never what it holds."""
    with pytest.raises(ValueError, match=f"^{re.escape(field)}: "):
        build_event(**({"name": "x"} | arguments))  # type: ignore[arg-type]


def test_structures_that_hold_themselves_come_to_an_end() -> None:
    """However wide they are."""
    itself: list[object] = []
    itself += [itself] * 10
    with pytest.raises(ValueError, match=r"properties\.a: "):
        build_event("x", {"a": itself})  # type: ignore[dict-item]


@pytest.mark.parametrize("event_id", [uuid.UUID(int=9), uuid.UUID(int=9).bytes, str(uuid.UUID(int=9))], ids=repr)
def test_ids_may_be_given(event_id: object) -> None:
    """In any of their forms."""
    assert build_event("x", event_id=event_id).id == uuid.UUID(int=9).bytes  # type: ignore[arg-type]


def test_own_ids_are_new_each_time() -> None:
    """And of version 7."""
    first, second = (build_event("x").id for _ in range(2))
    assert uuid.UUID(bytes=first).version == 7
    assert first < second
