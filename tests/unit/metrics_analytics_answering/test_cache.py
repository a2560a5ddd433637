"""Answers that are remembered: only those that are right, in so many bytes; what is asked for at once is done once."""

import asyncio

import pytest

from services.metrics.analytics.answering.cache import AnswerCache, Kept, Made
from services.metrics.analytics.answering.flights import SharedFlights

_NOW = Made(("build", 7), "build", 0)
_NEVER = float("inf")


def test_an_answer_is_given_as_long_as_the_store_is_as_it_was() -> None:
    """Another key, and it is made anew; unless something a little old will do."""
    cache = AnswerCache(1_000)
    cache.put(b"d", Kept(b"answer", _NOW, at=100.0))
    later = Made(("build", 8), "build", 0)
    assert cache.get(b"d", _NOW, _NEVER) == b"answer"
    assert cache.get(b"d", later, _NEVER) is None
    assert cache.get(b"d", later, since=100.0) == b"answer"
    assert cache.get(b"d", later, since=100.5) is None


@pytest.mark.parametrize("after", [Made(("build", 8), "build", 1), Made(("other", 8), "other", 0)])
def test_nothing_from_before_an_erasure_is_given(after: Made) -> None:
    """However old an answer may be; the same after the store was made anew."""
    cache = AnswerCache(1_000)
    cache.put(b"d", Kept(b"answer", _NOW, at=100.0))
    assert cache.get(b"d", after, since=0.0) is None
    assert cache.size_bytes == 0


def test_an_environment_is_forgotten_alone() -> None:
    """Its answers are gone from memory, those of others are not."""
    cache = AnswerCache(1_000)
    for definition in (b"a\0d", b"a\0e", b"ab\0d"):
        cache.put(definition, Kept(b"answer", _NOW, at=0.0))
    cache.forget(b"a\0")
    assert cache.get(b"ab\0d", _NOW, _NEVER) == b"answer"
    assert cache.size_bytes == len(b"ab\0d" + b"answer")


def test_it_holds_so_many_bytes() -> None:
    """What was not asked for longest goes first; what is too large by itself is not kept at all."""
    cache = AnswerCache(30)
    for name in (b"a", b"b"):
        cache.put(name, Kept(b"x" * 12, _NOW, at=0.0))
    assert cache.get(b"a", _NOW, _NEVER) is not None
    cache.put(b"c", Kept(b"x" * 12, _NOW, at=0.0))
    assert [cache.get(name, _NOW, _NEVER) is not None for name in (b"a", b"b", b"c")] == [True, False, True]
    cache.put(b"d", Kept(b"x" * 31, _NOW, at=0.0))
    assert cache.get(b"d", _NOW, _NEVER) is None
    cache.put(b"a", Kept(b"y", _NOW, at=0.0))
    assert cache.get(b"a", _NOW, _NEVER) == b"y"
    assert cache.size_bytes == 15


async def test_work_is_shared_and_ends_with_the_last_who_waits() -> None:
    """One of two goes and the other gets it; both go and it is cancelled; whoever comes then begins anew."""
    flights: SharedFlights[str] = SharedFlights()
    begun: list[asyncio.Future[str]] = []

    async def work() -> str:
        begun.append(asyncio.get_running_loop().create_future())
        return await begun[-1]

    first, second = (asyncio.create_task(flights.get("k", work)) for _ in range(2))
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.sleep(0.01)
    begun[0].set_result("done")
    assert await second == "done"
    third, fourth = (asyncio.create_task(flights.get("k", work)) for _ in range(2))
    await asyncio.sleep(0.01)
    third.cancel()
    fourth.cancel()
    await asyncio.gather(third, fourth, return_exceptions=True)
    await asyncio.sleep(0.01)
    assert begun[1].cancelled()
    fifth = asyncio.create_task(flights.get("k", work))
    await asyncio.sleep(0.01)
    begun[2].set_result("anew")
    assert await fifth == "anew"
    assert len(begun) == 3


async def test_an_error_reaches_all_who_share_it() -> None:
    """And is not remembered."""
    flights: SharedFlights[str] = SharedFlights()
    fails = True

    async def work() -> str:
        await asyncio.sleep(0)
        if fails:
            raise ValueError
        return "done"

    found = await asyncio.gather(*(flights.get("k", work) for _ in range(2)), return_exceptions=True)
    assert [type(each) for each in found] == [ValueError, ValueError]
    fails = False
    assert await flights.get("k", work) == "done"
