"""Definitions of metrics from YAML: what is taken, and how mistakes are named."""

import pytest

from services.metrics.definitions import Aggregation, Clock, Metric, Selection, TakeBack
from services.metrics.definitions.reading import default_metrics, read_metrics
from services.runtime.errors import InvalidRequest


def test_the_metrics_of_the_plan_are_there() -> None:
    """The four of the domain come first, in the order of the cards."""
    metrics = default_metrics()
    assert list(metrics)[:4] == ["vendas_hora", "receita_hora", "usuarios_online", "conversao_rate"]
    assert metrics["vendas_hora"].take_back == TakeBack("venda_cancelada", "venda_id")
    assert metrics["usuarios_online"].selection == Selection(clock=Clock.RECEIVED)
    assert metrics["conversao_rate"].of == Selection()


def test_a_metric_is_declared_not_coded() -> None:
    """Event, filter, aggregation and window."""
    metrics = read_metrics(
        """
        metrics:
          desconto:
            aggregation: sum
            events: [venda_criada, venda_editada]
            where: {metodo_pagamento: pix, parcelas: 1}
            amount: desconto
            currency: moeda
            window: 15
        """
    )
    selection = Selection(
        frozenset({"venda_criada", "venda_editada"}), (("metodo_pagamento", "pix"), ("parcelas", "1"))
    )
    assert metrics == {
        "desconto": Metric("desconto", Aggregation.SUM, selection, 15, amount="desconto", currency="moeda")
    }


@pytest.mark.parametrize(
    ("definition", "path"),
    [
        ("{aggregation: cout, window: 5}", "metrics.m.aggregation"),
        ("{aggregation: count}", "metrics.m"),
        ("{aggregation: count, window: 61}", "metrics.m.window"),
        ("{aggregation: count, window: 5, amount: valor}", "metrics.m.amount"),
        ("{aggregation: sum, window: 5}", "metrics.m"),
        ("{aggregation: percentile, amount: valor, window: 5}", "metrics.m"),
        ("{aggregation: actors, window: 5, take_back: {event: a, key: b}}", "metrics.m.take_back"),
        ("{aggregation: count, window: 5, take_back: {event: a}}", "metrics.m.take_back"),
        ("{aggregation: count, window: 5, clock: sundial}", "metrics.m.clock"),
        ("{aggregation: count, window: 5, colour: red}", "metrics.m.colour"),
        ("{aggregation: actor_ratio, window: 5, of: {amount: valor}}", "metrics.m.of.amount"),
    ],
)
def test_mistakes_are_named_by_their_path(definition: str, path: str) -> None:
    """With the line, and nothing is taken."""
    with pytest.raises(InvalidRequest) as caught:
        read_metrics(f"metrics:\n  m: {definition}\n")
    assert path in [each.field for each in caught.value.violations]
    assert all("(line 2)" in each.description for each in caught.value.violations)


@pytest.mark.parametrize(
    "text", ["metrics: {}", "metrics: {Vendas: {aggregation: count, window: 1}}", "other: 1", "a: ["]
)
def test_documents_that_define_nothing_are_refused(text: str) -> None:
    """No metrics, bad names, another document, no YAML."""
    with pytest.raises(InvalidRequest):
        read_metrics(text)
