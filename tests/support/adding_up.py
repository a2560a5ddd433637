"""The rule that the counters of telemetry keep."""

from mirante import TelemetryStatus


def adds_up(status: TelemetryStatus) -> bool:
    """Whether everything tracked is somewhere, and only there."""
    waiting = status.queued + status.spooled
    outcomes = status.sent + status.rejected + status.disabled + sum(status.dropped.values())
    counters = (status.queued, status.spooled, status.sent, status.rejected, *status.dropped.values())
    return min(counters) >= 0 and status.tracked + status.adopted == waiting + outcomes
