"""What is logged when events are lost: how many and why, and not too often. Never whose, nor what was in them."""

import logging

from mirante.telemetry.status import TelemetryStatus

_log = logging.getLogger("mirante")

_EVERY = 60.0
"""Seconds between two complaints."""


class Complaints:
    """Compares counters with those of the last complaint."""

    def __init__(self) -> None:
        self._said: dict[str, int] = {}
        self._again_at = float("-inf")

    def look(self, status: TelemetryStatus, now: float) -> None:
        """Complain if there is something new, and the last complaint is old; `now` is seconds of a monotonic clock."""
        losses = {**status.dropped, "rejected": status.rejected}
        new = {cause: count - self._said.get(cause, 0) for cause, count in losses.items()}
        worse = {cause: count for cause, count in new.items() if count > 0}
        if not worse or now < self._again_at:
            return
        self._said, self._again_at = losses, now + _EVERY
        reasons = sorted({note.reason for note in status.rejections if note.reason})
        _log.warning(
            "telemetry lost %s%s",
            ", ".join(f"{count} ({cause})" for cause, count in worse.items()),
            f"; lately: {', '.join(reasons)}" if reasons else "",
        )
