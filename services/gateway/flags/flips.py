"""When answers change although nobody changes a flag: the starts and ends of schedules. Pure."""

from bisect import bisect_right
from collections.abc import Iterable

from mirante.api.flags.v1 import flag_pb2


def flips_of(flags: Iterable[flag_pb2.Flag]) -> tuple[float, ...]:
    """Return the moments at which a flag starts or ends, in their order (seconds since 1970)."""
    found: set[float] = set()
    for flag in flags:
        for name in ("starts_at", "ends_at"):
            if flag.HasField(name):
                moment = getattr(flag, name)
                found.add(moment.seconds + moment.nanos / 1e9)
    return tuple(sorted(found))


def last_flip(flips: tuple[float, ...], now: float) -> float:
    """Return the newest flip that lies at `now` or before; 0 when there is none."""
    index = bisect_right(flips, now)
    return flips[index - 1] if index else 0.0


def next_flip(flips: tuple[float, ...], now: float) -> float | None:
    """Return the next flip after `now`; None when there is none."""
    index = bisect_right(flips, now)
    return flips[index] if index < len(flips) else None
