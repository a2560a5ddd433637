"""The rules that an environment begins with."""

from collections.abc import Sequence

from mirante.api.metrics.v1 import alert_pb2 as pb2

from services.metrics.definitions import Metrics


def default_rules(metrics: Metrics) -> Sequence[pb2.AlertRule]:
    """Return the rules for those of the plan's metrics that are defined."""
    rules = (
        pb2.AlertRule(
            key="vendas",
            description="Vendas fora do comum para a hora e o dia da semana, ou nenhuma.",
            metric="vendas_hora",
            anomaly=pb2.AnomalyCondition(minimum_difference="3", minimum_share=0.2),
            severity=pb2.ALERT_SEVERITY_CRITICAL,
        ),
        pb2.AlertRule(
            key="receita",
            description="Receita fora do comum para a hora e o dia da semana.",
            metric="receita_hora",
            anomaly=pb2.AnomalyCondition(minimum_share=0.3, persistence=2),
            severity=pb2.ALERT_SEVERITY_WARNING,
        ),
        pb2.AlertRule(
            key="erros",
            description="Mais erros que o comum para a hora e o dia da semana.",
            metric="erros_minuto",
            anomaly=pb2.AnomalyCondition(
                directions=[pb2.ANOMALY_DIRECTION_UP], minimum_difference="5", minimum_share=0.5
            ),
            severity=pb2.ALERT_SEVERITY_WARNING,
        ),
    )
    return [rule for rule in rules if rule.metric in metrics]
