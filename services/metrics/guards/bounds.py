"""Guardrails and sample ratios: arms compared by bounds that may be looked at as often as one likes. Pure."""

import math
from dataclasses import dataclass, field

from mirante.api.flags.v1 import rollout_guard_pb2 as pb2

from services.metrics.experiments.statistics.always_valid import one_sided_boundary, tightest_one_sided
from services.metrics.experiments.statistics.estimates import cautious, difference
from services.metrics.experiments.statistics.guardrails import FEWEST_EVENTS, Better, harm
from services.metrics.experiments.statistics.sample_ratio import ALARM, running_p
from services.metrics.experiments.statistics.sums import Sums
from services.metrics.guards.plans import Comparison, Guardrail
from services.metrics.guards.readings import Reading


@dataclass(slots=True)
class Arm:
    """The units of one arm, and how many of them had an event of each guardrail."""

    units: int = 0
    converted: dict[str, int] = field(default_factory=dict)


def guardrail_reading(rail: Guardrail, treatment: Arm, control: Arm, now: float, since: float) -> Reading:
    """Return what a guardrail says."""
    with_variant, without = (_sums(arm, rail.name) for arm in (treatment, control))
    sample, events = with_variant.units + without.units, int(with_variant.y + without.y)
    if not with_variant.units or not without.units or events < FEWEST_EVENTS:
        return Reading(rail.name, pb2.GUARD_STATE_GATHERING, sample, now, since)
    of = difference(*cautious(with_variant, without))
    found = harm(of, rail.better, rail.alpha, rail.tightest, events)
    mixture = tightest_one_sided(rail.tightest, rail.alpha) ** 2 * of.units
    needed = float(one_sided_boundary(mixture, rail.alpha)) * of.error
    worse = rail.better.value * of.value
    word = "More" if rail.better is Better.LOWER else "Fewer"
    return Reading(
        guard=rail.name,
        state=pb2.GUARD_STATE_BREACHED if found.proven else pb2.GUARD_STATE_CLEAR,
        sample=sample,
        end=now,
        start=since,
        observed=of.value,
        limit=rail.better.value * needed,
        distance=min(1.0, max(0.0, 1.0 - worse / needed)) if needed > 0.0 else None,
        text=(
            f"{word} users with the variant had {', '.join(sorted(rail.events))}: {with_variant.mean:.2%} of "
            f"{with_variant.units} against {without.mean:.2%} of {without.units}; harm is proven at the level "
            f"{rail.alpha:.4g}."
        )
        if found.proven
        else "",
    )


def ratio_p(comparison: Comparison, treatment: Arm, control: Arm) -> float:
    """Return the p-value of this look at the shares of both arms; the smallest of all looks is valid."""
    if not treatment.units and not control.units:
        return 1.0
    return running_p([treatment.units, control.units], [comparison.share, 1.0 - comparison.share])


def ratio_reading(
    name: str, comparison: Comparison, treatment: Arm, control: Arm, smallest_p: float, *, now: float, since: float
) -> Reading:
    """Return what a sample ratio says, by the smallest p-value of all looks."""
    units = treatment.units + control.units
    observed = treatment.units / units if units else None
    broken = smallest_p < ALARM
    return Reading(
        guard=name,
        state=pb2.GUARD_STATE_BREACHED if broken else pb2.GUARD_STATE_CLEAR if units else pb2.GUARD_STATE_GATHERING,
        sample=units,
        end=now,
        start=since,
        observed=observed,
        limit=comparison.share,
        distance=min(1.0, max(0.0, 1.0 - math.log(max(smallest_p, 1e-300)) / math.log(ALARM))) if units else None,
        text=(
            f"{treatment.units} of {units} users ({observed:.1%}) were given the variant, and {comparison.share:.1%} "
            f"should have been; that comes about by chance less than once in {1 / ALARM:,.0f} rollouts."
        )
        if broken and observed is not None
        else "",
    )


def not_judged(name: str, now: float) -> Reading:
    """Return the reading of a guard that has nobody to compare with."""
    return Reading(name, pb2.GUARD_STATE_NOT_JUDGED, 0, now)


def _sums(arm: Arm, name: str) -> Sums:
    had = arm.converted.get(name, 0)
    return Sums(arm.units, float(had), float(had))
