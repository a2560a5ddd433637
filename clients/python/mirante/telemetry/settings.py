"""How telemetry is set up."""

from dataclasses import dataclass
from pathlib import Path

from mirante.client.settings import ClientSettings
from mirante.errors import InvalidSettings

MOST_EVENTS = 1_000
"""In one batch, by the contract of the service."""

MOST_BYTES = 3 << 20
"""Of the events of one batch; the service takes 4 MiB."""

_SMALLEST_SPOOL = 128 << 10
"""Bytes; any event must have room."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """
    Bounds and times of delivery; times are seconds.

    `queue_events`, `queue_bytes`: what may wait in memory.
    `batch_events`, `batch_bytes`: a batch as it is normally sent; with more waiting it grows to what the service takes.
    `linger`: how long an event waits for others to travel with.
    `exit_timeout`: how long closing, and the end of the process, wait for what is left.
    `call_timeout`: after this long without an answer a call has failed.
    `spool_linger`: how long an event waits until it is written to disk.
    `spool_bytes`: what the spool of one process may hold.
    `exposure_window`, `exposure_keys`: an exposure is not recorded again for that long, for that many kept in mind.
    """

    queue_events: int = 50_000
    queue_bytes: int = 32 << 20
    batch_events: int = 500
    batch_bytes: int = 512 << 10
    linger: float = 0.5
    exit_timeout: float = 10.0
    call_timeout: float = 10.0
    retry_base: float = 0.2
    retry_longest: float = 30.0
    denied_base: float = 30.0
    denied_longest: float = 300.0
    spool_linger: float = 0.05
    spool_bytes: int = 256 << 20
    segment_bytes: int = 1 << 20
    exposure_window: float = 3_600.0
    exposure_keys: int = 50_000

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
                raise InvalidSettings(f"delivery.{name}: must be a number that is not negative")
        for name in ("queue_events", "batch_events", "batch_bytes"):
            if getattr(self, name) < 1:
                raise InvalidSettings(f"delivery.{name}: must be at least 1")
        if self.spool_bytes < _SMALLEST_SPOOL:
            raise InvalidSettings(f"delivery.spool_bytes: must be at least {_SMALLEST_SPOOL}")
        if self.batch_events > MOST_EVENTS or self.batch_bytes > MOST_BYTES:
            raise InvalidSettings(f"delivery: a batch may have {MOST_EVENTS} events and {MOST_BYTES} bytes at most")


@dataclass(frozen=True, slots=True)
class TelemetrySettings:
    """Everything that telemetry is told. `connection.address` is that of the telemetry service."""

    connection: ClientSettings
    delivery: Delivery = Delivery()
    spool_dir: Path | None = None
    release: str = ""
