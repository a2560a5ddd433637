"""
A process that sends events of one tenant, or of several, until its standard input ends; then prints JSON.

It prints a line when it begins.

`python -m tests.support.faults.telemetry_sender HOW ADDRESS SECRET TENANTS EVENTS_PER_SECOND BATCH`

HOW is one of
* `steadily`: as many as are taken, with a few calls under way; the rate is ignored.
* `regardless`: at the rate, whatever the answers are; what is refused is dropped. Calls under way are bounded: what
  would go beyond is counted as "not offered".
* `patiently`: at the rate, and what is refused is sent again until it is taken. Tells how long that took.
"""

import asyncio
import json
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import grpc
import grpc.aio
from mirante.api.telemetry.v1 import event_pb2, raw_batch_pb2
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2
from mirante.telemetry.event_id import new_event_id

from tests.support.faults.telemetry_ingest import Ingest
from tests.support.flag_writer import refusal_of
from tests.support.telemetry_events import sale

_STEADY_LANES = 16
_MOST_UNDER_WAY = 500
_CALL_SECONDS = 120.0
"""More than anything takes: what times out would be neither taken nor refused."""


@dataclass
class Sender:
    """
    Sends batches and counts what becomes of their events, by event.

    In seconds, `answered` is how long the calls took by which batches were taken, and `taken` the time from when a
    batch was first sent until it was taken.
    """

    ingest: Ingest
    tenants: list[str]
    batch: int
    rate: float
    stopped: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    answered: list[float] = field(default_factory=list)
    taken: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        # All but the id, which comes first on the wire, is made once: a flood shall not cost more than its target.
        self._rests = [self._rest(tenant, number) for number in range(50) for tenant in self.tenants]
        self._head = event_pb2.Event(id=bytes(16)).SerializeToString()[:-16]
        self._next = 0

    async def steadily(self) -> None:
        """Send as many as are taken."""
        await asyncio.gather(*[self._lane() for _ in range(_STEADY_LANES)])

    async def regardless(self) -> None:
        """Send at the rate, whatever comes of it."""
        under_way: set[asyncio.Task[object]] = set()
        async for _ in self._beats():
            if len(under_way) >= _MOST_UNDER_WAY:
                self.counts["not offered"] += self.batch
                continue
            task: asyncio.Task[object] = asyncio.create_task(self._send(self._request()))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)

    async def patiently(self) -> None:
        """Send at the rate until it is taken, several batches at once if need be."""
        under_way = [asyncio.create_task(self._send_until_taken()) async for _ in self._beats()]
        await asyncio.gather(*under_way)

    async def _lane(self) -> None:
        while not self.stopped:
            await self._send(self._request())

    async def _beats(self) -> AsyncIterator[None]:
        """Yield whenever a batch is due. Who was held up catches up, but not with more than a second's."""
        due = time.monotonic()
        while not self.stopped:
            yield
            due = max(due + self.batch / self.rate, time.monotonic() - 1.0)
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _send_until_taken(self) -> None:
        request = self._request()
        began = time.monotonic()
        while (wait := await self._send(request)) is not None:
            await asyncio.sleep(wait)
        self.taken.append(time.monotonic() - began)

    async def _send(self, request: raw_batch_pb2.RawIngestRequest) -> float | None:
        """Send a batch; return None when all of it was taken, and else the seconds to wait."""
        self.counts["offered"] += len(request.events)
        began = time.monotonic()
        try:
            response = await self.ingest.send(request, seconds=_CALL_SECONDS)
        except grpc.aio.AioRpcError as error:
            refusal = refusal_of(error)
            told = "with RetryInfo" if refusal.retry_seconds else "without RetryInfo"
            self.counts[f"{refusal.code} {refusal.reason} {told}"] += len(request.events)
            return refusal.retry_seconds or 1.0
        for status, count in Counter(response.statuses).items():
            self.counts[ingest_pb2.EventStatus.Name(status).removeprefix("EVENT_STATUS_")] += count
        if ingest_pb2.EVENT_STATUS_RETRY not in response.statuses:
            self.answered.append(time.monotonic() - began)
            return None
        return max(each.retry_after.ToTimedelta().total_seconds() for each in response.problems)

    def _request(self) -> raw_batch_pb2.RawIngestRequest:
        now, entropy = time.time_ns() // 1_000_000, os.urandom(10 * self.batch)
        rests = self._rests
        events = []
        for start in range(0, 10 * self.batch, 10):
            self._next = (self._next + 1) % len(rests)
            events.append(self._head + new_event_id(now, entropy[start : start + 10]) + rests[self._next])
        request = raw_batch_pb2.RawIngestRequest(events=events)
        request.sent_at.FromNanoseconds(time.time_ns())
        return request

    @staticmethod
    def _rest(tenant: str, number: int) -> bytes:
        event = sale(tenant, f"u{number}", venda_id=f"v-{number}")
        event.ClearField("id")
        event.ClearField("occurred_at")
        return event.SerializeToString()


async def main() -> None:
    """Send and count."""
    how, address, secret, tenants, rate, batch = sys.argv[1:]
    ingest = Ingest(address, (("authorization", f"Bearer {secret}"),))
    sender = Sender(ingest, tenants.split(","), int(batch), float(rate))
    began = time.monotonic()
    sending = asyncio.create_task(getattr(sender, how)())
    print("sending", flush=True)  # noqa: T201
    await asyncio.to_thread(sys.stdin.read)
    seconds = time.monotonic() - began
    sender.stopped = True
    await sending
    await ingest.close()
    told = {
        "seconds": seconds,
        "events": sender.counts,
        "answered": figures(sender.answered),
        "taken": figures(sender.taken),
    }
    sys.stdout.write(json.dumps(told) + "\n")


def figures(seconds: Sequence[float]) -> dict[str, int]:
    """Return milliseconds."""
    if len(seconds) < 2:
        return {}
    cuts = statistics.quantiles(seconds, n=100)
    return {"p50": round(cuts[49] * 1e3), "p99": round(cuts[98] * 1e3), "most": round(max(seconds) * 1e3)}


if __name__ == "__main__":
    asyncio.run(main())
