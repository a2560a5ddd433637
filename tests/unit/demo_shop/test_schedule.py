"""What is played goes on where the history ends."""

import datetime
from itertools import pairwise

from services.demo_shop.history import history
from services.demo_shop.schedule import Schedule
from services.demo_shop.world import HOUR_MS, World, days_until, instant_ms
from tests.support.demo_story import WORLD, HashedFlags, tenant_of

SHOP = tenant_of("demo-moda-lua")
NOON = instant_ms(WORLD.began, 12 * 3600)


def test_history_and_present_join_without_a_seam() -> None:
    """Visits that are under way at the seam are told to their end; each event once, also past midnight."""
    end = instant_ms(WORLD.began + datetime.timedelta(days=1), 3 * 3600)
    whole = [
        each
        for day in days_until(WORLD.began + datetime.timedelta(days=1), 2)
        for each in history(WORLD, SHOP, day, HashedFlags())
    ]
    schedule = Schedule(WORLD, HashedFlags(), NOON, [SHOP])
    played = []
    for now in range(NOON, end + 1, HOUR_MS // 4):
        happened = list(schedule.due(now))
        assert all(each.at_ms <= now for each in happened)
        played += happened
    assert played == sorted((each for each in whole if NOON <= each.at_ms <= end), key=lambda each: each.event_id)
    assert {each.session_id for each in played} & {each.session_id for each in whole if each.at_ms < NOON}


def test_something_happens_at_any_time() -> None:
    """Of all tenants together: also on a Sunday night nobody waits for long."""
    sunday = World(1, datetime.date(2026, 11, 22))
    schedule = Schedule(sunday, HashedFlags(), instant_ms(sunday.began, 2 * 3600))
    events = list(schedule.due(instant_ms(sunday.began, 5 * 3600)))
    times = [each.at_ms for each in events]
    assert len(times) > 60
    assert max(later - earlier for earlier, later in pairwise(times)) < HOUR_MS


def test_flags_are_asked_when_a_visit_gets_there() -> None:
    """So that a kill changes what happens from then on."""
    flags = HashedFlags()
    schedule = Schedule(WORLD, flags, NOON, [SHOP])
    flags.asked.clear()
    assert list(schedule.due(NOON - 1)) == []
    assert flags.asked == []
    first = next(schedule.due(NOON + HOUR_MS))
    assert first.at_ms >= NOON
    assert len(flags.asked) < 10
