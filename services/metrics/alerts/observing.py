"""Hours of metrics as the detection takes them. Pure."""

from typing import Final

from services.metrics.alerts.detection import Observation
from services.metrics.alerts.detection.judging import LARGEST
from services.metrics.alerts.scopes import Scope
from services.metrics.definitions import Aggregation, Metric
from services.metrics.live import HOUR
from services.metrics.live.environment import LiveMetrics
from services.metrics.rollups import Hour, HourRow
from services.metrics.rollups.rows import row_of

NOTHING: Final = Observation(0)


def observation_of(metric: Metric, row: HourRow | None) -> Observation:
    """Return an hour as it was written; None is an hour that holds nothing."""
    if row is None or row.whole.value is None:
        return NOTHING
    if metric.aggregation is Aggregation.SUM:
        return _judgeable(Observation.of_minutes(each.value for each in row.minutes if each.value is not None))
    of = row.whole.denominator
    value = int(row.whole.value)
    return _judgeable(Observation(value) if of is None else Observation(min(value, of), of))


def running_observation(metrics: LiveMetrics, at: int, scope: Scope, hour: Hour, now: int) -> Observation:
    """Return the hour so far: of the metric at a position, up to a minute."""
    minutes = metrics.numbers(scope.tenant).minutes(at, scope.currency, hour * HOUR, now)
    metric = metrics.plan.metrics[at]
    return observation_of(metric, row_of(metric, list(minutes)))


def _judgeable(observation: Observation) -> Observation:
    """Return an observation; the absurd number of one tenant must not keep others from being judged."""
    return observation if abs(float(observation.value)) <= LARGEST else NOTHING
