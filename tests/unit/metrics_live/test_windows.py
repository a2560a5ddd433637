"""Whatever happens in whatever order, the windows hold what a naive recount finds."""

from hypothesis import given
from hypothesis import strategies as st
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2

from services.metrics.definitions.reading import default_metrics
from services.metrics.live.environment import LiveMetrics
from services.metrics.live.plan import Plan
from tests.support.metrics_events import NOW, THIS_MINUTE, cancellation, entry, erasure, merge, sale, tenant_erasure
from tests.support.metrics_recount import counted, recount, surviving

ACTORS = st.sampled_from(["", "ana", "bia", "caio", "davi"])
NAMED = st.sampled_from(["ana", "bia", "caio", "davi"])
MINUTES = st.integers(THIS_MINUTE - 150, THIS_MINUTE + 30)
SALES = st.sampled_from(["v-1", "v-2", "v-3"])
ENTRIES = st.one_of(
    st.builds(
        sale, MINUTES, ACTORS, SALES, st.sampled_from(["10.00", "0.10", "-3.05"]), moeda=st.sampled_from(["BRL", "USD"])
    ),
    st.builds(cancellation, MINUTES, ACTORS, SALES),
    st.builds(entry, st.sampled_from(["presenca", "erro_frontend"]), MINUTES, ACTORS, received=MINUTES),
    st.builds(entry, st.just("presenca"), MINUTES, ACTORS, received=MINUTES, imported=st.booleans()),
    st.builds(merge, NAMED, NAMED),
    st.builds(erasure, NAMED),
    st.builds(tenant_erasure),
)
LOGS = st.lists(ENTRIES, max_size=40)

PLAN = Plan(default_metrics())


def state_of(entries: list[log_pb2.LogEntry], now: float = NOW) -> LiveMetrics:
    """Return the state after these entries."""
    metrics = LiveMetrics(PLAN, now)
    metrics.apply(entries)
    return metrics


@given(LOGS, st.integers(-61, 31))
def test_windows_equal_a_recount(entries: list[log_pb2.LogEntry], distance: int) -> None:
    """At the present minute and at every other one, whatever came late, was cancelled, merged or erased."""
    end = THIS_MINUTE + distance
    assert counted(state_of(entries), end) == recount(surviving(entries), end)


@given(LOGS)
def test_an_update_is_the_same_as_a_rebuild(entries: list[log_pb2.LogEntry]) -> None:
    """Counting what a log holds after merges and erasures gives the state that was kept all along."""
    rebuilt = LiveMetrics(PLAN, NOW)
    for stored in surviving(entries):
        rebuilt.apply([log_pb2.LogEntry(event=stored)])
    kept = state_of(entries)
    numbers, others = kept.numbers("acme"), rebuilt.numbers("acme")
    for at in range(len(PLAN.metrics)):
        assert numbers.currencies(at) == others.currencies(at)
        for currency in numbers.currencies(at):
            span = THIS_MINUTE - 200, THIS_MINUTE + 40
            assert list(numbers.minutes(at, currency, *span)) == list(others.minutes(at, currency, *span))


@given(LOGS, st.integers(0, 30 * 60))
def test_forgetting_changes_no_window_that_is_kept(entries: list[log_pb2.LogEntry], minutes: int) -> None:
    """When time goes on, what is dropped is no part of the windows of the last 24 hours."""
    metrics = state_of(entries)
    later = NOW + minutes * 60
    metrics.advance(later)
    events = surviving(entries)
    for end in range(later // 60 - 1440, THIS_MINUTE + 40, 37):
        assert counted(metrics, end) == recount(events, end)


@given(LOGS)
def test_the_windows_of_all_minutes_are_those_of_each(entries: list[log_pb2.LogEntry]) -> None:
    """A series by the minute says of every minute what the window that ends with it says."""
    numbers = state_of(entries).numbers("acme")
    first, last = THIS_MINUTE - 180, THIS_MINUTE + 40
    for at, metric in enumerate(PLAN.metrics):
        if not metric.aggregation.additive:
            series = list(numbers.minutes(at, "", first, last))
            assert series == [numbers.window(at, "", end) for end in range(first, last + 1)]
