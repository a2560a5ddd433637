"""What a frame says: values, trends, series, and when it is sent."""

import asyncio
from decimal import Decimal

from mirante.api.metrics.v1 import live_metrics_service_pb2 as pb2
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2

from services.metrics.answers.frames import add_series, frame_of
from services.metrics.answers.hub import Hub
from services.metrics.answers.last_week import WEEK, LastWeek
from services.metrics.definitions.reading import default_metrics
from services.metrics.following.follower import Follower
from services.metrics.live.keeping import Limits
from services.metrics.live.numbers import Number
from services.metrics.live.plan import Plan
from services.metrics.rollups import HourKey, HourRow
from services.metrics.rollups.rows import EMPTY_HOUR, row_of
from tests.support.metrics_events import NOW, THIS_MINUTE, entry, sale
from tests.support.metrics_log import Leading, MemoryLog, MemoryRollups
from tests.support.serving import eventually

METRICS = default_metrics()
PLAN = Plan(METRICS)


class Desk:
    """A follower that reads what it is given, and a hub on it."""

    def __init__(self, rollups: MemoryRollups | None = None) -> None:
        self.now = float(NOW)
        self.rollups = rollups or MemoryRollups()
        log = MemoryLog(self.clock)
        self.follower = Follower(
            "production",
            PLAN,
            log,
            self.rollups,
            Leading(None),
            clock=self.clock,
            on_change=lambda _: None,
            flush_seconds=1.0,
            limits=Limits(),
        )
        self.last_week = LastWeek("production", self.rollups, self.clock)
        self.hub = Hub(self.follower, self.last_week, 7, self.clock)

    def clock(self) -> float:
        """Return the time."""
        return self.now

    def count(self, *entries: log_pb2.LogEntry) -> None:
        """Count entries as if they were read."""
        metrics = self.follower.view.metrics
        metrics.apply(entries)
        self.hub.changed(metrics.take_touched())

    def metric(self, name: str) -> pb2.LiveMetric:
        """Return a metric of the present frame."""
        frame = frame_of(self.follower.view, self.last_week, "acme", self.now)
        return next(each for each in frame.metrics if each.metric == name)


def test_values_come_with_the_trend_against_an_hour_ago() -> None:
    """Three sales now, two then: half as many more; nothing is known of last week."""
    desk = Desk()
    desk.count(*[sale(THIS_MINUTE, "ana", f"now-{number}", "0.10") for number in range(3)])
    desk.count(*[sale(THIS_MINUTE - 60, "ana", f"then-{number}", "0.10") for number in range(2)])
    sales, revenue = desk.metric("vendas_hora"), desk.metric("receita_hora")
    assert (sales.value, sales.previous_hour.value, sales.previous_hour.change) == ("3", "2", "0.5000")
    assert (revenue.value, revenue.currency, revenue.previous_hour.value) == ("0.30", "BRL", "0.20")
    assert (sales.last_week.value, sales.last_week.change) == ("", "")


def test_ratios_say_what_is_divided() -> None:
    """One of three who were seen has bought something; of nobody there is no ratio."""
    desk = Desk()
    assert desk.metric("conversao_rate").value == ""
    desk.count(sale(THIS_MINUTE, "ana"), *[entry("presenca", THIS_MINUTE, each) for each in ("bia", "caio")])
    found = desk.metric("conversao_rate")
    assert (found.value, found.numerator, found.denominator) == ("0.333333", 1, 3)
    assert found.previous_hour.change == ""


async def test_last_week_is_the_window_that_ended_seven_days_ago() -> None:
    """Over two hours of roll-ups; for what is no sum the number of that very minute."""
    then = THIS_MINUTE - WEEK
    rollups = MemoryRollups()
    rows: dict[HourKey, HourRow] = {}
    for minute, sales, online in ((then, 1, 4), (then - 59, 2, 9), (then - 60, 50, 9), (then + 1, 50, 9)):
        for name, value in (("vendas_hora", sales), ("usuarios_online", online)):
            key = HourKey("acme", name, "", minute // 60)
            numbers = list(rows[key].minutes if key in rows else EMPTY_HOUR)
            numbers[minute % 60] = Number(Decimal(value))
            rows[key] = row_of(METRICS[name], numbers)
    rollups._of("production").rows = rows
    desk = Desk(rollups)
    reading = asyncio.ensure_future(desk.last_week.run())

    async def known() -> bool:
        return desk.metric("vendas_hora").last_week.value != ""

    await eventually(known)
    reading.cancel()
    desk.count(*[sale(THIS_MINUTE, "ana", f"v-{number}") for number in range(6)])
    assert (desk.metric("vendas_hora").last_week.value, desk.metric("vendas_hora").last_week.change) == ("3", "1.0000")
    assert desk.metric("usuarios_online").last_week.value == "4"
    assert desk.metric("conversao_rate").last_week.value == ""


def test_series_have_a_number_for_every_minute() -> None:
    """What fell into the minute for counts and sums; the window that ends with it for others."""
    desk = Desk()
    desk.count(sale(THIS_MINUTE - 2, "ana", "v-1", "1.50"), entry("presenca", THIS_MINUTE - 9, "ana"))
    frame = desk.hub.frame("acme", with_series=True)
    series = {each.metric: each.series for each in frame.metrics}
    assert {len(each.values) for each in series.values()} == {1440}
    assert list(series["receita_hora"].values[-4:]) == ["0", "1.50", "0", "0"]
    assert list(series["usuarios_online"].values[-11:]) == ["0", "1", "1", "1", "1", "1", "0", "0", "1", "1", "1"]
    part = pb2.LiveFrame()
    part.CopyFrom(desk.hub.frame("acme", with_series=False))
    add_series(part, desk.follower.view.metrics.numbers("acme"), PLAN.metrics, THIS_MINUTE - 1)
    assert {len(each.series.values) for each in part.metrics} == {2}
    assert part.metrics[0].series.start_time.seconds == (THIS_MINUTE - 1) * 60


async def test_a_watcher_gets_one_frame_for_many_changes() -> None:
    """First the present one; then the newest, with its series since the first minute that has changed."""
    desk = Desk()
    desk.count(sale(THIS_MINUTE, "ana", "v-0"))
    watcher = desk.hub.watch(["acme"], [])
    first = await desk.hub.next(watcher, with_series=True)
    assert [len(each.series.values) for each in first[0].metrics][:1] == [1440]
    for number in range(1, 5):
        desk.count(sale(THIS_MINUTE - number, "ana", f"v-{number}"))
    desk.count(sale(THIS_MINUTE, "ana", "v-9", tenant="globex"))
    (frame,) = await desk.hub.next(watcher, with_series=True)
    assert frame.metrics[0].value == "5"
    assert len(frame.metrics[0].series.values) == 5
    assert frame.sequence > first[0].sequence
    assert not watcher.due


async def test_frames_are_made_once_for_all_who_watch() -> None:
    """The same one goes to everybody until something changes."""
    desk = Desk()
    desk.count(sale(THIS_MINUTE, "ana"))
    watchers = [desk.hub.watch(["acme"], []) for _ in range(5)]
    frames = [(await desk.hub.next(each, with_series=False))[0] for each in watchers]
    assert {each.sequence for each in frames} == {frames[0].sequence}
    assert desk.hub.frames_made == 1


def test_a_log_that_is_not_read_for_long_is_said() -> None:
    """Numbers are too low then."""
    desk = Desk()
    assert frame_of(desk.follower.view, desk.last_week, "acme", desk.now).catching_up
