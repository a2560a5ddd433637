"""What is remembered of a metric of a tenant: one and a half kilobytes."""

from __future__ import annotations

import struct
import sys
from array import array
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Final, NamedTuple

from services.metrics.alerts.detection.prior import DAY, WEEK

CELLS: Final = 2 * WEEK
DAY_KINDS: Final = 3
"""Monday to Friday, Saturday, Sunday."""
REPEATS: Final = DAY_KINDS * DAY

_VERSION: Final = 1
_HEAD: Final = struct.Struct("<BIq13d")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR: Final = timedelta(hours=1)
_NEVER: Final = -(2**62)
_NUMBERS: Final = (
    "level", "precision", "exposure", "noise_sum", "noise_weight", "unit_sum", "unit_weight", "minutes", "streak",
    "unusual",
)  # fmt: skip
_numbers_of: Final = attrgetter(*_NUMBERS)
STATE_BYTES: Final = _HEAD.size + REPEATS + 4 * CELLS


def _no_evidence() -> array[float]:
    return array("f", bytes(4 * CELLS))


def _no_repeats() -> array[int]:
    return array("b", bytes(REPEATS))


class Gap(NamedTuple):
    """What adds up over the hours since the last event: what was expected, the same with noise, and with doubt."""

    expected: float
    noisy: float
    doubt: float


NO_GAP: Final = Gap(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class State:
    """
    Empty at first. `hours` were observed so far, `last` is the newest that was judged (UTC).

    `level` is what is expected where the shape of the week is 1, with a relative variance of 1 / `precision`;
    `exposure` is what it was averaged over in the first day. `noise_sum / noise_weight` is 1/k. `unit_sum /
    unit_weight` is the effective amount of a sale, and `unit_weight / minutes` what was sold in a minute in which
    something was. `streak` counts the hours in a row in which the point rule held (negative: below), `unusual` those
    that did not fit lately.

    `evidence` has a pair for each hour of the week: its ratios to the level times their weights, and the weights.
    `repeats` counts for each hour of each kind of day on how many of them in a row it did not fit (negative: below),
    and is about 100 more where the tenant has proved to be unlike others. Neither is ever changed in place.
    """

    hours: int = 0
    last: datetime | None = None
    level: float = 0.0
    precision: float = 0.0
    exposure: float = 0.0
    noise_sum: float = 0.0
    noise_weight: float = 0.0
    unit_sum: float = 0.0
    unit_weight: float = 0.0
    minutes: float = 0.0
    streak: float = 0.0
    unusual: float = 0.0
    gap: Gap = NO_GAP
    repeats: array[int] = field(default_factory=_no_repeats)
    evidence: array[float] = field(default_factory=_no_evidence)

    def to_bytes(self) -> bytes:
        """Return the state for a store: `STATE_BYTES` bytes."""
        hour = _NEVER if self.last is None else (self.last - _EPOCH) // _HOUR
        head = _HEAD.pack(_VERSION, self.hours, hour, *_numbers_of(self), *self.gap)
        return head + self.repeats.tobytes() + _little_endian(self.evidence).tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> State:
        """
        Return a state that was stored.

        Raises:
            ValueError: these bytes are none.
        """
        if len(data) != STATE_BYTES or data[0] != _VERSION:
            raise ValueError("not a state of an alert's metric")
        _, hours, hour, *numbers, expected, noisy, doubt = _HEAD.unpack_from(data)
        repeats, evidence = array("b"), array("f")
        repeats.frombytes(data[_HEAD.size : _HEAD.size + REPEATS])
        evidence.frombytes(data[_HEAD.size + REPEATS :])
        last = None if hour == _NEVER else _EPOCH + hour * _HOUR
        named = dict(zip(_NUMBERS, numbers, strict=True))
        gap = Gap(expected, noisy, doubt)
        return cls(hours=hours, last=last, gap=gap, repeats=repeats, evidence=_little_endian(evidence), **named)


def _little_endian(numbers: array[float]) -> array[float]:
    if sys.byteorder == "little":
        return numbers
    swapped = numbers[:]
    swapped.byteswap()
    return swapped
