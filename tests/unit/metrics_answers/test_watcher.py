"""When a reader is sent which tenant."""

import tracemalloc
from itertools import pairwise

from services.metrics.answers.watcher import HEARTBEAT_SECONDS, Watcher


def test_changes_of_a_tenant_come_together_after_each_frame() -> None:
    """The first at once, the next after the interval, with its series since the first minute that has changed."""
    watcher = Watcher(["acme"])
    watcher.interval = 0.5
    watcher.offer("acme", 7)
    assert watcher.take(10.0) == ("acme", None)
    watcher.sent("acme", 9, 10.0)
    watcher.offer("acme", 9)
    watcher.offer("acme", 8)
    assert watcher.take(10.4) is None
    watcher.beat([], 10.4)
    assert round(watcher.wait_seconds(10.4), 6) == 0.1
    assert watcher.take(10.5) == ("acme", 8)
    assert watcher.take(10.5) is None


def test_who_has_waited_longest_comes_first() -> None:
    """A busy tenant keeps nobody waiting."""
    watcher = Watcher(["a", "b", "c"])
    for at, tenant in enumerate("cab"):
        watcher.sent(tenant, 1, float(at))
        watcher.offer(tenant, 1)
    found = [watcher.take(9.0) for _ in range(3)]
    assert [each[0] for each in found if each is not None] == ["c", "a", "b"]


def test_quiet_tenants_are_sent_while_others_are_busy() -> None:
    """At least every five seconds, and never before that."""
    watcher = Watcher(["busy", "quiet"])
    for tenant in ("busy", "quiet"):
        watcher.sent(tenant, 1, 0.0)
    found = []
    for tenth in range(1, 100):
        now = tenth / 10
        watcher.offer("busy", 2)
        watcher.beat(["busy", "quiet"], now)
        while (taken := watcher.take(now)) is not None:
            watcher.sent(taken[0], 2, now)
            if taken[0] == "quiet":
                found.append((now, taken[1]))
    times = [0.0, *(now for now, _ in found), 9.9]
    assert len(found) == 2
    assert all(HEARTBEAT_SECONDS <= later - now <= 5.0 for now, later in pairwise(times[:3]))
    assert [since for _, since in found] == [1, 2]


def test_a_tenant_that_was_forgotten_begins_anew() -> None:
    """It is not sent, and when it comes again its first frame is a whole one."""
    watcher = Watcher(["acme"])
    watcher.sent("acme", 1, 0.0)
    watcher.offer("acme", 1)
    watcher.forget("acme")
    assert watcher.take(9.0) is None
    watcher.offer_whole("acme")
    assert watcher.take(9.0) == ("acme", None)
    assert watcher.take(9.0) is None


def test_a_reader_that_takes_nothing_makes_nothing_grow() -> None:
    """However often it lets tenants come and go; what it watches in the end is sent, in the order of before."""
    watcher = Watcher([])
    watcher.sent("acme", 1, 1.0)
    watcher.offer("acme", 1)
    watcher.offer_whole("beta")
    tracemalloc.start()
    try:
        for _ in range(20_000):
            watcher.offer_whole("globex")
            watcher.forget("globex")
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 500_000
    assert [watcher.take(9.0) for _ in range(3)] == [("beta", None), ("acme", 1), None]
