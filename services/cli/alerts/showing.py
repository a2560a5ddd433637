"""Alerts and rules as people read them."""

from collections.abc import Sequence
from typing import Final

from mirante.api.metrics.v1 import alert_pb2 as pb2
from rich.text import Text

from services.cli.output import Output, local_time, styled
from services.cli.plain import enum_name

_COLOURS: Final = {pb2.ALERT_STATE_OPEN: "bold red", pb2.ALERT_STATE_ACKNOWLEDGED: "yellow"}
STATES: Final = pb2.AlertState.DESCRIPTOR
KINDS: Final = pb2.AlertKind.DESCRIPTOR
SEVERITIES: Final = pb2.AlertSeverity.DESCRIPTOR
_DIRECTIONS: Final = pb2.AnomalyDirection.DESCRIPTOR
_SENSITIVITIES: Final = pb2.AnomalySensitivity.DESCRIPTOR
_COMPARISONS: Final = pb2.ThresholdComparison.DESCRIPTOR


def show_alerts(output: Output, alerts: Sequence[pb2.Alert]) -> None:
    """Print alerts as a table."""
    columns = ("ID", "STATE", "SEVERITY", "OPENED", "TENANT", "RULE", "KIND", "OBSERVED", "EXPECTED", "")
    rows = [
        (
            alert.id,
            state_of(alert),
            enum_name(SEVERITIES, alert.severity),
            local_time(alert.opened_at),
            alert.tenant,
            alert.rule_key,
            enum_name(KINDS, alert.kind),
            " ".join(filter(None, (alert.observed, alert.currency))),
            alert.expected,
            ", ".join(remarks_of(alert)),
        )
        for alert in alerts
    ]
    output.table(columns, rows)


def show_alert(output: Output, alert: pb2.Alert) -> None:
    """Print everything about an alert."""
    output.line(alert.evidence)
    facts: list[tuple[str, str | Text]] = [
        ("id", alert.id),
        ("state", state_of(alert)),
        ("severity", enum_name(SEVERITIES, alert.severity)),
        ("rule", f"{alert.rule_key} v{alert.rule_version}"),
        ("tenant", alert.tenant),
        ("kind", enum_name(KINDS, alert.kind)),
        ("time", f"{local_time(alert.start_time)} to {local_time(alert.end_time)}"),
        ("opened", local_time(alert.opened_at)),
        ("acknowledged", _by(local_time(alert.acknowledged_at), alert.acknowledged_by)),
        ("resolved", _by(local_time(alert.resolved_at), alert.resolved_by)),
        ("last unusual", local_time(alert.last_unusual_at)),
        ("told", ", ".join(remarks_of(alert)) or "yes"),
    ]
    output.facts(facts)
    for note in alert.notes:
        output.line(f"{local_time(note.at)} {note.by}: {note.text}")


def condition_of(rule: pb2.AlertRule) -> str:
    """Return what a rule asks for, in words."""
    if rule.WhichOneof("condition") == "threshold":
        threshold = rule.threshold
        held = f" for {threshold.held_for.seconds // 60} minutes" if threshold.held_for.seconds else ""
        return f"{enum_name(_COMPARISONS, threshold.comparison)} {threshold.value}{held}"
    anomaly = rule.anomaly
    parts = [f"anomaly {' and '.join(enum_name(_DIRECTIONS, each) for each in anomaly.directions)}".strip()]
    if anomaly.sensitivity:
        parts.append(f"{enum_name(_SENSITIVITIES, anomaly.sensitivity)} sensitivity")
    if anomaly.minimum_difference:
        parts.append(f"at least {anomaly.minimum_difference}")
    if anomaly.minimum_share:
        parts.append(f"at least {anomaly.minimum_share:.0%}")
    if anomaly.minimum_volume:
        parts.append(f"from {anomaly.minimum_volume} on")
    if anomaly.persistence > 1:
        parts.append(f"{anomaly.persistence} hours running")
    return ", ".join(parts)


def state_of(alert: pb2.Alert) -> Text:
    """Return the state of an alert, coloured."""
    return styled(enum_name(STATES, alert.state), _COLOURS.get(alert.state, ""))


def remarks_of(alert: pb2.Alert) -> list[str]:
    """Return why nobody may have been told."""
    return [
        *(["silenced"] if alert.silence_id else []),
        *(["found late"] if alert.found_late else []),
        *([f"{len(alert.notes)} notes"] if alert.notes else []),
    ]


def _by(at: str, name: str) -> str:
    return f"{at} by {name}" if at else ""
