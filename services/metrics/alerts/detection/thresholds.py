"""Fixed thresholds: above or below a number for so long."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from services.metrics.alerts.detection.verdicts import Rule


@dataclass(frozen=True, slots=True)
class Threshold:
    """
    The number that a metric has to stay beyond, and for how long.

    `rule` is THRESHOLD_ABOVE or THRESHOLD_BELOW; the number itself is not beyond. `back` is where the alarm ends
    (hysteresis); None: at the number.
    """

    rule: Rule
    number: Decimal
    held: timedelta = timedelta(0)
    back: Decimal | None = None

    def __post_init__(self) -> None:
        """
        Check what belongs together.

        Raises:
            ValueError: another rule, a negative duration, or an alarm that would end beyond the number.
        """
        if self.rule not in (Rule.THRESHOLD_ABOVE, Rule.THRESHOLD_BELOW):
            raise ValueError("rule: is no threshold")
        if self.held < timedelta(0):
            raise ValueError("held: is negative")
        if self.back is not None and self.back != self.number and self._beyond(self.back, self.number):
            raise ValueError("back: lies beyond the number")

    def beyond(self, value: Decimal, *, alarming: bool) -> bool:
        """
        Return whether a value keeps the threshold up: before the alarm beyond the number, then beyond the way back.
        """
        return self._beyond(value, self.back if alarming and self.back is not None else self.number)

    def _beyond(self, value: Decimal, number: Decimal) -> bool:
        return value > number if self.rule is Rule.THRESHOLD_ABOVE else value < number


@dataclass(frozen=True, slots=True)
class ThresholdState:
    """`since` when the metric has been beyond the number, None: it isn't; `alarming` once that was long enough."""

    since: datetime | None = None
    alarming: bool = False


def judge_threshold(state: ThresholdState, at: datetime, value: Decimal | None, threshold: Threshold) -> ThresholdState:
    """
    Return the state after a value that holds up to `at`, at any cadence; call it in the order of time.

    No value (a percentile of nothing, a ratio of nobody) is not beyond anything.
    """
    if value is None or not threshold.beyond(value, alarming=state.alarming):
        return ThresholdState()
    since = at if state.since is None else state.since
    return ThresholdState(since, state.alarming or at - since >= threshold.held)
