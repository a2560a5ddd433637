"""What is remembered of a tenant is bounded; what is left out is counted, and is of that tenant alone."""

from services.metrics.definitions.reading import default_metrics
from services.metrics.live.environment import LiveMetrics
from services.metrics.live.keeping import Limits
from services.metrics.live.plan import Plan
from services.metrics.live.tenant import MOST_OF_A_KEY
from tests.support.metrics_events import NOW, THIS_MINUTE, cancellation, entry, sale
from tests.support.metrics_recount import counted

PLAN = Plan(default_metrics())


def test_actors_beyond_the_limit_are_left_out() -> None:
    """Those that are known go on being counted, and so does another tenant."""
    metrics = LiveMetrics(PLAN, NOW, Limits(actors=3))
    metrics.apply(entry("presenca", THIS_MINUTE, f"actor-{number}") for number in range(5))
    metrics.apply([entry("presenca", THIS_MINUTE, "actor-9", tenant="globex")])
    assert counted(metrics, THIS_MINUTE)["usuarios_online", ""] == 3
    assert counted(metrics, THIS_MINUTE, "globex")["usuarios_online", ""] == 1
    assert metrics.keeping.left.actors == 2


def test_sales_beyond_the_limit_count_but_are_not_taken_back() -> None:
    """Neither by their number nor when too many have the same."""
    metrics = LiveMetrics(PLAN, NOW, Limits(keys=2))
    metrics.apply(sale(THIS_MINUTE, "", f"v-{number}") for number in range(4))
    metrics.apply(cancellation(THIS_MINUTE, "", f"v-{number}") for number in range(4))
    assert counted(metrics, THIS_MINUTE)["vendas_hora", ""] == 2
    metrics = LiveMetrics(PLAN, NOW)
    metrics.apply(sale(THIS_MINUTE, "", "v-1") for _ in range(MOST_OF_A_KEY))
    metrics.apply(cancellation(THIS_MINUTE, "", "v-1") for _ in range(MOST_OF_A_KEY * 2))
    (key,) = metrics.tenants["acme"].keys[0].values()
    assert len(key.undoings) == MOST_OF_A_KEY
    assert counted(metrics, THIS_MINUTE)["vendas_hora", ""] == 0


def test_currencies_and_amounts_that_cannot_be_are_left_out() -> None:
    """Nobody fills the memory with made-up currencies."""
    metrics = LiveMetrics(PLAN, NOW, Limits(currencies=2))
    metrics.apply(sale(THIS_MINUTE, "ana", f"v-{moeda}", moeda=moeda) for moeda in ("BRL", "USD", "EUR", "real"))
    assert {currency for metric, currency in counted(metrics, THIS_MINUTE) if metric == "receita_hora"} == {
        "BRL",
        "USD",
    }
    assert metrics.keeping.left.unreadable == 2


def test_times_far_ahead_take_no_memory() -> None:
    """A clock that is years ahead of ours is not followed."""
    metrics = LiveMetrics(PLAN, NOW)
    metrics.apply([sale(THIS_MINUTE + 10**9, "ana", "v-1")])
    tenant = metrics.tenants["acme"]
    assert max(minutes.bit_length() for minutes in tenant.actors[b"ana"].seen) < 10_000
    assert not any(tenant.amounts)


def test_old_things_are_forgotten() -> None:
    """After 26 hours nothing is left of a tenant that nobody uses any more."""
    metrics = LiveMetrics(PLAN, NOW)
    metrics.apply([sale(THIS_MINUTE, "ana"), cancellation(THIS_MINUTE, "ana"), entry("web_vital", THIS_MINUTE, "bia")])
    metrics.advance(NOW + 30 * 3600)
    assert metrics.tenants == {}
