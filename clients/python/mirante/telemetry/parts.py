"""What the sender's thread works on, and what outlives it."""

import logging
from dataclasses import dataclass

from mirante.telemetry.backlog import Backlog
from mirante.telemetry.dispatch import Dispatch
from mirante.telemetry.gate import Gate
from mirante.telemetry.intake import Intake
from mirante.telemetry.ledger import Ledger
from mirante.telemetry.outcomes import Answer, Failure, FailureKind
from mirante.telemetry.records import Record
from mirante.telemetry.settings import TelemetrySettings

_log = logging.getLogger("mirante")


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one client's telemetry in one process. All but intake and ledger are for one thread at a time."""

    settings: TelemetrySettings
    intake: Intake
    ledger: Ledger
    backlog: Backlog
    dispatch: Dispatch
    gate: Gate

    def settle(self, parcel: list[Record], result: list[Answer] | Failure, began: float, now: float) -> None:
        """Take what a parcel has brought; its call began at `began` and ended at `now` (`time.monotonic`)."""
        if not isinstance(result, Failure):
            self.gate.succeeded(began)
            self.ledger.problem = ""
            self.dispatch.answered(parcel, result, now)
            return
        if result.kind is FailureKind.REFUSED:
            # The service is there and has looked at it.
            self.gate.succeeded(began)
        else:
            first = not self.gate.failing
            delay = self.gate.failed(result, began, now)
            level = logging.WARNING if result.kind is FailureKind.DENIED and first else logging.INFO
            _log.log(level, "telemetry cannot be sent, again in %.1f s: %s", delay, result.why)
        self.ledger.problem = result.why
        self.dispatch.failed(parcel, result, now)
