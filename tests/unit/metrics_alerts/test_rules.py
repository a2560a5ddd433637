"""What a rule must be, what it watches, and when a change makes it another one."""

from collections.abc import Callable

import pytest
from google.protobuf.duration_pb2 import Duration
from mirante.api.metrics.v1 import alert_pb2 as pb2

from services.metrics.alerts.default_rules import default_rules
from services.metrics.alerts.rule_checks import check_rule
from services.metrics.alerts.rule_settings import covers, judged_anew
from services.metrics.alerts.silences import Silenced, covering
from services.metrics.definitions.reading import default_metrics
from services.runtime.errors import InvalidRequest

METRICS = default_metrics()


def anomaly() -> pb2.AlertRule:
    """Return a rule of anomalies that is right."""
    return pb2.AlertRule(key="vendas", metric="vendas_hora", anomaly=pb2.AnomalyCondition(minimum_share=0.2))


def threshold() -> pb2.AlertRule:
    """Return a rule of thresholds that is right."""
    condition = pb2.ThresholdCondition(comparison=pb2.THRESHOLD_COMPARISON_BELOW, value="0.05")
    condition.held_for.CopyFrom(Duration(seconds=600))
    return pb2.AlertRule(key="conversao", metric="conversao_rate", threshold=condition)


def test_the_first_rules_are_right() -> None:
    """Those of metrics that are not defined are left out."""
    assert [rule.key for rule in default_rules(METRICS)] == ["vendas", "receita", "erros"]
    for rule in (*default_rules(METRICS), anomaly(), threshold()):
        check_rule(rule, METRICS)
    assert [rule.key for rule in default_rules({"vendas_hora": METRICS["vendas_hora"]})] == ["vendas"]


Change = Callable[[pb2.AlertRule], object]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda rule: setattr(rule, "key", "-a"), "rule.key"),
        (lambda rule: setattr(rule, "key", "a" * 64), "rule.key"),
        (lambda rule: setattr(rule, "description", "a\x00"), "rule.description"),
        (lambda rule: setattr(rule, "metric", "vendas"), "rule.metric"),
        (lambda rule: setattr(rule, "currency", "BRL"), "rule.currency"),
        (lambda rule: setattr(rule, "currency", "reais"), "rule.currency"),
        (lambda rule: setattr(rule, "severity", 9), "rule.severity"),
        (lambda rule: rule.tenants.extend(["acme", ""]), "rule.tenants[1]"),
        (lambda rule: rule.tenants.extend(["acme", "acme"]), "rule.tenants"),
        (lambda rule: rule.tenants.extend(map(str, range(1_001))), "rule.tenants"),
        (lambda rule: rule.webhooks.append("pager"), "rule.webhooks[0]"),
        (lambda rule: rule.ClearField("anomaly"), "rule.condition"),
        (lambda rule: setattr(rule, "metric", "lcp_p75"), "rule.anomaly"),
        (lambda rule: rule.anomaly.directions.append(0), "rule.anomaly.directions[0]"),
        (lambda rule: setattr(rule.anomaly, "minimum_difference", "-1"), "rule.anomaly.minimum_difference"),
        (lambda rule: setattr(rule.anomaly, "minimum_volume", "1e3"), "rule.anomaly.minimum_volume"),
        (lambda rule: setattr(rule.anomaly, "minimum_share", float("nan")), "rule.anomaly.minimum_share"),
        (lambda rule: setattr(rule.anomaly, "persistence", 25), "rule.anomaly.persistence"),
        (lambda rule: setattr(rule.threshold, "value", "1"), "rule.threshold.comparison"),
        (
            lambda rule: rule.threshold.CopyFrom(pb2.ThresholdCondition(comparison=pb2.THRESHOLD_COMPARISON_ABOVE)),
            "rule.threshold.value",
        ),
        (lambda rule: rule.threshold.held_for.CopyFrom(Duration(seconds=90)), "rule.threshold.held_for"),
        (lambda rule: rule.threshold.held_for.CopyFrom(Duration(seconds=-60)), "rule.threshold.held_for"),
    ],
)
def test_what_is_wrong_is_named(change: Change, field: str) -> None:
    """Every field that is wrong, by its path."""
    rule = anomaly()
    change(rule)
    with pytest.raises(InvalidRequest) as refused:
        check_rule(rule, METRICS)
    assert field in [violation.field for violation in refused.value.violations]


def test_whom_a_rule_watches() -> None:
    """All, unless it names tenants or a currency."""
    rule = anomaly()
    assert covers(rule, "acme", "")
    rule.tenants.append("globex")
    assert not covers(rule, "acme", "")
    money = pb2.AlertRule(metric="receita_hora", currency="BRL")
    assert covers(money, "acme", "BRL")
    assert not covers(money, "acme", "USD")


def test_when_a_rule_is_judged_anew() -> None:
    """When it judges something else, or otherwise; not when others are told, or it is described better."""
    before, after = anomaly(), anomaly()
    after.description, after.severity = "better", pb2.ALERT_SEVERITY_INFO
    after.tenants.append("acme")
    assert not judged_anew(before, after)
    for changed in (threshold(), pb2.AlertRule(key="vendas", metric="erros_minuto", anomaly=before.anomaly)):
        assert judged_anew(before, changed)
    after.anomaly.persistence = 3
    assert judged_anew(before, after)
    disabled = anomaly()
    disabled.disabled = True
    assert judged_anew(before, disabled)


def test_what_a_silence_covers() -> None:
    """All that it names at once; the first one that covers counts."""
    alert = pb2.Alert(tenant="acme", metric="vendas_hora", rule_key="vendas")
    silences = [
        Silenced("1", tenant="globex"),
        Silenced("2", tenant="acme", metric="erros_minuto"),
        Silenced("3", tenant="acme", metric="vendas_hora"),
        Silenced("4", rule_key="vendas"),
    ]
    assert covering(silences, alert) == "3"
    assert covering(silences[:2], alert) == ""
    assert covering(silences[3:], alert) == "4"
