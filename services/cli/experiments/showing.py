"""Experiments and results as people read them."""

from collections.abc import Iterator
from typing import Final

from mirante.api.metrics.v1 import experiment_pb2 as model
from mirante.api.metrics.v1 import experiment_result_pb2 as results_pb2
from rich.text import Text

from services.cli.output import Output, local_time, styled
from services.cli.plain import enum_name, plain
from services.cli.session import Session

STATES: Final = model.ExperimentState.DESCRIPTOR
_DECISIONS: Final = model.DecisionKind.DESCRIPTOR
_ROLES: Final = results_pb2.MetricRole.DESCRIPTOR
_VERDICTS: Final = results_pb2.VerdictKind.DESCRIPTOR
_COLOURS: Final = {
    results_pb2.VERDICT_KIND_SHIP: "bold green",
    results_pb2.VERDICT_KIND_KILL: "bold red",
    results_pb2.VERDICT_KIND_KEEP_RUNNING: "yellow",
}


def answer(session: Session, record: model.ExperimentRecord) -> None:
    """Answer with an experiment."""
    session.output.answer(lambda: plain(record), lambda output: output.facts(_facts(record)))


def state_of(record: model.ExperimentRecord) -> str:
    """Return the state of an experiment, with what was decided."""
    state = enum_name(STATES, record.state)
    if not record.HasField("decision"):
        return state
    return f"{state}: {enum_name(_DECISIONS, record.decision.kind)} {record.decision.variant}"


def show_results(output: Output, results: results_pb2.ExperimentResults) -> None:
    """Print what an experiment says."""
    kind = results.verdict.kind
    output.line(
        styled(enum_name(_VERDICTS, kind).replace("_", " "), _COLOURS.get(kind, "")), f": {results.verdict.text}"
    )
    for warning in results.health.warnings:
        output.remark(warning)
    columns = ("METRIC", "ROLE", "VARIANT", "UNITS", "ESTIMATE", "DIFFERENCE", "INTERVAL", "P", "ADJUSTED", "LIFT")
    output.table(columns, [row for metric in results.metrics for row in _rows(metric)])
    if results.exploratory:
        groups = [row for group in results.exploratory for row in _group(group)]
        output.line(f"exploratory, by {results.exploratory_property}: ground for a hypothesis, not for a decision")
        output.table(("VALUE", "VARIANT", "UNITS", "ESTIMATE", "DIFFERENCE", "95 % OF ONE LOOK"), groups)
    until = local_time(results.complete_until)
    output.remark(f"complete until {until}, {results.days} full days, {results.health.crossovers} saw several variants")


def number(value: float) -> str:
    """Return a number with the digits that matter."""
    return f"{value:.4g}"


def _rows(metric: results_pb2.MetricResult) -> Iterator[tuple[str, ...]]:
    compared = {each.variant: each for each in metric.comparisons}
    for arm in metric.arms:
        estimate = number(arm.estimate) if arm.HasField("estimate") else "-"
        named = (metric.metric_key, enum_name(_ROLES, metric.role), arm.variant, f"{arm.units:,}", estimate)
        yield (*named, *_compared(compared.get(arm.variant)))


def _group(group: results_pb2.ExperimentGroup) -> Iterator[tuple[str, ...]]:
    value = "all others" if group.others else group.value if group.HasField("value") else "(absent)"
    compared = {each.variant: each for each in group.comparisons}
    for arm in group.arms:
        estimate = number(arm.estimate) if arm.HasField("estimate") else "-"
        of = compared.get(arm.variant)
        difference = number(of.difference) if of is not None and of.HasField("difference") else ""
        known = of is not None and of.HasField("lower") and of.HasField("upper")
        interval = f"{number(of.lower)} to {number(of.upper)}" if of is not None and known else ""
        yield value, arm.variant, f"{arm.units:,}", estimate, difference, interval


def _compared(of: results_pb2.ArmComparison | None) -> tuple[str, ...]:
    if of is None or not of.HasField("difference"):
        return ("", "", "", "", "")
    interval = "empty" if of.interval_empty else "-"
    if of.HasField("lower") and of.HasField("upper"):
        interval = f"{number(of.lower)} to {number(of.upper)}"
    adjusted = number(of.adjusted_p) if of.HasField("adjusted_p") else ""
    lift = f"{of.lift:+.1%}" if of.HasField("lift") else ""
    return number(of.difference), interval, number(of.p), adjusted, lift


def _facts(record: model.ExperimentRecord) -> list[tuple[str, str | Text]]:
    experiment = record.experiment
    total = sum(arm.weight for arm in experiment.arms)
    held = record.layer_range
    return [
        ("key", experiment.key),
        ("hypothesis", experiment.hypothesis),
        ("state", state_of(record)),
        ("flag", " ".join(filter(None, (experiment.flag_key, experiment.rule_id)))),
        ("arms", ", ".join(f"{arm.variant} {arm.weight / total:.0%}" for arm in experiment.arms if total)),
        ("control", experiment.control),
        ("primary", experiment.primary.key),
        ("guardrails", ", ".join(metric.key for metric in experiment.guardrails)),
        ("planned", f"{experiment.rules.planned_units:,} an arm" if experiment.rules.planned_units else "open"),
        ("layer", f"{held.salt} {held.start / 1000:g} % to {held.end / 1000:g} %" if held.end else experiment.layer),
        ("started", local_time(record.started_at)),
        ("stopped", local_time(record.stopped_at)),
        ("version", f"{record.version}, {local_time(record.updated_at)} by {record.updated_by}"),
    ]
