"""A batch of events, from its bytes to its results."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from google.protobuf.message import DecodeError
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import event_pb2
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2

from services.runtime.access import Caller
from services.runtime.errors import InvalidRequest, Overloaded, Unavailable
from services.telemetry.events.judging import Judges
from services.telemetry.events.timing import Skews
from services.telemetry.ingestion.admission import Terms, admit
from services.telemetry.ingestion.admission_line import AdmissionLine
from services.telemetry.ingestion.candidates import (
    Candidate,
    ImportPosition,
    Result,
    Submission,
    rejected,
    to_be_sent_again,
)
from services.telemetry.ingestion.event_quota import EventQuota
from services.telemetry.ingestion.group_commit import GroupCommit
from services.telemetry.ingestion.name_limit import MOST_UNDECLARED, NameLimit
from services.telemetry.ingestion.rounds import Turn

MOST_EVENTS: Final = 1_000

_DAY_MS: Final = 86_400_000
_CANDIDATE_BYTES: Final = 600
"""What a candidate weighs in memory beside its body."""
_PAUSE_EVERY: Final = 16
"""Events: a fraction of a millisecond."""
_LINE_BYTES: Final = 16 * 1024 * 1024
"""Batches that wait to be taken apart: a second's work, and some of the largest."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Events of one request, not yet taken apart. `sent_us` is microseconds since 1970, None when not told."""

    environment: str
    events: Sequence[bytes]
    sent_us: int | None = None
    client: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """
    Which ids are taken: those of the last `days`; in imports those from before the log began and since keys are kept.

    Times are milliseconds since 1970.
    """

    days: int
    log_began_ms: int
    keys_since_ms: Callable[[], int]


class Intake:
    """Checks batches and has them committed."""

    def __init__(
        self, judges: Judges, quota: EventQuota, commit: GroupCommit, names: NameLimit, window: Window
    ) -> None:
        self._judges = judges
        self._quota = quota
        self._commit = commit
        self._names = names
        self._window = window
        self._skews = Skews()
        self._line = AdmissionLine(_LINE_BYTES)

    async def take(self, batch: Batch, caller: Caller) -> list[Result]:
        """
        Return a result for each event, once all that can be stored now is committed.

        Raises:
            InvalidRequest: there are too many events.
            Overloaded: none of the events can be taken now.
            Unavailable: the same, because the database does not answer.
        """
        _check_size(batch.events)
        self._charge_key(caller, len(batch.events))
        results: list[Result | None] = [None] * len(batch.events)
        by_tenant: dict[str, list[int]] = {}
        admitted: list[Candidate] = []
        turn = (batch.environment, _whose(batch.events, caller))
        for index, candidate in enumerate(await self._take_apart(turn, batch, imported=False)):
            if isinstance(candidate, Result):
                results[index] = candidate
                continue
            admitted.append(candidate)
            indexes = by_tenant.get(candidate.tenant)
            if indexes is None:
                by_tenant[candidate.tenant] = [index]
            else:
                indexes.append(index)
        failure = await self._commit_within_quotas(batch, caller, admitted, by_tenant, results)
        answered = [result for result in results if result is not None]
        if failure is not None and all(result.status == ingest_pb2.EVENT_STATUS_RETRY for result in answered):
            raise failure
        return answered

    async def take_import(self, batch: Batch, position: ImportPosition, caller: Caller) -> list[Result]:
        """
        Return a result for each event of an import, once they and the position are committed in one transaction.

        Raises:
            As `take`; then the position has not moved.
        """
        _check_size(batch.events)
        self._charge_key(caller, len(batch.events))
        results: list[Result | None] = [None] * len(batch.events)
        indexes, candidates = [], []
        turn = (batch.environment, f"\x00{position.import_key}")
        for index, admitted in enumerate(await self._take_apart(turn, batch, imported=True)):
            if isinstance(admitted, Result):
                results[index] = admitted
            else:
                indexes.append(index)
                candidates.append(admitted)
        submission = _submission(candidates, position)
        await asyncio.shield(self._commit.enqueue(turn, submission))
        for index, result in zip(indexes, submission.results, strict=True):
            results[index] = result
        return [result for result in results if result is not None]

    async def _take_apart(self, turn: Turn, batch: Batch, *, imported: bool) -> list[Candidate | Result]:
        """
        Return what each event makes, when it was the batch's turn.

        Raises:
            Overloaded: too many wait already, here or for their commit.
        """
        events = batch.events
        size = sum(map(len, events))
        if not self._line.has_room(turn, size):
            raise self._commit.queue.refusal(len(events), self._line.retry_seconds)
        if not self._commit.queue.has_room(turn, size):
            raise self._commit.queue.refusal(len(events), self._commit.retry_seconds)
        terms = self._terms(batch, imported=imported)
        apart: list[Candidate | Result] = []
        await self._line.wait(turn, size)
        with self._line.taking_apart(size):
            for start in range(0, len(events), _PAUSE_EVERY):
                if start:
                    # gRPC hears of one new call each time: all of a batch at once would keep everybody waiting.
                    await asyncio.sleep(0)
                apart += [self._admit(raw, terms) for raw in events[start : start + _PAUSE_EVERY]]
        return apart

    def _charge_key(self, caller: Caller, events: int) -> None:
        delay = self._quota.of_key(caller, events)
        if delay > 0:
            raise _over_quota("the key", self._quota.rate_of(caller), delay)

    async def _commit_within_quotas(
        self,
        batch: Batch,
        caller: Caller,
        admitted: list[Candidate],
        by_tenant: dict[str, list[int]],
        results: list[Result | None],
    ) -> Overloaded | Unavailable | None:
        """Commit what no quota holds back, and note the results; return what stood in the way of some."""
        failure: Overloaded | Unavailable | None = None
        for tenant, indexes in by_tenant.items():
            delay = self._quota.of_tenant(batch.environment, tenant, len(indexes))
            if delay > 0:
                failure = _over_quota("the tenant", self._quota.per_tenant, delay)
                _fail(results, indexes, failure)
        if failure is not None:
            held_back = {tenant for tenant, indexes in by_tenant.items() if results[indexes[0]] is not None}
            admitted = [candidate for candidate in admitted if candidate.tenant not in held_back]
        if not admitted:
            return failure
        waiting = [index for index, result in enumerate(results) if result is None]
        submission = _submission(admitted)
        # Its events are answered together, so a batch is committed as one: in its tenant's turn, or in its sender's.
        turn = next(iter(by_tenant)) if len(by_tenant) == 1 else _senders(caller)
        try:
            await asyncio.shield(self._commit.enqueue((batch.environment, turn), submission))
        except (Overloaded, Unavailable) as error:
            _fail(results, waiting, error)
            return error
        for index, result in zip(waiting, submission.results, strict=True):
            results[index] = result
        return failure

    def _admit(self, raw: bytes, terms: Terms) -> Candidate | Result:
        admitted = admit(raw, terms)
        if (
            isinstance(admitted, Candidate)
            and not admitted.judgement.declared
            and not self._names.admits(admitted.environment, admitted.name)
        ):
            message = f"the environment has {MOST_UNDECLARED} undeclared event names, which is the most; declare it"
            return rejected(reasons.ERROR_REASON_TOO_MANY_EVENT_NAMES, "name", message)
        return admitted

    def _terms(self, batch: Batch, *, imported: bool) -> Terms:
        now_us = time.time_ns() // 1_000
        skew = 0 if batch.sent_us is None else self._skews.skew(batch.client, batch.sent_us, now_us)
        window = self._window
        return Terms(
            batch.environment,
            self._judges.of(batch.environment),
            now_us,
            skew,
            window.log_began_ms if imported else now_us // 1_000 - window.days * _DAY_MS,
            imported,
            window.keys_since_ms() if imported else 0,
        )


def _check_size(events: Sequence[bytes]) -> None:
    if len(events) > MOST_EVENTS:
        raise InvalidRequest.of("events", f"are {len(events)}; a batch may hold {MOST_EVENTS}")


def _whose(events: Sequence[bytes], caller: Caller) -> str:
    """Return whose turn a batch is, before it is taken apart: by its first event and its last."""
    try:
        tenants = {event_pb2.Event.FromString(raw).tenant for raw in (*events[:1], *events[-1:])}
    except DecodeError:
        tenants = set()
    return tenants.pop() if len(tenants) == 1 else _senders(caller)


def _senders(caller: Caller) -> str:
    """Return whose turn events of several tenants are."""
    return f"\x00{caller.key_id}"


def _submission(candidates: list[Candidate], position: ImportPosition | None = None) -> Submission:
    size = sum([len(candidate.body) for candidate in candidates]) + _CANDIDATE_BYTES * len(candidates)
    return Submission(candidates, size, position)


def _over_quota(whose: str, rate: float, delay: float) -> Overloaded:
    return Overloaded(
        f"{whose} has used up its quota of {rate:g} events a second",
        retry_seconds=delay,
        reason=reasons.ERROR_REASON_QUOTA_EXCEEDED,
        quota=f"{rate:g}/s",
    )


def _fail(results: list[Result | None], indexes: Sequence[int], error: Overloaded | Unavailable) -> None:
    result = to_be_sent_again(error.reason, error.message, error.retry_seconds)
    for index in indexes:
        results[index] = result
