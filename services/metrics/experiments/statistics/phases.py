"""Ramps: arms are compared within each phase of allocation, and the phases are added up. Arms are never pooled."""

from collections.abc import Iterable

from services.metrics.experiments.statistics.estimates import Difference, Estimate, difference


def stratified(phases: Iterable[tuple[Estimate, Estimate]]) -> Difference:
    """
    Return the difference over phases (treatment, control), each with one allocation throughout.

    w = n_t n_c / (n_t + n_c); value = sum(w d) / sum(w); variance = sum(w^2 V) / sum(w)^2. A phase in which one arm
    has no units weighs nothing. (Cochran 1954.)

    Raises:
        ValueError: no phase has units in both arms.
    """
    weights = value = variance = 0.0
    units = 0
    freedoms = []
    for treatment, control in phases:
        both = treatment.units + control.units
        weight = treatment.units * control.units / both if both else 0.0
        if not weight:
            continue
        of = difference(treatment, control)
        weights += weight
        value += weight * of.value
        variance += weight * weight * of.variance
        units += both
        freedoms.append((weight * weight * of.variance, of.freedom))
    if not weights:
        raise ValueError("phases: none has units in both arms")
    parts = sum(part * part / freedom for part, freedom in freedoms)
    freedom = variance * variance / parts if parts > 0.0 else float("inf")
    return Difference(value / weights, variance / weights**2, units, freedom)
