"""All looks at a metric: the end of each day, and now. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from mirante.api.metrics.v1 import experiment_result_pb2 as result_pb2

from services.metrics.experiments.data.tallies import Measured
from services.metrics.experiments.results.harmless import harmless, is_rare, may_be_rare
from services.metrics.experiments.results.settings import Setting
from services.metrics.experiments.statistics.always_valid import Look, Running, look
from services.metrics.experiments.statistics.comparing import Kind, compare, estimate
from services.metrics.experiments.statistics.distributions import normal_tail, t_quantile, t_tail
from services.metrics.experiments.statistics.estimates import Difference, Estimate
from services.metrics.experiments.statistics.facts import HorizonTest
from services.metrics.experiments.statistics.fixed_horizon import welch_test, z_test
from services.metrics.experiments.statistics.guardrails import harm, level, non_inferiority
from services.metrics.experiments.statistics.plans import Method
from services.metrics.experiments.statistics.sums import Sums, merged

MOST_LOOKS: Final = 60
"""Of a long experiment every second day, or third, and so on."""
WATCH_TIGHTEST: Final = 5_000
"""Units of both arms at which bounds of harm are tightest: harm is to be found early."""
FEWEST_WATCHED: Final = 100
"""Units of an arm before a bound on a mean says anything; proportions go by their events, tenants by the plan."""
_FAR: Final = 3.5
"""How many standard errors away bounds of harm mostly are."""

Phases = Sequence[Mapping[str, Sums]]


@dataclass(frozen=True, slots=True)
class Kept:
    """What all looks so far say of an arm in a metric; it is kept, so that nothing that was said is unsaid."""

    running: Running = field(default_factory=Running)
    harmed: bool = False
    harmless: bool = False
    horizon: HorizonTest | None = None
    horizon_at: int | None = None

    def joined(self, other: "Kept") -> "Kept":
        """Return what both say."""
        return Kept(
            self.running.after(Look(other.running.p, other.running.interval)),
            self.harmed or other.harmed,
            self.harmless or other.harmless,
            self.horizon or other.horizon,
            self.horizon_at if self.horizon else other.horizon_at,
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """One look: the day, both arms, their difference where there is one, and the test."""

    day: int
    control: Sums
    arm: Sums
    difference: Difference | None
    look: Look | None


@dataclass(frozen=True, slots=True)
class Compared:
    """An arm against the control in a metric, over all looks."""

    arm: str
    series: tuple[Seen, ...]
    kept: Kept


def looks(days: int) -> list[int]:
    """Return the days that are looked at, the last one among them."""
    step = -(-days // MOST_LOOKS)
    return list(range((days - 1) % step, days, step))


def compared(setting: Setting, measured: Measured, arm: str, before: Kept, horizon: tuple[int, int] | None) -> Compared:
    """
    Return an arm against the control.

    Args:
        setting: the metric.
        measured: what the store said.
        arm: which one.
        before: what was kept of earlier looks.
        horizon: the look at which all arms had the planned size, and when that was; None: not yet, or none is planned.
    """
    control = setting.arms[0]
    series, kept = [], Kept()
    for day in looks(measured.exposures.shape[2]):
        phases = measured.look(setting.key, setting.arms, day)
        of_control, of_arm = (merged(phase[each] for phase in phases) for each in (control, arm))
        of = _difference(setting, phases, arm)
        seen = None if of is None else _look(setting, arm, of)
        series.append(Seen(day, of_control, of_arm, of, seen))
        if seen is not None and _counts(setting, of_control, of_arm):
            kept = replace(kept, running=kept.running.after(seen))
        kept = _guarded(setting, phases, arm, kept)
    if horizon is not None:
        day, at = horizon
        kept = _at_horizon(setting, measured.look(setting.key, setting.arms, day), arm, replace(kept, horizon_at=at))
    return Compared(arm, tuple(series), before.joined(kept))


def horizon_day(setting: Setting, measured: Measured) -> int | None:
    """Return the first day at whose end all arms had the planned size."""
    planned = setting.plan.horizon
    if planned is None or setting.plan.method is Method.ALWAYS_VALID:
        return None
    smallest = measured.metrics[setting.key][..., 0].sum(axis=0).min(axis=0)
    reached = (smallest >= planned).nonzero()[0]
    return int(reached[0]) if len(reached) else None


def estimate_of(setting: Setting, sums: Sums) -> Estimate | None:
    """Return the estimate of one arm, over phases; None when it has too few units."""
    try:
        return estimate(setting.kind, sums)
    except ValueError:
        return None


def _difference(setting: Setting, phases: Phases, arm: str, *, watching: bool = False) -> Difference | None:
    try:
        of = compare(
            setting.kind, phases, arm, setting.arms[0], covariate=setting.covariate and not watching, watching=watching
        )
    except ValueError:
        # A ratio whose denominator is not there yet.
        return None
    if of is not None and setting.tenants:
        freedom = of.units - 2.0 * len(phases)
        if freedom < 1.0:
            return None
        # Bounds of harm know no t: with few tenants the error is made as much wider as a t is at their distance.
        wider = (t_quantile(normal_tail(_FAR), freedom) / _FAR) ** 2 if watching else 1.0
        return replace(of, freedom=freedom, variance=of.variance * wider)
    return of


def _look(setting: Setting, arm: str, of: Difference) -> Look:
    if of.variance <= 0.0:
        return look(of, 1.0, setting.level)
    mixture = setting.mixture(arm, of.units, of.variance)
    return look(of, mixture, setting.level, freedom=of.freedom if setting.tenants else None)


def _counts(setting: Setting, control: Sums, arm: Sums) -> bool:
    conversions = int(min(control.y, arm.y)) if setting.kind is Kind.PROPORTION else None
    return setting.plan.counts(min(control.units, arm.units), conversions)


def _guarded(setting: Setting, phases: Phases, arm: str, kept: Kept) -> Kept:
    """Return what a guardrail's look says: a bound of harm, and whether harm beyond the margin is excluded."""
    if setting.role != result_pb2.METRIC_ROLE_GUARDRAIL:
        return kept
    control, treated = (merged(phase[each] for phase in phases) for each in (setting.arms[0], arm))
    of, plan = _difference(setting, phases, arm, watching=True), setting.plan
    smaller = min(control.units, treated.units)
    if of is None:
        return kept
    is_proportion = setting.kind is Kind.PROPORTION
    events = int(control.y + treated.y) if is_proportion else None
    fewest = 0 if is_proportion else plan.fewest_units if setting.tenants else FEWEST_WATCHED
    tightest = setting.tightest if setting.tenants else WATCH_TIGHTEST
    if smaller >= fewest:
        alpha = level(plan.alpha, setting.guardrails, plan.arms)
        kept = replace(kept, harmed=kept.harmed or harm(of, setting.better, alpha, tightest, events).proven)
    if plan.method is not Method.FIXED and smaller >= plan.fewest_units:
        alpha = plan.alpha_sequence if plan.method is Method.HYBRID else plan.alpha
        shown = harmless(setting, of, treated, events, alpha)
        kept = replace(kept, harmless=kept.harmless or shown)
    return kept


def _at_horizon(setting: Setting, phases: Phases, arm: str, kept: Kept) -> Kept:
    of = _difference(setting, phases, arm)
    if of is None:
        return kept
    plan = setting.plan
    if setting.role == result_pb2.METRIC_ROLE_GUARDRAIL and setting.margin is not None:
        alpha = plan.alpha - plan.alpha_sequence if plan.method is Method.HYBRID else plan.alpha
        share = alpha / 2.0 if may_be_rare(setting) else alpha
        passed = non_inferiority(of, setting.better, setting.margin, share).passed
        passed = passed or is_rare(setting, merged(phase[arm] for phase in phases), share)
        return replace(kept, harmless=kept.harmless or passed)
    if setting.role != result_pb2.METRIC_ROLE_PRIMARY:
        return kept
    if setting.tenants:
        p = 2.0 * t_tail(abs(of.z), of.freedom) if of.variance > 0.0 else 1.0
    elif setting.kind is Kind.MEAN:
        p = welch_test(of, plan.horizon_level).p
    else:
        p = z_test(of, plan.horizon_level).p
    return replace(kept, horizon=HorizonTest(p, of.value))
