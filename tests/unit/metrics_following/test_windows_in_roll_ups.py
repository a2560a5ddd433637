"""Windows in roll-ups: those of days that are brought in, and those of what is not remembered any more."""

import random
from typing import Any

import pytest

from services.metrics.live import HOUR
from services.metrics.rollups.rows import by_minute
from tests.support.metrics_events import NOW, THIS_MINUTE, entry, sale
from tests.support.metrics_recount import recount, surviving
from tests.support.metrics_world import World

DAY = 24 * HOUR


def online(world: World) -> dict[int, int]:
    """Return who was online, by minute, as the roll-ups say."""
    return {
        minute: int(number.value or 0)
        for key, minute, number in by_minute(world.rollups.stored)
        if key.metric == "usuarios_online"
    }


async def test_a_late_event_at_the_edge_of_memory_hides_nobody() -> None:
    """The first windows that are remembered reach back to minutes that are not; those are not written again."""
    world = World(NOW - 26 * 3600)
    minute = int(world.now) // 60 // HOUR * HOUR + HOUR - 1
    world.log.append(*[entry("presenca", minute, actor) for actor in ("ana", "bia", "caio")])
    world.now += 7200
    await world.until_written()
    before = online(world)
    assert before[minute + 4] == 3
    world.now = (minute + 1 + 26 * HOUR) * 60.0
    await world.until_written()
    world.log.append(sale(minute + 2, "ana", "v-1", received=int(world.now) // 60))
    await world.until_written()
    assert {at: count for at, count in online(world).items() if at < minute + 60} == before


@pytest.mark.parametrize("seed", range(4))
async def test_days_that_are_brought_in_have_their_windows(seed: int) -> None:
    """People and conversion of every minute equal a recount, though writing fails and the process begins again."""
    draw = random.Random(seed)
    world = World()
    world.rollups.fails = lambda: draw.choice(["", "", "before", "after"])
    world.log.breaks = lambda: draw.random() < 0.05
    world.log.batch = lambda: draw.randint(1, 20)
    first = THIS_MINUTE - 9 * DAY
    minutes = sorted(first + draw.choice([0, DAY]) + draw.randint(-90, 90) for _ in range(120))
    for start in range(0, len(minutes), 40):
        people = ["ana", "bia", "caio", "davi"]
        for at in minutes[start : start + 40]:
            made: dict[str, Any] = {"received": THIS_MINUTE, "imported": True}
            if draw.random() < 0.3:
                world.log.append(sale(at, draw.choice(people), f"v-{at}", **made))
            else:
                world.log.append(entry("presenca", at, draw.choice(people), **made))
        await world.until_written()
    written = {
        (key.metric, minute): number.shown
        for key, minute, number in by_minute(world.rollups.stored)
        if key.metric in {"usuarios_online", "conversao_rate"}
    }
    events = surviving(world.log.entries)
    for end in range(first - 100, first + DAY + 160):
        expected = recount(events, end)
        assert written.get(("usuarios_online", end), 0) == expected["usuarios_online", ""]
        assert written.get(("conversao_rate", end)) == expected["conversao_rate", ""]


async def test_a_late_event_of_long_ago_takes_nobody_away() -> None:
    """Those of whom nothing is remembered stay counted."""
    world = World(NOW - 5 * DAY * 60)
    minute = int(world.now) // 60
    world.log.append(*[entry("presenca", minute, actor) for actor in ("ana", "bia", "caio")])
    world.now += 600
    await world.until_written()
    world.now = NOW
    await world.until_written()
    world.log.append(entry("presenca", minute, "davi", received=THIS_MINUTE, imported=True))
    await world.until_written()
    assert online(world)[minute] == 3
