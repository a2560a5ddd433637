"""
When an event happened, by three clocks: the client's, the corrected one, and ours.

`received - sent` is how wrong a client's clock is, plus the time that the batch was under way. Applied as it is it
would reorder the events of one device whenever a batch is slow. So it counts in steps of five minutes, and a step that
was taken is held until the clock is at least a step away from it. All times are in microseconds since 1970.
"""

from collections import OrderedDict
from typing import Final, NamedTuple

from mirante.api.telemetry.v1 import event_pb2

_SECOND: Final = 1_000_000
STEP: Final = 300 * _SECOND
FUTURE: Final = 3600 * _SECOND
LATE: Final = 5 * 86_400 * _SECOND
_EARLIEST: Final = 365 * 86_400 * _SECOND
"""1971: what lies before is no time but a mistake."""
_LATEST: Final = 253_402_300_800 * _SECOND
"""The year 10,000."""

_MOST_CLIENTS: Final = 50_000

CORRECTED, CLAMPED, IN_FUTURE, IS_LATE = (
    event_pb2.TIME_MARK_CORRECTED,
    event_pb2.TIME_MARK_CLAMPED,
    event_pb2.TIME_MARK_FUTURE,
    event_pb2.TIME_MARK_LATE,
)


class Timing(NamedTuple):
    """When an event happened, and what is peculiar about that."""

    occurred_us: int
    marks: tuple[int, ...] = ()


def timing_of(occurred_us: int, received_us: int, skew_us: int) -> Timing:
    """
    Return when an event happened.

    Args:
        occurred_us: by the client's clock.
        received_us: by ours.
        skew_us: what the client's clock lacks, in whole steps; see `Skews`.
    """
    if not skew_us and received_us - LATE <= occurred_us <= received_us:
        return Timing(occurred_us)
    marks: list[int] = []
    corrected = occurred_us + skew_us
    if skew_us:
        marks.append(CORRECTED)
    # A clock may be wrong by centuries: that it is corrected makes a time no better.
    if not _EARLIEST <= occurred_us < _LATEST or not _EARLIEST <= corrected <= received_us + FUTURE:
        return Timing(received_us, (CLAMPED,))
    if corrected > received_us:
        marks.append(IN_FUTURE)
    elif received_us - corrected > LATE:
        marks.append(IS_LATE)
    return Timing(corrected, tuple(marks))


class Skews:
    """Remembers how wrong the clock of each client is, for the clients heard of last."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, int] = OrderedDict()

    def skew(self, client: str, sent_us: int, received_us: int) -> int:
        """Return what to add to a client's times: 0, or a multiple of `STEP`. Without a `client` nothing is held."""
        raw = received_us - sent_us
        held = self._held.get(client) if client else None
        if held is not None and abs(raw - held) < STEP:
            self._held.move_to_end(client)
            return held
        stepped = round(raw / STEP) * STEP
        if client:
            self._held[client] = stepped
            self._held.move_to_end(client)
            if len(self._held) > _MOST_CLIENTS:
                self._held.popitem(last=False)
        return stepped
