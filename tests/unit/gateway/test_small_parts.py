"""Contexts, tickets, flips, messages, places and connections."""

import asyncio
from typing import Any

import pytest
from mirante.api.flags.v1 import flag_pb2

from services.gateway.access.browser_tokens import Visitor
from services.gateway.access.key_file import FileKeyMemory
from services.gateway.flags.contexts import read_context
from services.gateway.flags.flips import flips_of, last_flip, next_flip
from services.gateway.flags.tickets import Ticket, Tickets
from services.gateway.http.open_connections import OpenConnections
from services.gateway.http.problems import Problem
from services.gateway.http.tracing import route_of
from services.gateway.live.places import Places
from services.runtime.errors import InvalidRequest, Unauthenticated

DAY = 86_400.0


def test_the_targeting_key_gets_its_own_name() -> None:
    """OFREP's wins over an attribute of our name; other attributes stay as they are."""
    assert read_context({"context": {"targetingKey": "a", "targeting_key": "b", "n": 1}}, 10) == {
        "targeting_key": "a",
        "n": 1,
    }
    assert read_context({}, 2) == {}
    assert read_context({"context": None}, 2) == {}


@pytest.mark.parametrize(
    ("document", "size"), [([], 2), ({"x": 1}, 2), ({"context": []}, 2), ({"context": {}}, 70_000)]
)
def test_other_shapes_are_no_contexts(document: Any, size: int) -> None:
    """They are refused, naming the field."""
    with pytest.raises(InvalidRequest):
        read_context(document, size)


def test_tickets_are_read_by_all_gateways_and_nobody_makes_them_up() -> None:
    """They stay the same for a day and end after a week."""
    ticket = Ticket("production", "key-1", visible_only=True)
    issued = Tickets("secret").issue(ticket, 10 * DAY + 5)
    assert issued == Tickets("secret").issue(ticket, 10 * DAY + 80_000)
    assert Tickets("secret").read(issued, 11 * DAY) == ticket
    for wrong, now in ((issued, 18 * DAY), (issued[:-1], 11 * DAY), (issued.swapcase(), 11 * DAY), ("", 0.0)):
        with pytest.raises(Unauthenticated):
            Tickets("secret").read(wrong, now)
    with pytest.raises(Unauthenticated):
        Tickets("another").read(issued, 11 * DAY)


def test_flips_are_starts_and_ends() -> None:
    """In their order, each once."""
    flags = [flag_pb2.Flag(), flag_pb2.Flag(), flag_pb2.Flag()]
    flags[0].starts_at.FromSeconds(30)
    flags[0].ends_at.FromSeconds(10)
    flags[1].ends_at.FromSeconds(30)
    flips = flips_of(flags)
    assert flips == (10.0, 30.0)
    assert (last_flip(flips, 9.9), last_flip(flips, 10.0), last_flip(flips, 99.0)) == (0.0, 10.0, 30.0)
    assert (next_flip(flips, 9.9), next_flip(flips, 10.0), next_flip(flips, 30.0)) == (10.0, 30.0, None)


def test_a_user_has_a_few_places() -> None:
    """Those of another tenant's user of the same name are others."""
    places = Places(1)
    ana = Visitor("production", "acme", "ana", 0.0)
    with places.taken(ana), places.taken(Visitor("production", "other", "ana", 0.0)):
        with pytest.raises(Problem) as caught, places.taken(ana):
            pass
        assert caught.value.status == 429
    with places.taken(ana):
        pass


async def test_connections_are_bounded_and_ended() -> None:
    """By key; a drain ends all and takes no more."""
    connections = OpenConnections(1)
    first, other = connections.open("a"), connections.open("b")
    with pytest.raises(Problem):
        connections.open("a")
    assert (connections.count, connections.refused) == (2, 1)
    connections.end_those_of("a")
    assert (first.ended, other.ended) == (True, False)
    told: list[str] = []
    first.when_ended(lambda: told.append("at once"))
    other.when_ended(lambda: told.append("later"))
    assert told == ["at once"]
    first.close()
    first.close()
    assert connections.count == 1
    connections.drain()
    assert other.ended
    assert told == ["at once", "later"]
    with pytest.raises(Problem) as caught:
        connections.open("c")
    assert caught.value.status == 503


async def test_what_is_awaited_ends_with_the_connection() -> None:
    """And errors of what is awaited are not swallowed."""
    connection = OpenConnections(1).open("a")

    async def fails() -> int:
        raise ValueError("of the test")

    assert await connection.first_of(asyncio.sleep(0, "done"), 5) == "done"
    assert await connection.first_of(asyncio.sleep(60, "late"), 0.01) is None
    with pytest.raises(ValueError, match="of the test"):
        await connection.first_of(fails(), 5)
    connection.end()
    assert await connection.first_of(asyncio.sleep(60, "late"), 5) is None


async def test_keys_are_remembered_in_a_private_file(tmp_path: Any) -> None:
    """Only its owner may read it."""
    memory = FileKeyMemory(tmp_path / "folder" / "keys.bin")
    assert await memory.load() is None
    await memory.save(b"one")
    await memory.save(b"two")
    assert await memory.load() == b"two"
    assert (tmp_path / "folder" / "keys.bin").stat().st_mode & 0o777 == 0o600
    assert [each.name for each in (tmp_path / "folder").iterdir()] == ["keys.bin"]


def test_routes_are_few() -> None:
    """However many addresses strangers make up."""
    assert route_of("/ofrep/v1/evaluate/flags/anything/at/all") == "/ofrep/v1/evaluate/flags/{key}"
    assert {route_of(f"/{number}") for number in range(100)} == {"/{file}"}
    assert route_of("/v1/events") == "/v1/events"
