"""The seam between taking events in and the catalogue that says what they should look like."""

from dataclasses import dataclass
from typing import Protocol

from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import event_pb2
from mirante.evaluation.model import Violation

from services.runtime.errors import Reason


@dataclass(frozen=True, slots=True)
class Judgement:
    """
    What the catalogue says about one event.

    `definition_version` is 0 for an undeclared event. `violation` names the first field that is wrong and why, without
    any value of the event; with `refused` the event must not be stored but kept as a dead letter. `masked` says that
    the event was changed in place because of personal data. `stamps_trait` is the trait of the user that is set to the
    event's time; empty for none.
    """

    definition_version: int = 0
    violation: Violation | None = None
    refused: bool = False
    reason: Reason = reasons.ERROR_REASON_CATALOGUE_VIOLATION
    masked: bool = False
    stamps_trait: str = ""

    @property
    def declared(self) -> bool:
        """Whether the catalogue has a definition."""
        return self.definition_version > 0


class Judge(Protocol):
    """The catalogue of one environment at one version. Pure and fast: it is asked about every event."""

    def judge(self, event: event_pb2.Event) -> Judgement:
        """Check an event and, where personal data has to be masked, hashed or dropped, change it in place."""


class Judges(Protocol):
    """The present catalogues, in memory."""

    def of(self, environment: str) -> Judge:
        """Return the catalogue of an environment; one without a catalogue is open and declares nothing. Never waits."""
