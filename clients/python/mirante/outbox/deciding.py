"""What a relay does with its rows and with the service's answers. Pure; times are seconds of a monotonic clock."""

import dataclasses
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mirante.client.backoff import Backoff
from mirante.outbox.status import RelayStatus
from mirante.telemetry.gate import Gate
from mirante.telemetry.outcomes import Answer, Failure, FailureKind, Fate
from mirante.telemetry.settings import MOST_BYTES, Delivery


@dataclass(frozen=True, slots=True)
class Row:
    """An event of the table; `event` is serialised."""

    id: str
    event: bytes
    attempts: int


@dataclass(frozen=True, slots=True)
class Answers:
    """What the service said to each event of a batch; `duplicates` of them it had already."""

    each: Sequence[Answer]
    duplicates: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """
    What is to become of rows, before their locks are let go.

    `delivered` ids are deleted, `again` are kept for so many seconds, `rejected` are set aside with the reason.
    """

    delivered: list[str] = field(default_factory=list)
    again: list[tuple[str, float]] = field(default_factory=list)
    rejected: list[tuple[str, str]] = field(default_factory=list)
    duplicates: int = 0

    @property
    def empty(self) -> bool:
        """Whether all rows stay as they are."""
        return not (self.delivered or self.again or self.rejected)


class Decisions:
    """
    Decides for one relay. Used by one thread at a time; `status` may be read by any.

    `limit` is how many rows to read: fewer when the service could not stand a larger batch, until the event that is to
    blame is found, or is alone.
    """

    def __init__(self, delivery: Delivery, draw: Callable[[], float] = random.random) -> None:
        self._delivery = delivery
        self._draw = draw
        self._gate = Gate(delivery, draw)
        self._database = Backoff(delivery.retry_base, delivery.retry_longest, draw)
        self._failure = ""
        self.limit = delivery.batch_events
        self.status = RelayStatus()

    def parcel(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the first rows, as many as one request may carry."""
        size = 0
        for number, row in enumerate(rows):
            size += len(row.event)
            if number and size > MOST_BYTES:
                return rows[:number]
        return rows

    def settle(self, parcel: Sequence[Row], result: Answers | Failure, began: float, now: float) -> Settlement:
        """Return what follows from the result of a call that began at `began` and ended at `now`."""
        if isinstance(result, Answers):
            self._gate.succeeded(began)
            self._failure = ""
            self.limit = min(self.limit * 2, self._delivery.batch_events)
            return self._settled(parcel, result)
        self._failure = result.why
        if result.kind is FailureKind.REFUSED:
            # The service is there and has looked at it.
            self._gate.succeeded(began)
        else:
            self._gate.failed(result, began, now)
        if result.kind in (FailureKind.AWAY, FailureKind.DENIED):
            return Settlement()
        if len(parcel) > 1:
            self.limit = len(parcel) // 2
            return Settlement()
        if result.kind is FailureKind.REFUSED:
            return Settlement(rejected=[(parcel[0].id, _reason(result))])
        # Others go first: it may be this one that the service cannot stand.
        return Settlement(again=[(parcel[0].id, self._patience(parcel[0], result.retry_after))])

    def committed(self, settlement: Settlement) -> None:
        """Count a settlement that the database has committed."""
        self._database.reset()
        before = self.status
        self.status = RelayStatus(
            before.sent + len(settlement.delivered) - settlement.duplicates,
            before.duplicates + settlement.duplicates,
            before.rejected + len(settlement.rejected),
            self._failure,
        )

    def database_failed(self, error: Exception) -> float:
        """Return how long to wait, in seconds, after the database failed."""
        self.status = dataclasses.replace(self.status, problem=f"database: {type(error).__name__}")
        return self._database.next_delay()

    def pause(self, now: float) -> float:
        """Return for how many seconds the service is not to be called."""
        return max(self._gate.opens_at - now, 0.0)

    def _settled(self, parcel: Sequence[Row], answers: Answers) -> Settlement:
        settlement = Settlement(duplicates=answers.duplicates)
        for row, answer in zip(parcel, answers.each, strict=True):
            if answer.fate is Fate.SENT:
                settlement.delivered.append(row.id)
            elif answer.fate is Fate.AGAIN:
                settlement.again.append((row.id, self._patience(row, answer.retry_after)))
            else:
                settlement.rejected.append((row.id, _reason(answer)))
        return settlement

    def _patience(self, row: Row, hint: float) -> float:
        whole = min(self._delivery.retry_longest, self._delivery.retry_base * 2.0 ** min(row.attempts, 32))
        return max(hint, whole * (0.5 + 0.5 * self._draw()))


def _reason(said: Answer | Failure) -> str:
    field = f" {said.field}" if said.field else ""
    return f"{said.reason or 'REJECTED'}{field}: {said.message}".replace("\x00", "")
