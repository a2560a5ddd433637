"""Each bad event has its own reason and a message that names the field; it changes nothing, and sinks no batch."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from mirante.api.common.v1 import value_pb2
from mirante.api.telemetry.v1 import event_pb2

from services.runtime.wire_fields import bytes_field
from tests.support.serving import bearer
from tests.support.telemetry_events import event_id, sale
from tests.support.telemetry_serving import ACCEPTED, Sent, TelemetryServing

pytestmark = pytest.mark.asyncio(loop_scope="module")

DAY_MS = 86_400_000
NUL = "a\x00b"
NAN, INFINITE = float("nan"), float("inf")


def changed(**fields: Any) -> event_pb2.Event:
    """A good event but for these fields."""
    event = sale()
    event.MergeFrom(event_pb2.Event(**fields))
    return event


def with_property(name: str, value: value_pb2.Value) -> event_pb2.Event:
    """A good event with one more property."""
    event = sale()
    event.properties[name].CopyFrom(value)
    return event


def text(content: str) -> value_pb2.Value:
    """A text."""
    return value_pb2.Value(string_value=content)


def number(content: float) -> value_pb2.Value:
    """A number with a fraction."""
    return value_pb2.Value(double_value=content)


def listed(*values: value_pb2.Value) -> value_pb2.Value:
    """A list."""
    return value_pb2.Value(list_value=value_pb2.ListValue(values=values))


def mapped(**values: value_pb2.Value) -> value_pb2.Value:
    """A map."""
    return value_pb2.Value(map_value=value_pb2.MapValue(fields=values))


def nested(levels: int, wrap: Callable[[value_pb2.Value], value_pb2.Value] = listed) -> value_pb2.Value:
    """Lists or maps in each other, so many."""
    value = text("x")
    for _ in range(levels):
        value = wrap(value)
    return value


def endless(name: str, levels: int) -> bytes:
    """An event with lists in each other, so many that no library would make it."""
    value = b""
    for _ in range(levels):
        inner = bytes_field(1, value)  # ListValue.values
        value = bytes_field(value_pb2.Value.LIST_VALUE_FIELD_NUMBER, inner)
    entry = bytes_field(1, name.encode()) + bytes_field(2, value)
    return sale().SerializeToString() + bytes_field(event_pb2.Event.PROPERTIES_FIELD_NUMBER, entry)


def at(**fields: int) -> event_pb2.Event:
    """A good event but for its time."""
    event = sale()
    event.occurred_at.seconds = fields.get("seconds", event.occurred_at.seconds)
    event.occurred_at.nanos = fields.get("nanos", 0)
    return event


def ages_ago(milliseconds: int) -> bytes:
    """An id of that age."""
    return event_id(time.time_ns() // 1_000_000 - milliseconds)


def many_properties(count: int) -> event_pb2.Event:
    """A good event with so many properties."""
    event = event_pb2.Event(id=event_id(), name="exportacao_dados", tenant="acme")
    for each in range(count):
        event.properties[f"p{each}"].int_value = each
    return event


def in_context(**fields: Any) -> event_pb2.Event:
    """A good event with a context."""
    return changed(context=event_pb2.EventContext(**fields))


BAD: list[tuple[str, Callable[[], Sent], str, str, str]] = [
    ("no event", lambda: b"\xff\xff\xff", "INVALID_EVENT", "event", "not an event"),
    ("cut short", lambda: sale().SerializeToString()[:-3], "INVALID_EVENT", "event", "not an event"),
    ("no UTF-8", lambda: sale().SerializeToString().replace(b"acme", b"a\xff\xfee"), "INVALID_EVENT", "event", "UTF-8"),
    ("empty", lambda: b"", "INVALID_EVENT", "id", "UUIDv7"),
    ("no id", lambda: event_pb2.Event(name="logout"), "INVALID_EVENT", "id", "UUIDv7"),
    ("short id", lambda: changed(id=event_id()[:15]), "INVALID_EVENT", "id", "UUIDv7"),
    ("id as text", lambda: changed(id=str(uuid.uuid4()).encode()), "INVALID_EVENT", "id", "UUIDv7"),
    ("random id", lambda: changed(id=uuid.uuid4().bytes), "INVALID_EVENT", "id", "UUIDv7"),
    ("old id", lambda: changed(id=ages_ago(8 * DAY_MS)), "EVENT_TOO_OLD", "id", "an import takes it"),
    ("future id", lambda: changed(id=ages_ago(-2 * DAY_MS)), "INVALID_EVENT", "id", "in the future"),
    ("last id", lambda: changed(id=b"\xff" * 6 + event_id()[6:]), "INVALID_EVENT", "id", "in the future"),
    ("capitals", lambda: changed(name="VendaCriada"), "INVALID_EVENT", "name", "a-z"),
    ("spaces", lambda: changed(name="venda criada"), "INVALID_EVENT", "name", "a-z"),
    ("NUL in the name", lambda: changed(name="venda\x00"), "INVALID_EVENT", "name", "a-z"),
    ("long name", lambda: changed(name="v" * 101), "INVALID_EVENT", "name", "1 to 100"),
    ("long tenant", lambda: changed(tenant="é" * 51), "INVALID_EVENT", "tenant", "100 bytes"),
    ("long user", lambda: changed(user_id="u" * 201), "INVALID_EVENT", "user_id", "200 bytes"),
    ("long device", lambda: changed(anonymous_id="u" * 201), "INVALID_EVENT", "anonymous_id", "200 bytes"),
    ("long session", lambda: changed(session_id="s" * 101), "INVALID_EVENT", "session_id", "100 bytes"),
    ("NUL in the tenant", lambda: changed(tenant=NUL), "INVALID_EVENT", "tenant", "NUL"),
    ("NUL in the user", lambda: changed(user_id=NUL), "INVALID_EVENT", "user_id", "NUL"),
    ("NUL in the device", lambda: changed(anonymous_id=NUL), "INVALID_EVENT", "anonymous_id", "NUL"),
    ("NUL in the session", lambda: changed(session_id=NUL), "INVALID_EVENT", "session_id", "NUL"),
    ("NUL in a value", lambda: with_property("obs", text(NUL)), "INVALID_EVENT", "properties.obs", "NUL"),
    ("NUL in a list", lambda: with_property("obs", listed(text(NUL))), "INVALID_EVENT", "properties.obs", "NUL"),
    ("NUL in a map", lambda: with_property("obs", mapped(a=text(NUL))), "INVALID_EVENT", "properties.obs", "NUL"),
    (
        "NUL as a key",
        lambda: with_property("obs", mapped(**{NUL: text("x")})),
        "INVALID_EVENT",
        "properties.obs",
        "NUL",
    ),
    ("NUL in a property", lambda: with_property(NUL, text("x")), "INVALID_EVENT", "properties", "NUL"),
    ("no property name", lambda: with_property("", text("x")), "INVALID_EVENT", "properties", "1 to 100"),
    ("long property", lambda: with_property("p" * 101, text("x")), "INVALID_EVENT", "properties", "1 to 100"),
    ("NaN", lambda: with_property("nota", number(NAN)), "INVALID_EVENT", "properties.nota", "finite"),
    ("infinite", lambda: with_property("nota", number(-INFINITE)), "INVALID_EVENT", "properties.nota", "finite"),
    (
        "NaN inside",
        lambda: with_property("n", mapped(a=listed(number(NAN)))),
        "INVALID_EVENT",
        "properties.n",
        "finite",
    ),
    ("deep", lambda: with_property("carga", nested(5)), "INVALID_EVENT", "properties.carga", "5 levels"),
    (
        "deep map",
        lambda: with_property("c", nested(5, lambda v: mapped(a=v))),
        "INVALID_EVENT",
        "properties.c",
        "5 lev",
    ),
    ("abyss", lambda: with_property("carga", nested(40)), "INVALID_EVENT", "properties.carga", "5 levels"),
    (
        "an e-mail as a name",
        lambda: with_property("ana@acme.com", number(NAN)),
        "INVALID_EVENT",
        "properties",
        "finite",
    ),
    ("bottomless", lambda: endless("carga", 500), "INVALID_EVENT", "event", "not an event"),
    ("many properties", lambda: many_properties(256), "INVALID_EVENT", "properties", "255"),
    ("large", lambda: with_property("carga", text("x" * 65_536)), "EVENT_TOO_LARGE", "event", "64 KiB"),
    ("large junk", lambda: b"\x00" * 65_537, "EVENT_TOO_LARGE", "event", "64 KiB"),
    ("NUL in the page", lambda: in_context(page=event_pb2.Page(path=NUL)), "INVALID_EVENT", "context.page.path", "NUL"),
    ("NUL in the release", lambda: in_context(release=NUL), "INVALID_EVENT", "context.release", "NUL"),
    ("no such nanosecond", lambda: at(nanos=-1), "INVALID_EVENT", "occurred_at", "year"),
    ("nanoseconds over", lambda: at(nanos=10**9), "INVALID_EVENT", "occurred_at", "year"),
    ("before the calendar", lambda: at(seconds=-(10**12)), "INVALID_EVENT", "occurred_at", "year"),
    ("after the calendar", lambda: at(seconds=10**12), "INVALID_EVENT", "occurred_at", "year"),
    ("the last second", lambda: at(seconds=2**63 - 1), "INVALID_EVENT", "occurred_at", "year"),
]


@pytest.mark.parametrize(("make", "reason", "field", "message"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
async def test_a_bad_event_is_refused_alone(
    shared: TelemetryServing, make: Callable[[], Sent], reason: str, field: str, message: str
) -> None:
    """Its neighbours are stored, it is not, and nothing else of it is kept."""
    before, bad, after = sale(), make(), sale()
    found = await shared.send(before, bad, after)
    assert (found[0], found[2]) == (ACCEPTED, ACCEPTED)
    assert (found[1].status, found[1].reason, found[1].field) == ("REJECTED", reason, field)
    assert message in found[1].message
    assert not found[1].dead_letter_id
    assert set((await shared.stored_ids())[-2:]) == {before.id, after.id}
    assert await shared.dead_letters() == []


async def test_what_is_just_allowed_is_stored_whole(shared: TelemetryServing) -> None:
    """The limits themselves are within the limits."""
    widest = changed(tenant="é" * 50, user_id="u" * 200, anonymous_id="a" * 200, session_id="s" * 100)
    longest = sale("acme")
    longest.properties["carga"].string_value = ""
    longest.properties["carga"].string_value = "x" * (65_536 - len(longest.SerializeToString()) - 8)
    assert len(longest.SerializeToString()) in range(65_520, 65_537)
    events = [
        widest,
        longest,
        changed(name="v" * 100),
        changed(id=ages_ago(7 * DAY_MS - 60_000)),
        changed(id=ages_ago(-DAY_MS + 60_000)),
        with_property("p" * 100, text("")),
        with_property("carga", nested(4)),
        many_properties(255),
        at(seconds=-62_135_596_800),
        at(seconds=253_402_300_799, nanos=999_999_999),
    ]
    assert await shared.send(*events) == [ACCEPTED] * len(events)
    stored = {each.event.id: each.event for each in await shared.stored()}
    assert [stored[each.id] for each in events] == events


async def test_an_id_may_not_name_another_event(shared: TelemetryServing) -> None:
    """Whether the first one is in the same batch or in an earlier one; another tenant's or environment's is another."""
    first = sale(valor="1.00")
    other = changed(id=first.id)
    found = await shared.send(first, other)
    assert found[0] == ACCEPTED
    reused = ("REJECTED", "EVENT_ID_REUSED", "id", "was used for another event")
    for each in (found[1], *await shared.send(other)):
        assert (each.status, each.reason, each.field, each.message) == reused
    elsewhere = sale("globex")
    elsewhere.id = first.id
    assert await shared.send(elsewhere) == [ACCEPTED]
    assert await shared.send(other, key=bearer("secret for both"), environment="staging") == [ACCEPTED]


async def test_times_that_cannot_be_are_put_right(shared: TelemetryServing) -> None:
    """A day ahead counts as now, and the client's own time is kept beside it; so does one from before 1971."""
    now = time.time_ns() // 1_000_000_000
    ahead, ancient, late = at(seconds=now + 86_400), at(seconds=1_000), at(seconds=now - 6 * 86_400)
    assert await shared.send(ahead, ancient, late) == [ACCEPTED] * 3
    stored = {each.event.id: each for each in await shared.stored()}
    for event in (ahead, ancient):
        found = stored[event.id]
        assert found.time_marks == [event_pb2.TIME_MARK_CLAMPED]
        assert found.event.occurred_at == event.occurred_at
        assert now <= found.occurred_at.seconds <= time.time()
    assert stored[late.id].time_marks == [event_pb2.TIME_MARK_LATE]
    assert stored[late.id].occurred_at == late.occurred_at


@pytest.mark.parametrize("seconds", [-62_135_596_800, 0, 253_402_300_799])
async def test_an_absurd_clock_spoils_no_event(shared: TelemetryServing, seconds: int) -> None:
    """The client says that it sends in the year 1 or 9999: the events count as of now, and are marked."""
    event = sale()
    request: dict[str, Any] = {"sent_at": {"seconds": seconds}}
    assert await shared.send(event, **request) == [ACCEPTED]
    [stored] = [each for each in await shared.stored() if each.event.id == event.id]
    assert stored.time_marks == [event_pb2.TIME_MARK_CLAMPED]
    assert abs(stored.occurred_at.seconds - time.time()) < 3_600
