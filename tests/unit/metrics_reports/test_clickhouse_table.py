"""The table that ClickHouse holds events in, where rows may be sent twice."""

import random
from datetime import timedelta

from services.metrics.analytics.reports.clickhouse import TABLE, ClickHouse
from services.metrics.analytics.reports.funnels.asking import Funnel
from services.metrics.analytics.reports.running import run_on_clickhouse
from services.metrics.analytics.reports.series.asking import Series
from services.metrics.analytics.store.reading import Watermark
from tests.support.report_answers import SECOND, START_US, ask, difference, scope_of, select
from tests.support.report_events import ChdbEvents, Happened

WATERMARK = Watermark(400, 2**60, at_end=True)


def test_each_row_counts_once(chdb_events: ChdbEvents) -> None:
    """What was sent again after a crash is one row to reports, before anything was merged."""
    chance = random.Random(5)
    events = [
        Happened(chance.randrange(1, 40), START_US + chance.randrange(20) * SECOND, chance.choice("ABC"))
        for _ in range(400)
    ]
    chdb_events.run(TABLE.format(table="replaced"))
    chdb_events.insert("replaced", events)
    chdb_events.insert("replaced", events[100:300], position=101)
    assert chdb_events.query("SELECT count() FROM replaced") == [[len(events) + 200]]
    clickhouse = ClickHouse(chdb_events.query, "(SELECT * FROM replaced FINAL)")
    scope = scope_of(timedelta(minutes=1))
    for question in (Series(scope=scope), Funnel(scope=scope, steps=select("ABC"), window=timedelta(seconds=5))):
        theirs = run_on_clickhouse(question, clickhouse, WATERMARK).result
        assert difference(ask(question, events), theirs) == ""
    chdb_events.run("DROP TABLE replaced")
