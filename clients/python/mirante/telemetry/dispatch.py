"""Makes records of calls, parcels of records, and draws the conclusions from answers."""

import random
from collections import deque
from collections.abc import Callable, Iterable

from mirante.telemetry.backlog import Backlog
from mirante.telemetry.intake import Raw
from mirante.telemetry.ledger import Ledger
from mirante.telemetry.outcomes import Answer, Failure, FailureKind, Fate
from mirante.telemetry.records import Kind, Record, RecordMaker, name_of
from mirante.telemetry.settings import MOST_BYTES, MOST_EVENTS, Delivery
from mirante.telemetry.status import INVALID, Rejection

_STEP = 500
"""Calls that are made into messages at a time, before anything else gets its turn."""


class Dispatch:
    """Everything of sending but time and network. Used by one thread at a time."""

    def __init__(
        self,
        delivery: Delivery,
        ledger: Ledger,
        maker: RecordMaker,
        backlog: Backlog,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._delivery = delivery
        self._ledger = ledger
        self._maker = maker
        self._backlog = backlog
        self._draw = draw
        self._raw: deque[Raw] = deque()

    @property
    def raw(self) -> int:
        """How many calls are here that no record was made of yet."""
        return len(self._raw)

    @property
    def room(self) -> int:
        """How many more calls may come in."""
        return 0 if self._backlog.full else max(0, self._backlog.room - len(self._raw))

    def collect(self, calls: Iterable[Raw]) -> None:
        """Take calls, and make records of the first ones."""
        self._raw.extend(calls)
        made: list[tuple[Kind, bytes]] = []
        for _ in range(min(_STEP, len(self._raw))):
            raw = self._raw.popleft()
            if raw[0] is None:
                self._backlog.keep(made)
                made = []
                self._backlog.generation = raw[1] + 1
                continue
            try:
                made.append(self._maker.make(raw))
            except Exception as error:  # noqa: BLE001 - whatever an application hands over
                self._ledger.count(dropped=1, cause=INVALID, notes=(_invalid(raw, error),))
        self._backlog.keep(made)
        self._backlog.note_marks()

    def next_parcel(self, now: float, *, large: bool) -> list[Record]:
        """Return records to be sent together: events, or one identity call; empty when there are none."""
        most, most_bytes = self._delivery.batch_events, self._delivery.batch_bytes
        if large:
            most, most_bytes = MOST_EVENTS, MOST_BYTES
        parcel: list[Record] = []
        size = 0
        while (record := self._backlog.peek(now)) is not None:
            most = min(most, record.most if record.kind is Kind.EVENT else 1)
            size += len(record.body)
            if parcel and (record.kind is not parcel[0].kind or len(parcel) >= most or size > most_bytes):
                break
            self._backlog.pop(record)
            parcel.append(record)
        return parcel

    def give_back(self, parcel: Iterable[Record], now: float) -> None:
        """Take back what could not be sent, to be sent when the service is there."""
        for record in parcel:
            self._backlog.set_aside(record, now)

    def answered(self, parcel: list[Record], answers: list[Answer], now: float) -> None:
        """Take the answers for a parcel."""
        done: list[Record] = []
        rejections: list[Rejection] = []
        for record, answer in zip(parcel, answers, strict=True):
            if answer.fate is Fate.AGAIN:
                self._backlog.set_aside(record, now + max(answer.retry_after, self._patience(record)))
                continue
            done.append(record)
            if answer.fate is Fate.REJECTED:
                rejections.append(Rejection(name_of(record), answer.reason, answer.field, answer.message))
        self._backlog.done(done, sent=len(done) - len(rejections), rejections=tuple(rejections))
        self._backlog.note_marks()

    def failed(self, parcel: list[Record], failure: Failure, now: float) -> None:
        """Take back a parcel whose call failed; what is refused alone is rejected."""
        if failure.kind is FailureKind.REFUSED and len(parcel) == 1:
            self.answered(parcel, [Answer(Fate.REJECTED, 0.0, failure.reason, failure.field, failure.message)], now)
            return
        for record in parcel:
            due = now
            if failure.kind in (FailureKind.REFUSED, FailureKind.FAULT):
                record.most = max(1, len(parcel) // 2)
            if failure.kind is FailureKind.FAULT:
                # Others go first: it may be this one that the service cannot stand.
                due += self._patience(record)
            self._backlog.set_aside(record, due)

    def _patience(self, record: Record) -> float:
        whole = min(self._delivery.retry_longest, self._delivery.retry_base * 2.0 ** min(record.tries, 32))
        record.tries += 1
        return whole * (0.5 + 0.5 * self._draw())


def _invalid(raw: Raw, error: Exception) -> Rejection:
    """Say what is wrong with a call; only a ValueError is known to hold nothing of it."""
    name = raw[2] if raw[0] is Kind.EVENT and isinstance(raw[2], str) else raw[0].name.lower()
    field, _, message = str(error).partition(": ") if isinstance(error, ValueError) else ("", "", type(error).__name__)
    return Rejection(name[:100], "INVALID", field, message)
