"""One arm against control, for every kind of metric: phase by phase, adjusted by the covariate where there is one."""

from collections.abc import Mapping, Sequence
from enum import Enum, auto

from services.metrics.experiments.statistics.cuped import adjusted
from services.metrics.experiments.statistics.estimates import Difference, Estimate, cautious, mean, proportion, ratio
from services.metrics.experiments.statistics.phases import stratified
from services.metrics.experiments.statistics.sums import Sums


class Kind(Enum):
    """What the sums of a metric are."""

    PROPORTION = auto()
    MEAN = auto()
    RATIO = auto()


_ESTIMATES = {Kind.PROPORTION: proportion, Kind.MEAN: mean, Kind.RATIO: ratio}
_FEWEST = {Kind.PROPORTION: 1, Kind.MEAN: 2, Kind.RATIO: 2}


def estimate(kind: Kind, sums: Sums) -> Estimate:
    """
    Return the estimate of one arm.

    Raises:
        ValueError: an empty arm, or sums that are not of this kind.
    """
    return _ESTIMATES[kind](sums)


def compare(
    kind: Kind,
    phases: Sequence[Mapping[str, Sums]],
    treatment: str,
    control: str,
    *,
    covariate: bool = False,
    watching: bool = False,
) -> Difference | None:
    """
    Return treatment minus control over phases of allocation, each of which maps arms to sums.

    A phase in which one of the two has too few units for a variance is left out; None when that leaves none. With
    `covariate` a mean is adjusted by CUPED, with one theta for all arms of a phase. `watching` is for harm bounds:
    proportions get `cautious` variances.

    Raises:
        ValueError: a covariate for what is no mean, or sums that are not of this kind.
    """
    if covariate and kind is not Kind.MEAN:
        raise ValueError("covariate: only means are adjusted")
    pairs = []
    for phase in phases:
        enough = {arm: sums for arm, sums in phase.items() if sums.units >= _FEWEST[kind]}
        if treatment not in enough or control not in enough:
            continue
        if covariate:
            values = dict(zip(enough, adjusted(list(enough.values()))[0], strict=True))
            pairs.append((values[treatment], values[control]))
        elif watching and kind is Kind.PROPORTION:
            pairs.append(cautious(enough[treatment], enough[control]))
        else:
            pairs.append((estimate(kind, enough[treatment]), estimate(kind, enough[control])))
    return stratified(pairs) if pairs else None
