"""Each event counts once in the roll-ups, wherever reading breaks off, writing fails or the process ends."""

import asyncio
import random
from collections.abc import Callable
from functools import partial

import pytest
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2

from tests.support.metrics_events import NOW, THIS_MINUTE, cancellation, entry, merge, sale, tenant_erasure
from tests.support.metrics_log import sales_by_minute
from tests.support.metrics_recount import counted, recount, surviving
from tests.support.metrics_world import World, ended
from tests.support.serving import eventually

DAY = 1440


def some_sales(
    draw: random.Random, count: int, minutes: Callable[[], int], received: int, phase: int
) -> list[log_pb2.LogEntry]:
    """Return sales and cancellations."""
    made = []
    for _ in range(count):
        number = f"v-{phase}-{draw.randrange(60)}"
        kind = cancellation if draw.random() < 0.15 else sale
        made.append(kind(minutes(), draw.choice(["ana", "bia", ""]), number, received=received))
    return made


@pytest.mark.parametrize("seed", range(10))
async def test_roll_ups_equal_a_recount(seed: int) -> None:
    """With sales of now, of days ago and of years ago, with streams that break and writes that fail or only seem to."""
    draw = random.Random(seed)
    world = World(NOW - 2 * DAY * 60)
    world.log.batch = lambda: draw.randint(1, 7)
    world.log.breaks = lambda: draw.random() < 0.05
    world.rollups.fails = lambda: draw.choice(["", "", "", "before", "after"])
    for phase in range(3):
        minute = int(world.now) // 60
        spans = [(minute - 100, minute), (minute - 3 * DAY, minute), (minute - 400 * DAY, minute - 399 * DAY)]
        for _ in range(3):
            first, last = draw.choice(spans)
            world.log.append(*some_sales(draw, 15, partial(draw.randint, first, last), minute, phase))
            await world.until_written()
        assert world.sales_written() == sales_by_minute(world.log.entries), f"phase {phase}"
        world.now += draw.choice([60, DAY * 60, 29 * 3600])


async def test_a_process_that_ends_between_reading_and_writing_loses_nothing() -> None:
    """What was counted in memory alone is counted again by the next process, and only once."""
    world = World()
    world.rollups.fails = lambda: "before"
    old = THIS_MINUTE - 10 * DAY
    world.log.append(sale(old, sale_id="v-1"), sale(THIS_MINUTE, sale_id="v-2"))
    follower = world.follower()
    task = asyncio.ensure_future(follower.run())

    async def read() -> bool:
        return counted(follower.view.metrics, THIS_MINUTE)["vendas_hora", ""] == 1

    await eventually(read)
    await ended(task)
    assert world.rollups.stored == {}
    world.rollups.fails = lambda: ""
    await world.until_written()
    await world.until_written()
    assert world.sales_written() == {old: 1, THIS_MINUTE: 1}


async def test_a_write_that_was_made_though_it_seemed_to_fail_is_not_made_twice() -> None:
    """The next process begins behind it."""
    world = World()
    outcomes = ["after"]
    world.rollups.fails = lambda: outcomes.pop() if outcomes else ""
    old = THIS_MINUTE - 10 * DAY
    world.log.append(sale(old, sale_id="v-1"))
    await world.until_written()
    world.log.append(sale(old, sale_id="v-2"))
    await world.until_written()
    assert world.sales_written() == {old: 2}


async def test_a_restart_begins_at_a_saved_place_and_has_the_same_state() -> None:
    """The log of days ago is not read again, though its newest events stand before the place of the roll-ups."""
    world = World(NOW - 2 * DAY * 60)
    before = int(world.now) // 60
    world.log.append(*[sale(before, "ana", f"old-{number}") for number in range(5)])
    await world.until_written()
    world.now = NOW
    world.log.append(sale(THIS_MINUTE, "ana", "v-1"), entry("presenca", THIS_MINUTE, "bia"))
    await world.until_written()
    world.log.append(cancellation(THIS_MINUTE, "ana", "v-1"), sale(THIS_MINUTE, "bia", "v-2"))
    follower = world.follower()
    task = asyncio.ensure_future(follower.run())

    async def there() -> bool:
        return follower.view.at_end and world.all_written

    await eventually(there)
    await ended(task)
    assert counted(follower.view.metrics, THIS_MINUTE) == recount(surviving(world.log.entries), THIS_MINUTE)
    assert follower.view.metrics.events == 4, "the five of two days ago are behind the place to replay from"
    assert world.sales_written() == {before: 5, THIS_MINUTE: 1}


async def test_events_before_the_place_may_have_been_erased() -> None:
    """The place of the roll-ups is found by those that are left."""
    world = World()
    old = THIS_MINUTE - 10 * DAY
    actors = ["ana", "bia", "ana"]
    world.log.append(*[sale(old, actor, f"v-{at}", received=THIS_MINUTE) for at, actor in enumerate(actors)])
    await world.until_written()
    for at in (0, 2):  # their rows are gone; positions of others stay
        world.log.entries[at] = tenant_erasure("globex")
    world.log.append(sale(old, "bia", "v-9", received=THIS_MINUTE))
    await world.until_written()
    assert world.sales_written() == {old: 4}, "three that were written, and one"


async def test_followers_that_do_not_lead_answer_and_write_nothing() -> None:
    """Any number of processes may answer."""
    world = World()
    world.log.append(sale(THIS_MINUTE, "ana", "v-1"), merge("ana", "bia"), entry("presenca", THIS_MINUTE, "bia"))
    follower = world.follower(leads=False)
    task = asyncio.ensure_future(follower.run())

    async def counts() -> bool:
        return follower.view.at_end

    await eventually(counts)
    await ended(task)
    assert counted(follower.view.metrics, THIS_MINUTE)["usuarios_online", ""] == 1
    assert world.rollups.writes == 0
    assert any("acme" in touched for touched in world.changes)


async def test_a_restored_log_is_counted_from_its_beginning() -> None:
    """What was made from the log that is gone is removed."""
    world = World()
    world.log.append(sale(THIS_MINUTE, sale_id="v-1"), sale(THIS_MINUTE, sale_id="v-2"))
    await world.until_written()
    del world.log.entries[1]
    world.log.epoch = 2
    await world.until_written()
    assert world.sales_written() == {THIS_MINUTE: 1}
