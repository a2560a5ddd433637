"""The results of an experiment, from what the store says and what was kept of earlier looks. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from mirante.api.metrics.v1 import experiment_pb2 as pb2
from mirante.api.metrics.v1 import experiment_result_pb2 as result_pb2

from services.metrics.experiments.data.questions import DAY, Question
from services.metrics.experiments.data.tallies import Measured
from services.metrics.experiments.designing.defaults import metrics
from services.metrics.experiments.results.exploring import groups_of
from services.metrics.experiments.results.health import Health, health_of
from services.metrics.experiments.results.looking import Compared, Kept, compared, horizon_day
from services.metrics.experiments.results.messages import comparison, metric_result, moment
from services.metrics.experiments.results.settings import Setting, settings_of
from services.metrics.experiments.statistics.multiplicity import benjamini_hochberg, bonferroni
from services.metrics.experiments.statistics.verdicts import Judgement
from services.metrics.experiments.verdicts.judging import judgement_of
from services.metrics.experiments.verdicts.wording import reason_text, verdict_text

AllKept: TypeAlias = dict[tuple[str, str], Kept]
"""By metric and arm."""

_KINDS: Final = result_pb2.VerdictKind.Value
_CODES: Final = result_pb2.VerdictCode.Value


def results_of(
    record: pb2.ExperimentRecord, question: Question, measured: Measured, before: Mapping[tuple[str, str], Kept]
) -> tuple[result_pb2.ExperimentResults, AllKept]:
    """
    Return the results, and what is to be kept of all looks.

    Args:
        record: the experiment, which has started.
        question: what the store was asked.
        measured: what it said.
        before: what was kept of earlier looks.
    """
    experiment = record.experiment
    settings = list(settings_of(record))
    found = {setting.key: _compared(setting, question, measured, before) for setting in settings}
    health = health_of(measured, _weights(record, settings[0]))
    days = (question.enrolment.end - question.enrolment.start) // DAY
    guards = {each.key: found[each.key] for each in settings if each.role == result_pb2.METRIC_ROLE_GUARDRAIL}
    judgement = judgement_of(settings[0], found[settings[0].key], guards, health, days)
    results = result_pb2.ExperimentResults(
        experiment_key=experiment.key,
        version=record.version,
        state=record.state,
        complete_until=moment(question.until),
        catching_up=not measured.at_end,
        days=days,
        health=_health(health, measured, settings[0]),
        metrics=_metrics(record, settings, found, {day: question.look_at(day) for day in range(question.days)}),
        verdict=_verdict(judgement, settings[0], experiment),
        exploratory=groups_of(settings[0], measured),
    )
    kept = {(key, each.arm): each.kept for key, some in found.items() for each in some}
    return results, kept


def _compared(
    setting: Setting, question: Question, measured: Measured, before: Mapping[tuple[str, str], Kept]
) -> list[Compared]:
    day = horizon_day(setting, measured)
    horizon = None if day is None else (day, question.look_at(day))
    return [
        compared(setting, measured, arm, before.get((setting.key, arm), Kept()), horizon) for arm in setting.arms[1:]
    ]


def _weights(record: pb2.ExperimentRecord, setting: Setting) -> list[list[int]]:
    by_arm = [{arm.variant: arm.weight for arm in phase.arms} for phase in record.phases]
    return [[weights[arm] for arm in setting.arms] for weights in by_arm]


def _metrics(
    record: pb2.ExperimentRecord,
    settings: Sequence[Setting],
    found: Mapping[str, Sequence[Compared]],
    at: Mapping[int, int],
) -> list[result_pb2.MetricResult]:
    by_key = {metric.key: metric for _, metric in metrics(record.experiment)}
    adjusted = _adjusted(settings, found)
    results = []
    for setting in settings:
        comparisons = [
            comparison(setting, each, at, adjusted.get((setting.key, each.arm)), single=len(record.phases) == 1)
            for each in found[setting.key]
        ]
        results.append(metric_result(setting, by_key[setting.key], found[setting.key], comparisons))
    return results


def _adjusted(settings: Sequence[Setting], found: Mapping[str, Sequence[Compared]]) -> Mapping[tuple[str, str], float]:
    """Return p-values for several comparisons: Bonferroni of the primary metric, Benjamini and Hochberg of others."""
    adjusted: dict[tuple[str, str], float] = {}
    for role, adjust in (
        (result_pb2.METRIC_ROLE_PRIMARY, bonferroni),
        (result_pb2.METRIC_ROLE_SECONDARY, benjamini_hochberg),
    ):
        places = [(each.key, arm.arm) for each in settings if each.role == role for arm in found[each.key]]
        values = [arm.kept.running.p for each in settings if each.role == role for arm in found[each.key]]
        adjusted |= dict(zip(places, adjust(values), strict=True))
    return adjusted


def _health(health: Health, measured: Measured, setting: Setting) -> result_pb2.ExperimentHealth:
    counts = measured.counts
    arms = zip(setting.arms, health.units, health.expected, strict=True)
    message = result_pb2.ExperimentHealth(
        arms=[result_pb2.ArmCount(variant=arm, units=units, expected_share=share) for arm, units, share in arms],
        sample_ratio_mismatch=health.mismatch,
        repeated_exposures=counts.repeated,
        crossovers=counts.crossovers,
        crossover_share=health.crossover_share,
        too_many_crossovers=health.crossovers,
        nameless_exposures=counts.nameless,
        exposed_in_pauses=counts.in_pauses,
        unknown_variants=counts.unknown,
        moved=counts.moved,
        warnings=list(_warnings(health, measured)),
    )
    if health.sample_ratio_p is not None:
        message.sample_ratio_p = health.sample_ratio_p
    return message


def _warnings(health: Health, measured: Measured) -> list[str]:
    counts = measured.counts
    told = {
        "Ninguém foi exposto ainda: confira se a flag está ligada e se as exposições chegam.": not sum(health.units),
        "Uma das variantes não tem ninguém.": bool(sum(health.units)) and not all(health.units),
        "As proporções das variantes não são as planejadas.": health.mismatch,
        "Gente demais viu mais de uma variante.": health.crossovers,
        "Há exposições sem ninguém: faltam o usuário ou o dispositivo.": bool(counts.nameless),
        "Há exposições a variantes que não fazem parte do experimento.": bool(counts.unknown),
        "O armazém analítico ainda não alcançou o log: os números estão atrasados.": not measured.at_end,
    }
    return [text for text, holds in told.items() if holds]


def _verdict(judgement: Judgement, setting: Setting, experiment: pb2.Experiment) -> result_pb2.ExperimentVerdict:
    names = {metric.key: metric.name or metric.key for _, metric in metrics(experiment)}
    plan, tenants = setting.plan, setting.tenants
    arms = [
        result_pb2.ArmVerdict(
            variant=arm.arm,
            kind=_KINDS(f"VERDICT_KIND_{arm.verdict.name}"),
            reasons=[
                result_pb2.VerdictReason(
                    code=_CODES(f"VERDICT_CODE_{reason.code.name}"),
                    subject=reason.subject,
                    text=reason_text(reason, plan, names, tenants=tenants),
                )
                for reason in arm.reasons
            ],
        )
        for arm in judgement.arms
    ]
    return result_pb2.ExperimentVerdict(
        kind=_KINDS(f"VERDICT_KIND_{judgement.verdict.name}"),
        winner=judgement.winner or "",
        arms=arms,
        text=verdict_text(judgement, plan, names, tenants=tenants),
    )
