"""From looks to the facts of a verdict. Pure."""

from collections.abc import Mapping, Sequence

from services.metrics.experiments.results.health import Health
from services.metrics.experiments.results.looking import Compared
from services.metrics.experiments.results.settings import Setting
from services.metrics.experiments.statistics.comparing import Kind
from services.metrics.experiments.statistics.facts import ArmFacts, Facts, GuardrailFacts
from services.metrics.experiments.statistics.verdicts import Judgement, judge


def judgement_of(
    primary: Setting,
    compared: Sequence[Compared],
    guardrails: Mapping[str, Sequence[Compared]],
    health: Health,
    days: int,
) -> Judgement:
    """
    Return the verdict.

    Args:
        primary: the metric that decides.
        compared: its arms.
        guardrails: the arms of each guardrail.
        health: of the experiment.
        days: full days since the start.
    """
    arms = []
    for at, each in enumerate(compared):
        last = each.series[-1]
        watched = tuple(
            GuardrailFacts(key, some[at].kept.harmed, some[at].kept.harmless) for key, some in guardrails.items()
        )
        arms.append(
            ArmFacts(
                each.arm,
                last.arm.units,
                _conversions(primary, last.arm.y),
                last.difference.value if last.difference is not None else 0.0,
                each.kept.running,
                each.kept.horizon,
                watched,
            )
        )
    control = compared[0].series[-1].control
    conversions = _conversions(primary, control.y)
    facts = Facts(control.units, conversions, days, health.mismatch, health.crossovers, tuple(arms))
    return judge(primary.plan, facts)


def _conversions(setting: Setting, total: float) -> int | None:
    return int(total) if setting.kind is Kind.PROPORTION else None
