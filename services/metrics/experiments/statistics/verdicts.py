"""The verdict: ship, kill or keep running, for each arm and for the experiment, with its reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.metrics.experiments.statistics.facts import ArmFacts, Facts
from services.metrics.experiments.statistics.guardrails import Better
from services.metrics.experiments.statistics.multiplicity import holm
from services.metrics.experiments.statistics.plans import Method, Plan


class Verdict(StrEnum):
    """What to do."""

    SHIP = "ship"
    KILL = "kill"
    KEEP_RUNNING = "keep_running"


class Code(StrEnum):
    """Why."""

    BETTER = "better"
    WORSE = "worse"
    UNDECIDED = "undecided"
    TOO_FEW_UNITS = "too_few_units"
    TOO_FEW_CONVERSIONS = "too_few_conversions"
    TOO_FEW_DAYS = "too_few_days"
    SAMPLE_RATIO_MISMATCH = "sample_ratio_mismatch"
    TOO_MANY_CROSSOVERS = "too_many_crossovers"
    GUARDRAIL_HARMED = "guardrail_harmed"
    GUARDRAIL_NOT_SHOWN_HARMLESS = "guardrail_not_shown_harmless"
    EFFECT_CHANGES = "effect_changes"  # the intersection of all intervals is empty
    FUTILE = "futile"  # an effect that matters is excluded: a suggestion to stop
    HORIZON_REACHED = "horizon_reached"  # and it said nothing: a person decides
    ANOTHER_ARM_IS_BETTER = "another_arm_is_better"


@dataclass(frozen=True, slots=True)
class Reason:
    """A code, and the guardrail or the arm that it speaks of."""

    code: Code
    subject: str = ""


@dataclass(frozen=True, slots=True)
class ArmVerdict:
    """The verdict on one treatment arm."""

    arm: str
    verdict: Verdict
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on the experiment: ship its `winner`, kill it (every arm is to be killed), or keep running."""

    verdict: Verdict
    winner: str | None
    arms: tuple[ArmVerdict, ...]


def judge(plan: Plan, facts: Facts) -> Judgement:
    """
    Return the verdict.

    An arm is killed for a guardrail that it harmed, whatever else is the case. Nothing else is decided while shares
    of the arms are wrong, too many saw several variants, or a minimum is not reached. Then an arm ships that is
    better and shown harmless, and is killed when it is worse. Of several the one with the best estimate wins.

    Raises:
        ValueError: the facts have not the plan's number of arms.
    """
    if len(facts.arms) != plan.arms:
        raise ValueError("arms: not as many as planned")
    verdicts = [
        _of_arm(plan, facts, arm, won) for arm, won in zip(facts.arms, _outcomes(plan, facts.arms), strict=True)
    ]
    shipping = [arm for arm, said in zip(facts.arms, verdicts, strict=True) if said.verdict is Verdict.SHIP]
    if not shipping:
        killed = all(said.verdict is Verdict.KILL for said in verdicts)
        return Judgement(Verdict.KILL if killed else Verdict.KEEP_RUNNING, None, tuple(verdicts))
    winner = min(shipping, key=lambda arm: plan.better.value * arm.estimate).name
    return Judgement(Verdict.SHIP, winner, tuple(_beaten(said, winner) for said in verdicts))


def _outcomes(plan: Plan, arms: Sequence[ArmFacts]) -> list[int]:
    """1 for each arm that is significantly better, -1 for worse, 0 for neither."""
    if plan.method is Method.FIXED:
        tests = [arm.at_horizon for arm in arms]
        known = [test for test in tests if test is not None]
        if len(known) < len(tests):
            return [0] * len(arms)
        adjusted = holm([test.p for test in known])
        pairs = zip(adjusted, known, strict=True)
        return [_sign(plan, test.difference) if p < plan.horizon_level else 0 for p, test in pairs]
    return [_sequential(plan, arm) for arm in arms]


def _sequential(plan: Plan, arm: ArmFacts) -> int:
    interval = arm.running.interval
    if arm.running.p < plan.sequence_level and not interval.empty and not interval.holds(0.0):
        return _sign(plan, interval.lower if interval.lower > 0.0 else interval.upper)
    test = arm.at_horizon
    if plan.method is Method.HYBRID and test is not None and test.p < plan.horizon_level:
        return _sign(plan, test.difference)
    return 0


def _sign(plan: Plan, difference: float) -> int:
    good = -plan.better.value * difference
    return (good > 0.0) - (good < 0.0)


def _of_arm(plan: Plan, facts: Facts, arm: ArmFacts, outcome: int) -> ArmVerdict:
    harmed = tuple(Reason(Code.GUARDRAIL_HARMED, guard.name) for guard in arm.guardrails if guard.harmed)
    if harmed:
        return ArmVerdict(arm.name, Verdict.KILL, harmed)
    if waiting := _too_early(plan, facts, arm):
        return ArmVerdict(arm.name, Verdict.KEEP_RUNNING, waiting)
    if outcome < 0:
        return ArmVerdict(arm.name, Verdict.KILL, (Reason(Code.WORSE),))
    if outcome > 0:
        open_guards = [guard.name for guard in arm.guardrails if not guard.harmless]
        unshown = (Reason(Code.GUARDRAIL_NOT_SHOWN_HARMLESS, name) for name in open_guards)
        verdict = Verdict.KEEP_RUNNING if open_guards else Verdict.SHIP
        return ArmVerdict(arm.name, verdict, (Reason(Code.BETTER), *unshown))
    return ArmVerdict(arm.name, Verdict.KEEP_RUNNING, _undecided(plan, arm))


def _too_early(plan: Plan, facts: Facts, arm: ArmFacts) -> tuple[Reason, ...]:
    few = min(facts.control_units, arm.units) < plan.fewest_units
    counted = [count for count in (facts.control_conversions, arm.conversions) if count is not None]
    said = {
        Code.SAMPLE_RATIO_MISMATCH: facts.mismatch,
        Code.TOO_MANY_CROSSOVERS: facts.crossovers,
        Code.TOO_FEW_UNITS: few,
        Code.TOO_FEW_CONVERSIONS: bool(counted) and min(counted) < plan.fewest_conversions,
        Code.TOO_FEW_DAYS: facts.days < plan.fewest_days,
    }
    return tuple(Reason(code) for code, holds in said.items() if holds)


def _undecided(plan: Plan, arm: ArmFacts) -> tuple[Reason, ...]:
    interval = arm.running.interval
    best = interval.upper if plan.better is Better.HIGHER else -interval.lower
    futile = plan.smallest_effect is not None and best < plan.smallest_effect and not interval.empty
    said = {
        Code.UNDECIDED: True,
        Code.EFFECT_CHANGES: interval.empty,
        Code.FUTILE: futile,
        Code.HORIZON_REACHED: arm.at_horizon is not None,
    }
    return tuple(Reason(code) for code, holds in said.items() if holds)


def _beaten(said: ArmVerdict, winner: str) -> ArmVerdict:
    if said.verdict is not Verdict.SHIP or said.arm == winner:
        return said
    return ArmVerdict(said.arm, Verdict.KEEP_RUNNING, (*said.reasons, Reason(Code.ANOTHER_ARM_IS_BETTER, winner)))
