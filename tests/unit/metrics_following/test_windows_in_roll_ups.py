"""Windows in roll-ups stay as they were when what they were made from is not remembered any more."""

from services.metrics.live import HOUR
from services.metrics.rollups.rows import by_minute
from tests.support.metrics_events import NOW, entry, sale
from tests.support.metrics_world import World


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
