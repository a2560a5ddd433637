"""What telemetry says about itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

QUEUE_FULL: Final = "queue_full"
SPOOL_FULL: Final = "spool_full"
SPOOL_DAMAGED: Final = "spool_damaged"
INVALID: Final = "invalid"
EXIT: Final = "exit"
FORK: Final = "fork"
CAUSES: Final = (QUEUE_FULL, SPOOL_FULL, SPOOL_DAMAGED, INVALID, EXIT, FORK)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why the service will never take an event (or this library could not send it); `field` may be empty."""

    event: str
    reason: str
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class TelemetryStatus:
    """
    What became of every call of `track`, `identify` and `alias`, and of every recorded exposure.

    At any moment `tracked + adopted == queued + spooled + sent + rejected + disabled + sum(dropped.values())`.

    `tracked`: how often it was called.
    `adopted`: found in the spools of processes that are gone.
    `queued`: waiting in memory.
    `spooled`: waiting on disk.
    `sent`: answered by the service as accepted, or as a duplicate of what it has.
    `rejected`: refused by the service for good; `rejections` are the last few.
    `disabled`: no telemetry service is configured.
    `dropped`: by cause: "queue_full", "spool_full", "spool_damaged" (could not be read back), "invalid" (no message can
    be made of it), "exit" (left when the client was closed, or tracked afterwards), "fork" (in a child where gRPC
    cannot be used).
    `problem`: why the last call to the service failed; empty when it did not.
    """

    tracked: int = 0
    adopted: int = 0
    queued: int = 0
    spooled: int = 0
    sent: int = 0
    rejected: int = 0
    disabled: int = 0
    dropped: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(CAUSES, 0))
    rejections: tuple[Rejection, ...] = ()
    problem: str = ""
