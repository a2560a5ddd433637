"""Counting who has a revision."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.flags.delivery.board import Board
from services.flags.delivery.counting import DeliveryCount
from services.flags.delivery.memory_board import MemoryBoard
from services.flags.delivery.presence import (
    MOST_LAGGING,
    MalformedPresence,
    Presence,
    presence_from_json,
    presence_of,
)
from services.runtime.errors import Unavailable

SUBSCRIBERS = st.lists(st.tuples(st.integers(0, 20), st.sampled_from(["api", "worker"]), st.text(max_size=3)))


class AwayBoard(MemoryBoard):
    """A board that does not answer."""

    async def read(self, environment: str) -> dict[str, str]:
        """Raise."""
        raise Unavailable(environment)


def count_on(board: Board, presence: Presence) -> DeliveryCount:
    """A replica with these subscribers."""
    return DeliveryCount(board, lambda _environment: presence, lambda: ["production"])


@given(SUBSCRIBERS, st.integers(0, 21))
def test_a_presence_counts_as_its_subscribers_do(subscribers: list[tuple[int, str, str]], revision: int) -> None:
    """Also after it has travelled."""
    presence = presence_from_json(presence_of("l", subscribers).to_json())
    assert presence == presence_from_json(presence.to_json())
    assert presence.connected == len(subscribers)
    assert presence.applied(revision) == len([each for each in subscribers if each[0] >= revision])
    assert presence.lagging(revision) == sorted(each for each in subscribers if each[0] < revision)[:MOST_LAGGING]


def test_a_presence_is_small_however_many_there_are() -> None:
    """Subscribers at thousands of revisions are counted under fewer; nobody is counted as having what it lacks."""
    presence = presence_of("l", [(revision, "api", str(revision)) for revision in range(10_000)])
    assert len(presence.to_json()) < 20_000
    assert sum(count for _, count in presence.revisions) == 10_000
    assert presence.applied(9_990) == 10
    assert all(presence.applied(revision) <= 10_000 - revision for revision in range(1, 10_000, 97))


@pytest.mark.parametrize("text", ["", "{}", "[1]", '["l", "x", [], []]', '["l", 1, [1], []]', "null"])
def test_what_is_no_presence_is_refused(text: str) -> None:
    """A newer version may have written something else."""
    with pytest.raises(MalformedPresence):
        presence_from_json(text)


async def posted(board: Board, replica: str, presence: Presence) -> None:
    """Post for another replica."""
    await board.post(replica, {"production": presence.to_json()})


async def test_all_replicas_are_counted() -> None:
    """And those that lag are named, slowest first."""
    board = MemoryBoard()
    await posted(board, "other", presence_of("l", [(3, "worker", "w"), (1, "api", "c")]))
    own = count_on(board, presence_of("l", [(3, "api", "a"), (2, "api", "b")]))
    delivery = await own.count("production", 3)
    assert (delivery.connected, delivery.applied, delivery.replicas, delivery.partial) == (4, 2, 2, False)
    assert list(delivery.lagging) == [(1, "api", "c"), (2, "api", "b")]


async def test_without_the_board_only_ours_are_counted() -> None:
    """The answer says so."""
    delivery = await count_on(AwayBoard(), presence_of("l", [(3, "api", "a")])).count("production", 3)
    assert (delivery.connected, delivery.applied, delivery.replicas, delivery.partial) == (1, 1, 1, True)


async def test_another_lineage_has_applied_nothing() -> None:
    """Its subscribers are connected, and their revisions say nothing."""
    board = MemoryBoard()
    await posted(board, "other", presence_of("before the restore", [(9, "api", "old")]))
    delivery = await count_on(board, presence_of("l", [(3, "api", "a")])).count("production", 3)
    assert (delivery.connected, delivery.applied, delivery.replicas) == (2, 1, 2)


async def test_a_text_that_cannot_be_read_makes_the_count_partial() -> None:
    """Its replica is there and cannot be counted."""
    board = MemoryBoard()
    await board.post("newer", {"production": "something else"})
    assert (await count_on(board, presence_of("l", [])).count("production", 3)).partial
