"""Verdicts and their reasons in Portuguese, for whoever has to decide. Pure."""

from collections.abc import Mapping
from typing import Final

from services.metrics.experiments.statistics.plans import Plan
from services.metrics.experiments.statistics.verdicts import ArmVerdict, Code, Judgement, Reason, Verdict

_ALONE: Final[Mapping[Code, str]] = {
    Code.BETTER: "A métrica principal melhorou, e não é acaso.",
    Code.WORSE: "A métrica principal piorou, e não é acaso.",
    Code.UNDECIDED: "Ainda não dá para dizer se a métrica principal mudou.",
    Code.SAMPLE_RATIO_MISMATCH: (
        "As variantes não têm as proporções planejadas: há um erro no sorteio ou na coleta, e nenhum número vale até "
        "que ele seja achado."
    ),
    Code.TOO_MANY_CROSSOVERS: "Gente demais viu mais de uma variante: o sorteio não está estável.",
    Code.EFFECT_CHANGES: "O efeito mudou ao longo do tempo: os resultados de antes e de agora não combinam.",
    Code.FUTILE: "O efeito mínimo que interessa já está descartado: não vale a pena continuar.",
    Code.HORIZON_REACHED: "O tamanho planejado foi alcançado sem uma resposta: a decisão é de vocês.",
}
_VERDICTS: Final[Mapping[Verdict, str]] = {
    Verdict.SHIP: "Pode lançar",
    Verdict.KILL: "Encerre",
    Verdict.KEEP_RUNNING: "Continue rodando",
}


def reason_text(reason: Reason, plan: Plan, names: Mapping[str, str], *, tenants: bool) -> str:
    """
    Return a reason as a sentence.

    Args:
        reason: which.
        plan: the rules.
        names: of metrics, by key.
        tenants: whether tenants are drawn.
    """
    subject = names.get(reason.subject, reason.subject)
    units = "tenants" if tenants else "pessoas"
    told = {
        Code.TOO_FEW_UNITS: f"Ainda há menos de {_number(plan.fewest_units)} {units} em uma das variantes.",
        Code.TOO_FEW_CONVERSIONS: (
            f"Ainda há menos de {_number(plan.fewest_conversions)} conversões em uma das variantes."
        ),
        Code.TOO_FEW_DAYS: f"Ainda não se passaram {plan.fewest_days} dias completos.",
        Code.GUARDRAIL_HARMED: f"A proteção “{subject}” piorou, e não é acaso.",
        Code.GUARDRAIL_NOT_SHOWN_HARMLESS: f"Falta mostrar que a proteção “{subject}” ficou dentro da margem.",
        Code.ANOTHER_ARM_IS_BETTER: f"A variante “{subject}” é a melhor.",
    }
    return told[reason.code] if reason.code in told else _ALONE[reason.code]


def verdict_text(judgement: Judgement, plan: Plan, names: Mapping[str, str], *, tenants: bool) -> str:
    """Return the whole verdict in a few sentences."""
    if judgement.verdict is Verdict.SHIP:
        first = f"{_VERDICTS[Verdict.SHIP]} a variante “{judgement.winner}”."
    elif judgement.verdict is Verdict.KILL:
        first = f"{_VERDICTS[Verdict.KILL]} o experimento: nenhuma variante deve ficar."
    else:
        first = f"{_VERDICTS[Verdict.KEEP_RUNNING]}."
    return " ".join([first, *(_arm_text(arm, plan, names, tenants=tenants) for arm in judgement.arms)])


def _arm_text(arm: ArmVerdict, plan: Plan, names: Mapping[str, str], *, tenants: bool) -> str:
    reasons = " ".join(reason_text(reason, plan, names, tenants=tenants) for reason in arm.reasons)
    return f"“{arm.arm}”: {reasons}"


def _number(value: int) -> str:
    return f"{value:,}".replace(",", ".")
