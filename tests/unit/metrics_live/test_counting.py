"""Pages of the log that are counted as a whole leave the state that their entries leave one by one."""

import random
from collections.abc import Iterator

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1.event_pb2 import StoredEvent

from services.metrics.definitions import Clock, Metrics
from services.metrics.definitions.reading import default_metrics, read_metrics
from services.metrics.following import pages
from services.metrics.following.pages import page_of
from services.metrics.live import DAY, counting, environment
from services.metrics.live.environment import LiveMetrics
from services.metrics.live.keeping import Limits
from services.metrics.live.plan import Plan
from services.runtime.errors import Unavailable
from services.runtime.wire_fields import bytes_field
from tests.support.live_state import state_of
from tests.support.metrics_events import NOW, THIS_MINUTE, cancellation, entry, erasure, merge, sale, tenant_erasure

MORE = """
metrics:
  buyers_by_pix:
    aggregation: actors
    events: [venda_criada]
    where: {metodo: pix}
    window: 15
  received_revenue:
    aggregation: sum
    clock: received
    events: [venda_criada]
    amount: valor
    currency: moeda
    where: {metodo: pix, novo: "true"}
    window: 30
"""
SMALL = Limits(actors=3, keys=2, traces=6, currencies=1)

TENANTS = st.sampled_from(["acme", "acme", "globex", "initech", ""])
ACTORS = st.sampled_from(["", "ana", "bia", "caio", "davi", "a-much-longer-id"])
NAMED = st.sampled_from(["ana", "bia", "caio", "davi"])
MINUTES = st.one_of(
    st.integers(THIS_MINUTE - 90, THIS_MINUTE + 30),
    st.sampled_from([THIS_MINUTE - 3 * DAY, THIS_MINUTE - 27 * 60, THIS_MINUTE + 10**7, 0]),
)
SALES = st.builds(
    sale,
    MINUTES,
    ACTORS,
    st.sampled_from(["v-1", "v-2", "v-3"]),
    st.sampled_from(["10.00", "-3.05", "much"]),
    moeda=st.sampled_from(["BRL", "USD", "reais"]),
    metodo=st.sampled_from(["pix", 1, None]),
    novo=st.booleans(),
    received=MINUTES,
    tenant=TENANTS,
)
ENTRIES = st.one_of(
    SALES,
    st.builds(cancellation, MINUTES, ACTORS, st.sampled_from(["v-1", "v-2"]), tenant=TENANTS, received=MINUTES),
    st.builds(entry, st.sampled_from(["presenca", "erro_frontend", ""]), MINUTES, ACTORS, received=MINUTES),
    st.builds(entry, st.just("presenca"), MINUTES, ACTORS, tenant=TENANTS, imported=st.booleans(), received=MINUTES),
    st.builds(
        entry, st.just("web_vital"), MINUTES, ACTORS, nome=st.sampled_from(["LCP", "CLS"]), valor=st.floats(0, 9.0)
    ),
    st.builds(merge, NAMED, NAMED),
    st.builds(erasure, NAMED),
    st.builds(tenant_erasure),
    st.just(log_pb2.LogEntry()),
)


def _all_metrics() -> Metrics:
    more = read_metrics(MORE)
    assert more["received_revenue"].selection.clock is Clock.RECEIVED
    return {**default_metrics(), **more}


PLANS = st.sampled_from([Plan(default_metrics()), Plan(_all_metrics())])


@pytest.fixture(autouse=True, scope="module")
def _everything_is_many() -> Iterator[None]:
    """No page and no stretch is so small that it would be counted one by one; few tenants are many."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pages, "_LARGE_BYTES", 0)
        patched.setattr(counting, "_FEW", 0)
        patched.setattr(environment, "MOST_TENANTS", 2)
        yield


def response_of(entries: list[log_pb2.LogEntry]) -> bytes:
    """Return a serialised response with these entries."""
    return log_pb2.FollowEventsResponse(entries=entries, cursor=b"c").SerializeToString()


def odd_response_of(entries: list[log_pb2.LogEntry]) -> bytes:
    """Return the same, but of every second event the time comes in two parts, as no library would write it."""
    written = []
    for at, made in enumerate(entries):
        content = made.SerializeToString()
        if made.HasField("event") and at % 2:
            later = StoredEvent(occurred_at=Timestamp(nanos=5)).SerializeToString()
            content = bytes_field(1, made.event.SerializeToString() + later)
        written.append(bytes_field(1, content))
    return b"".join(written)


def new_state(plan: Plan, limits: Limits | None = None) -> LiveMetrics:
    """Return a state without anything, which keeps all that there is to keep."""
    metrics = LiveMetrics(plan, NOW, limits)
    metrics.keeping.keeps_old = metrics.keeping.keeps_past = True
    return metrics


@given(st.lists(st.lists(ENTRIES, max_size=25), max_size=3), PLANS, st.sampled_from([Limits(), SMALL]), st.booleans())
def test_pages_leave_the_state_that_their_entries_leave(
    log: list[list[log_pb2.LogEntry]], plan: Plan, limits: Limits, odd: bool
) -> None:
    """Whatever is late, early, cancelled, merged, erased, imported, unreadable, left out, or oddly encoded."""
    together, one_by_one = new_state(plan, limits), new_state(plan, limits)
    for entries in log:
        page_of(odd_response_of(entries) if odd else response_of(entries)).count(together)
        one_by_one.apply(entries)
    assert state_of(together) == state_of(one_by_one)


@given(st.lists(ENTRIES, max_size=25), PLANS, st.data())
def test_a_part_of_a_page_is_its_first_entries(log: list[log_pb2.LogEntry], plan: Plan, data: st.DataObject) -> None:
    """As the place of the roll-ups lies anywhere in a page."""
    count = data.draw(st.integers(0, len(log)))
    some, one_by_one = new_state(plan), new_state(plan)
    page_of(response_of(log)).count(some, count)
    one_by_one.apply(log[:count])
    assert state_of(some) == state_of(one_by_one)


def test_a_page_says_what_a_small_one_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ids of entries, the cursor, and whether it is the end."""
    draw = random.Random(1)
    log = [entry("presenca", THIS_MINUTE, "ana"), merge("ana", "bia"), entry("presenca", THIS_MINUTE), erasure("bia")]
    for each in log:
        if each.HasField("event"):
            each.event.event.id = draw.randbytes(16)
    response = log_pb2.FollowEventsResponse(entries=log, cursor=b"here", at_end=True)
    response.read_at.seconds = NOW
    large = page_of(response.SerializeToString())
    monkeypatch.setattr(pages, "_LARGE_BYTES", 10**9)
    small = page_of(response.SerializeToString())
    assert large.ids() == small.ids()
    assert (large.cursor, large.at_end, large.read_us) == (small.cursor, small.at_end, small.read_us)
    assert (large.cursor, large.at_end, large.read_us) == (b"here", True, NOW * 1_000_000)


@pytest.mark.parametrize("content", [b"\x0a\x05\x0a", b"\x0a\x04\x0a\x02\x0a\x09", b"\xff" * 20])
def test_what_is_no_page_is_refused(content: bytes) -> None:
    """It is read again later, as any log that does not answer."""
    with pytest.raises(Unavailable):
        page_of(content).count(new_state(Plan(default_metrics())))
