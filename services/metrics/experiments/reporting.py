"""The learning report of an experiment, in Markdown and in Portuguese. Pure."""

from collections.abc import Iterator
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.metrics.v1 import experiment_pb2 as pb2
from mirante.api.metrics.v1 import experiment_result_pb2 as result_pb2

from services.metrics.experiments.designing.defaults import by_tenant

_ROLES: Final = {
    result_pb2.METRIC_ROLE_PRIMARY: "principal",
    result_pb2.METRIC_ROLE_SECONDARY: "secundária",
    result_pb2.METRIC_ROLE_GUARDRAIL: "proteção",
}
_DECISIONS: Final = {pb2.DECISION_KIND_SHIP: "Lançar", pb2.DECISION_KIND_KILL: "Encerrar"}
_ESCAPED: Final = str.maketrans({each: f"\\{each}" for each in "\\`*_[]<>#|"})


def report_of(record: pb2.ExperimentRecord, results: result_pb2.ExperimentResults | None) -> str:
    """
    Return the report.

    Args:
        record: the experiment, decided or not.
        results: what it says; None when the numbers cannot be read.
    """
    parts = [*_head(record), *_decision(record)]
    parts += _results(results, record) if results is not None else ["## Resultados", "Os números não estavam à mão."]
    return "\n\n".join([*parts, *_design(record)]) + "\n"


def _head(record: pb2.ExperimentRecord) -> Iterator[str]:
    experiment = record.experiment
    yield f"# Experimento {_text(experiment.key)}"
    yield f"**Hipótese.** {_text(experiment.hypothesis)}"
    facts = [
        f"Flag: `{experiment.flag_key}`",
        f"Responsável: {_text(experiment.owner) or '—'}",
        f"Começou: {_day(record.started_at) or '—'}",
        f"Parou: {_day(record.stopped_at) or '—'}",
        f"Sorteio por: {'tenant' if by_tenant(experiment) else 'pessoa'}",
    ]
    yield "\n".join(f"- {fact}" for fact in facts)


def _decision(record: pb2.ExperimentRecord) -> Iterator[str]:
    yield "## Decisão"
    if not record.HasField("decision"):
        yield "Ainda não foi decidido."
        return
    decision = record.decision
    yield (
        f"**{_DECISIONS.get(decision.kind, '—')}**: todos ficam com “{_text(decision.variant)}”. Decidido por "
        f"{_text(decision.by)} em {_day(decision.at)}."
    )
    if decision.rollout_id:
        yield f"Lançado pelo plano `{decision.rollout_id}`."
    if decision.against_verdict:
        yield "**A decisão não é a que os números indicavam.**"
    if decision.comment:
        yield f"> {_text(decision.comment)}"


def _results(results: result_pb2.ExperimentResults, record: pb2.ExperimentRecord) -> Iterator[str]:
    yield "## O que os números dizem"
    yield _text(results.verdict.text)
    yield f"Dados até {_day(results.complete_until, minutes=True)}; {results.days} dias completos."
    for metric in results.metrics:
        yield f"### {_text(metric.name)} ({_ROLES[metric.role]})"
        yield "\n".join(_table(metric))
    health = results.health
    units = "tenants" if by_tenant(record.experiment) else "pessoas"
    yield "## Saúde"
    told = [f"{_text(arm.variant)}: {_count(arm.units)} {units}" for arm in health.arms]
    told += [f"Viram mais de uma variante: {_count(health.crossovers)} ({_percent(health.crossover_share, sign='')})"]
    told += [f"Proporções: p = {_p(health.sample_ratio_p)}"] if health.HasField("sample_ratio_p") else []
    yield "\n".join(f"- {fact}" for fact in [*told, *(_text(warning) for warning in health.warnings)])
    yield (
        "Quem olha e para quando gosta do que vê exagera o efeito: espere um pouco menos do que a estimativa. Os "
        "intervalos valem para quantas olhadas houver."
    )


def _table(metric: result_pb2.MetricResult) -> Iterator[str]:
    yield "| Variante | Unidades | Estimativa | Diferença | Intervalo | p | Variação |"
    yield "|---|---|---|---|---|---|---|"
    compared = {each.variant: each for each in metric.comparisons}
    for arm in metric.arms:
        estimate = _number(arm.estimate) if arm.HasField("estimate") else "—"
        cells = [_text(arm.variant), _count(arm.units), estimate, *_compared(compared.get(arm.variant))]
        yield f"| {' | '.join(cells)} |"


def _compared(of: result_pb2.ArmComparison | None) -> list[str]:
    if of is None or not of.HasField("difference"):
        return ["—"] * 4
    interval = "vazio" if of.interval_empty else "—"
    if of.HasField("lower") and of.HasField("upper"):
        interval = f"{_number(of.lower)} a {_number(of.upper)}"
    p = of.adjusted_p if of.HasField("adjusted_p") else of.p
    lift = _percent(of.lift) if of.HasField("lift") else "—"
    return [_number(of.difference), interval, _p(p), lift]


def _design(record: pb2.ExperimentRecord) -> Iterator[str]:
    yield "## Desenho"
    rules = record.experiment.rules
    facts = [
        f"Controle: {_text(record.experiment.control)}",
        *(
            f"Fase de {_day(phase.started_at)}: "
            + ", ".join(f"{_text(arm.variant)} {arm.weight}" for arm in phase.arms)
            for phase in record.phases
        ),
        *(f"Pausa: {_day(each.started_at)} a {_day(each.ended_at) or 'hoje'}" for each in record.pauses),
        f"Tamanho planejado por variante: {_count(rules.planned_units) if rules.planned_units else 'aberto'}",
        f"Efeito mínimo: {_number(rules.minimum_effect) if rules.minimum_effect else '—'}",
    ]
    yield "\n".join(f"- {fact}" for fact in facts)


def _text(text: str) -> str:
    """Text of people, which must not become markup."""
    return " ".join(text.translate(_ESCAPED).split())


def _day(at: Timestamp, *, minutes: bool = False) -> str:
    if not at.seconds:
        return ""
    return at.ToDatetime().strftime("%d/%m/%Y %H:%M UTC" if minutes else "%d/%m/%Y")


def _number(value: float) -> str:
    return f"{value:.4g}".replace(".", ",")


def _p(value: float) -> str:
    return "menos de 0,0001" if value < 1e-4 else f"{value:.4f}".replace(".", ",")


def _percent(share: float, *, sign: str = "+") -> str:
    return f"{share * 100:{sign}.1f} %".replace(".", ",") if share else "0 %"


def _count(number: int) -> str:
    return f"{number:,}".replace(",", ".")
