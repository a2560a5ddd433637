"""`mirante alerts rules list | show | set | enable | disable | delete | history`."""

import dataclasses
import enum
from typing import Annotated

import typer
from google.protobuf.duration_pb2 import Duration
from mirante.api.metrics.v1 import alert_pb2 as model
from mirante.api.metrics.v1 import alert_service_pb2 as pb2

from services.cli.alerts.arguments import PAGE, RuleKey, duration_of
from services.cli.alerts.showing import SEVERITIES, condition_of
from services.cli.asking import ask
from services.cli.command import command
from services.cli.flags.arguments import Comment, Yes
from services.cli.output import Output, local_time, styled
from services.cli.plain import enum_name, plain
from services.cli.refusals import Refusal, usage
from services.cli.session import Session

rules = typer.Typer(help="Rules: what is watched, and when it is worth an alert.", no_args_is_help=True)


class Direction(enum.Enum):
    """Which surprises are told."""

    UP = "up"
    DOWN = "down"


class Sensitivity(enum.Enum):
    """How improbable an hour must be."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Severity(enum.Enum):
    """How much it matters."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclasses.dataclass(frozen=True, slots=True)
class Wish:
    """What `set` can say of a rule; None leaves it as it is."""

    metric: Annotated[str | None, typer.Option(help="What is watched.", show_default=False)] = None
    description: Annotated[str | None, typer.Option(help="For people.", show_default=False)] = None
    tenant: Annotated[
        list[str] | None, typer.Option("--tenant", "-t", help="Only this one; may be repeated.", show_default=False)
    ] = None
    currency: Annotated[str | None, typer.Option(help="Of money: only this one.", show_default=False)] = None
    severity: Annotated[Severity | None, typer.Option(help="How much it matters.", show_default=False)] = None
    webhook: Annotated[
        list[str] | None, typer.Option(help="Tell only this one; may be repeated.", show_default=False)
    ] = None
    above: Annotated[str | None, typer.Option(help="A threshold: more than that.", show_default=False)] = None
    below: Annotated[str | None, typer.Option(help="A threshold: less than that.", show_default=False)] = None
    held_for: Annotated[
        str | None, typer.Option("--for", help="A threshold: for so long, such as 10m.", show_default=False)
    ] = None
    anomaly: Annotated[
        bool | None, typer.Option("--anomaly", help="Anomalies instead of a threshold.", show_default=False)
    ] = None
    direction: Annotated[
        list[Direction] | None, typer.Option(help="Of anomalies; both when left out.", show_default=False)
    ] = None
    sensitivity: Annotated[
        Sensitivity | None, typer.Option(help="Of anomalies; by volume when left out.", show_default=False)
    ] = None
    least_difference: Annotated[str | None, typer.Option(help="Of anomalies, in numbers.", show_default=False)] = None
    least_share: Annotated[float | None, typer.Option(help="Of anomalies: 0.2 is 20 %.", show_default=False)] = None
    least_volume: Annotated[str | None, typer.Option(help="Of anomalies, in numbers.", show_default=False)] = None
    persistence: Annotated[int | None, typer.Option(help="Of anomalies: hours running.", show_default=False)] = None


@command(rules, "list")
def list_rules(session: Session) -> None:
    """List rules."""
    request = pb2.ListAlertRulesRequest(environment=session.environment, page_size=PAGE)
    found = session.call(session.alerts.ListAlertRules, request).records
    rows = [
        (
            record.rule.key,
            record.rule.metric,
            condition_of(record.rule),
            enum_name(SEVERITIES, record.rule.severity or model.ALERT_SEVERITY_WARNING),
            ", ".join(record.rule.tenants) or "all",
            styled("disabled", "yellow") if record.rule.disabled else str(record.open_alerts),
            f"v{record.version} {local_time(record.updated_at)} by {record.updated_by}",
        )
        for record in found
    ]
    columns = ("KEY", "METRIC", "CONDITION", "SEVERITY", "TENANTS", "OPEN", "CHANGED")
    session.output.answer(
        lambda: {"rules": [plain(record) for record in found]}, lambda output: output.table(columns, rows)
    )


@command(rules, "show")
def show_rule(session: Session, rule: RuleKey) -> None:
    """Show a rule."""
    _answer(session, _read(session, rule))


@command(rules, "set")
def set_rule(session: Session, rule: RuleKey, wish: Wish, comment: Comment = "") -> None:
    """Create a rule, or change what is named of one that there is."""
    try:
        before = _read(session, rule)
    except Refusal as refusal:
        if refusal.reason != "ALERT_RULE_NOT_FOUND":
            raise
        made = model.AlertRule(key=rule, anomaly=model.AnomalyCondition())
        _apply(made, wish)
        create = pb2.CreateAlertRuleRequest(environment=session.environment, rule=made, comment=comment)
        _answer(session, session.call(session.alerts.CreateAlertRule, create).record)
        return
    _apply(before.rule, wish)
    _update(session, before, comment)


@command(rules, "disable")
def disable_rule(session: Session, rule: RuleKey, comment: Comment = "") -> None:
    """Judge nothing by a rule; its alerts are resolved."""
    record = _read(session, rule)
    record.rule.disabled = True
    _update(session, record, comment)


@command(rules, "enable")
def enable_rule(session: Session, rule: RuleKey, comment: Comment = "") -> None:
    """Judge by a rule again."""
    record = _read(session, rule)
    record.rule.disabled = False
    _update(session, record, comment)


@command(rules, "delete")
def delete_rule(session: Session, rule: RuleKey, comment: Comment = "", *, yes: Yes = False) -> None:
    """Delete a rule; its alerts are resolved."""
    record = _read(session, rule)
    ask(session.output, f"Delete the rule {rule} and resolve its {record.open_alerts} alerts?", yes=yes)
    request = pb2.DeleteAlertRuleRequest(
        environment=session.environment, rule_key=rule, etag=record.etag, comment=comment
    )
    deleted = session.call(session.alerts.DeleteAlertRule, request).record
    session.output.answer(lambda: plain(deleted), lambda output: output.line(f"deleted {rule}"))


@command(rules, "history")
def show_history(session: Session, rule: RuleKey) -> None:
    """List the versions of a rule, newest first."""
    request = pb2.GetAlertRuleHistoryRequest(environment=session.environment, rule_key=rule)
    found = session.call(session.alerts.GetAlertRuleHistory, request).versions
    rows = [
        (
            f"v{each.version}",
            local_time(each.at),
            each.actor,
            "deleted" if each.deleted else "disabled" if each.rule.disabled else condition_of(each.rule),
            each.comment,
        )
        for each in found
    ]
    session.output.answer(
        lambda: {"versions": [plain(each) for each in found]},
        lambda output: output.table(("VERSION", "TIME", "WHO", "CONDITION", "COMMENT"), rows),
    )


def _read(session: Session, key: str) -> model.AlertRuleRecord:
    request = pb2.GetAlertRuleRequest(environment=session.environment, rule_key=key)
    return session.call(session.alerts.GetAlertRule, request).record


def _update(session: Session, record: model.AlertRuleRecord, comment: str) -> None:
    request = pb2.UpdateAlertRuleRequest(
        environment=session.environment, rule=record.rule, etag=record.etag, comment=comment
    )
    _answer(session, session.call(session.alerts.UpdateAlertRule, request).record)


def _answer(session: Session, record: model.AlertRuleRecord) -> None:
    rule = record.rule

    def show(output: Output) -> None:
        output.facts(
            [
                ("key", rule.key),
                ("description", rule.description),
                ("metric", " ".join(filter(None, (rule.metric, rule.currency)))),
                ("condition", condition_of(rule)),
                ("severity", enum_name(SEVERITIES, rule.severity or model.ALERT_SEVERITY_WARNING)),
                ("tenants", ", ".join(rule.tenants) or "all"),
                ("webhooks", ", ".join(rule.webhooks) or "all"),
                ("state", "deleted" if record.deleted else "disabled" if rule.disabled else "enabled"),
                ("version", f"{record.version}, {local_time(record.updated_at)} by {record.updated_by}"),
                ("alerts", f"{record.open_alerts} not resolved"),
            ]
        )

    session.output.answer(lambda: plain(record), show)


def _apply(rule: model.AlertRule, wish: Wish) -> None:
    for field in ("metric", "description", "currency"):
        value = getattr(wish, field)
        if value is not None:
            setattr(rule, field, value)
    if wish.tenant is not None:
        rule.tenants[:] = [each for each in wish.tenant if each]
    if wish.webhook is not None:
        rule.webhooks[:] = [each for each in wish.webhook if each]
    if wish.severity is not None:
        rule.severity = model.AlertSeverity.Value(f"ALERT_SEVERITY_{wish.severity.name}")
    if wish.above is not None and wish.below is not None:
        raise usage("--above and --below cannot both be: make two rules")
    if wish.above is not None or wish.below is not None or wish.held_for is not None:
        _apply_threshold(rule, wish)
    elif wish.anomaly or any(
        each is not None
        for each in (
            wish.direction,
            wish.sensitivity,
            wish.least_difference,
            wish.least_share,
            wish.least_volume,
            wish.persistence,
        )
    ):
        _apply_anomaly(rule.anomaly, wish)


def _apply_threshold(rule: model.AlertRule, wish: Wish) -> None:
    if wish.anomaly:
        raise usage("--anomaly has no meaning beside a threshold")
    if wish.above is not None:
        rule.threshold.comparison, rule.threshold.value = model.THRESHOLD_COMPARISON_ABOVE, wish.above
    elif wish.below is not None:
        rule.threshold.comparison, rule.threshold.value = model.THRESHOLD_COMPARISON_BELOW, wish.below
    if wish.held_for is not None:
        held = duration_of("--for", wish.held_for)
        rule.threshold.held_for.CopyFrom(Duration(seconds=int(held.total_seconds())))


def _apply_anomaly(anomaly: model.AnomalyCondition, wish: Wish) -> None:
    anomaly.SetInParent()
    if wish.direction is not None:
        anomaly.directions[:] = [
            model.AnomalyDirection.Value(f"ANOMALY_DIRECTION_{each.name}") for each in wish.direction
        ]
    if wish.sensitivity is not None:
        anomaly.sensitivity = model.AnomalySensitivity.Value(f"ANOMALY_SENSITIVITY_{wish.sensitivity.name}")
    if wish.least_difference is not None:
        anomaly.minimum_difference = wish.least_difference
    if wish.least_share is not None:
        anomaly.minimum_share = wish.least_share
    if wish.least_volume is not None:
        anomaly.minimum_volume = wish.least_volume
    if wish.persistence is not None:
        anomaly.persistence = wish.persistence
