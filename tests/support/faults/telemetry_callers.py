"""Clients that send the same events until they are acknowledged, and keep their own list of what was."""

import asyncio
import random
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import grpc
import grpc.aio
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2

from tests.support.faults.telemetry_ingest import Ingest, Metadata
from tests.support.faults.telemetry_traffic import Sent, Traffic, request_of
from tests.support.flag_writer import refusal_of

_TROUBLE = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.RESOURCE_EXHAUSTED}
_WRITE_INTO_A_BROKEN_CONNECTION = "Internal error from Core"
"""What grpc.aio itself says when a stream's connection breaks while it writes; nobody sent that."""
_USUAL_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.1, 1.0

_ACCEPTED = ingest_pb2.EVENT_STATUS_ACCEPTED
_STORED = (_ACCEPTED, ingest_pb2.EVENT_STATUS_DUPLICATE)


@dataclass
class Ledger:
    """
    What clients know. Acknowledged is what was answered ACCEPTED or DUPLICATE, and nothing else.

    `sent` are the tenants of all events by id; `accepted` what was answered ACCEPTED; `refused` what the catalogue
    refused; `faults` the answers that must never come.
    """

    sent: dict[bytes, str] = field(default_factory=dict)
    acknowledged: set[bytes] = field(default_factory=set)
    accepted: set[bytes] = field(default_factory=set)
    refused: set[bytes] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def settle(self, batch: Sequence[Sent], response: ingest_pb2.IngestResponse) -> None:
        """Note the answers to a batch."""
        assert len(response.statuses) == len(batch)
        problems = {problem.index: problem for problem in response.problems}
        for index, (event, status) in enumerate(zip(batch, response.statuses, strict=True)):
            self.counts[ingest_pb2.EventStatus.Name(status).removeprefix("EVENT_STATUS_")] += 1
            if status in _STORED:
                self.acknowledged.add(event.id)
                if status == _ACCEPTED:
                    self._note_accepted(event)
                if not event.valid:
                    self.faults.append("stored against the catalogue")
            elif status != ingest_pb2.EVENT_STATUS_RETRY:
                self._note_refused(event, problems[index])

    def unsettled(self, batch: Sequence[Sent]) -> list[Sent]:
        """Return the events of a batch that are to be sent again."""
        return [event for event in batch if event.id not in self.acknowledged and event.id not in self.refused]

    def note_trouble(self, error: grpc.aio.AioRpcError) -> float:
        """Note a call that failed; return the seconds to wait."""
        refusal = refusal_of(error)
        self.counts[f"{refusal.code} {refusal.reason}".strip()] += 1
        if error.code() not in _TROUBLE and refusal.message != _WRITE_INTO_A_BROKEN_CONNECTION:
            self.faults.append(f"{refusal.code} {refusal.reason} {refusal.message}")
        return min(_LONGEST_WAIT_SECONDS, refusal.retry_seconds or 0.2) * random.uniform(0.5, 1.5)

    def _note_accepted(self, event: Sent) -> None:
        if event.id in self.accepted:
            self.faults.append("accepted twice")
        self.accepted.add(event.id)

    def _note_refused(self, event: Sent, problem: ingest_pb2.EventProblem) -> None:
        self.refused.add(event.id)
        if event.valid or problem.reason != reasons.ERROR_REASON_CATALOGUE_VIOLATION:
            self.faults.append(f"{reasons.ErrorReason.Name(problem.reason)} {problem.field} {problem.message}")


class Caller:
    """
    One client, which sends batches to whatever replica it likes: alone, by streams, and now and then twice at once.

    Some batches are given up after a failure, as by a client that dies: nobody knows what became of them.
    `most_per_second` bounds how many new events it has a second; with 0 it has as many as are taken.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        metadata: Metadata,
        ledger: Ledger,
        traffic: Traffic,
        *,
        most_per_second: float = 0.0,
    ) -> None:
        self._every = 1 / most_per_second if most_per_second else 0.0
        self._due = time.monotonic()
        self._replicas = [Ingest(address, metadata) for address in addresses]
        self._ledger = ledger
        self._traffic = traffic
        self._name = uuid.uuid4().hex

    async def run(self, enough: Callable[[], bool]) -> None:
        """Send until there is enough and everything was acknowledged, refused or given up."""
        try:
            while not enough():
                await asyncio.sleep(max(0.0, self._due - time.monotonic()))
                if random.random() < 0.3:
                    await self._by_stream([self._new_batch() for _ in range(random.randrange(2, 12))])
                else:
                    await self._by_calls(self._new_batch())
        finally:
            for replica in self._replicas:
                await replica.close()

    def _new_batch(self) -> list[Sent]:
        batch = self._traffic.batch(random.randrange(100, 400))
        self._due = max(self._due, time.monotonic() - 1.0) + len(batch) * self._every
        self._ledger.sent.update((event.id, event.tenant) for event in batch)
        return batch

    async def _by_calls(self, batch: list[Sent]) -> None:
        while True:
            replicas = self._replicas if random.random() < 0.1 else [random.choice(self._replicas)]
            request = request_of(batch, self._name)
            answers = await asyncio.gather(*[each.send(request) for each in replicas], return_exceptions=True)
            waits = [self._note(batch, answer) for answer in answers]
            batch = self._ledger.unsettled(batch)
            if not batch or (any(waits) and self._gives_up(batch)):
                return
            await asyncio.sleep(max(*waits, _USUAL_WAIT_SECONDS))

    async def _by_stream(self, batches: list[list[Sent]]) -> None:
        while batches:
            answers: list[ingest_pb2.IngestResponse] = []
            wait = 0.0
            try:
                await random.choice(self._replicas).send_all(
                    [request_of(each, self._name) for each in batches], answers
                )
            except grpc.aio.AioRpcError as error:
                wait = self._ledger.note_trouble(error)
            for batch, answer in zip(batches, answers, strict=False):
                self._ledger.settle(batch, answer)
            unanswered = [each for each in batches[len(answers) :] if not self._gives_up(each)]
            again = [self._ledger.unsettled(each) for each in batches[: len(answers)]]
            batches = [each for each in (*again, *unanswered) if each]
            if batches:
                await asyncio.sleep(wait or _USUAL_WAIT_SECONDS)

    def _note(self, batch: list[Sent], answer: object) -> float:
        """Note what came of a call; return the seconds to wait before the next one, if there has to be one."""
        if isinstance(answer, ingest_pb2.IngestResponse):
            self._ledger.settle(batch, answer)
            return 0.0
        if isinstance(answer, grpc.aio.AioRpcError):
            return self._ledger.note_trouble(answer)
        assert isinstance(answer, BaseException)
        raise answer

    def _gives_up(self, batch: list[Sent]) -> bool:
        if random.random() >= 0.02:
            return False
        self._ledger.counts["given up"] += len(batch)
        return True
