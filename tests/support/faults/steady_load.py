"""What goes on while an installation is rehearsed: people change flags, clients evaluate and send, readers read."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import grpc
import grpc.aio
from mirante import Mirante
from mirante.client.settings import Timing

from tests.support.crowd import Crowd
from tests.support.faults.live_replicas import all_numbers_right
from tests.support.faults.replica_killed import STEADY, current
from tests.support.faults.telemetry_callers import Caller, Ledger
from tests.support.faults.telemetry_checker import faults_of, log_of
from tests.support.faults.telemetry_follower import Follower
from tests.support.faults.telemetry_ingest import Ingest
from tests.support.faults.telemetry_traffic import Traffic, request_of
from tests.support.flag_service_process import becomes
from tests.support.flag_writer import FlagWriter
from tests.support.probes import CallProbe, ClientProbe, going_on
from tests.support.replicated_mirante import ReplicatedMirante

CrowdType = Callable[..., Crowd]

_SENDERS: Final = 4
_CALLERS: Final = 2
_WRITE_EVERY_SECONDS: Final = 0.2
_CALL_EVERY_SECONDS: Final = 0.02
_CATCH_UP_SECONDS: Final = 120.0


@dataclass(frozen=True)
class SteadyLoad:
    """Everybody who asks for something, and what they remember."""

    services: ReplicatedMirante
    writer: FlagWriter
    crowd: Crowd
    client: Mirante
    inside: ClientProbe
    remote: ClientProbe
    calls: Sequence[CallProbe]
    ledger: Ledger
    follower: Follower
    erased: set[bytes] = field(default_factory=set)
    """Events that readers may have read although the log has them no more."""
    counts: dict[str, Any] = field(default_factory=dict)
    """What was found in the end."""

    async def seconds_until_current(self) -> float:
        """Wait until every client has the present revision, or a later one; return how long that took."""
        began = time.monotonic()
        while True:
            lineage, revision = await self.writer.head()

            def there(lineage: str = lineage, revision: int = revision) -> bool:
                own = self.client.status
                return own.revision >= revision and all(
                    state.connected and state.lineage == lineage and state.revision >= revision
                    for state in self.crowd.states
                )

            if await becomes(there):
                return time.monotonic() - began
            # Another lineage may have begun meanwhile; a client that never comes there is found by that.
            assert (await self.writer.head())[0] != lineage, self.crowd.ledger.seen

    async def until_written(self) -> None:
        """Wait until a flag was changed, and events were taken that are sent now: senders have pauses of their own."""
        changes = len(self.writer.acknowledged)
        batch = Traffic().batch(20)
        self.ledger.sent.update((event.id, event.tenant) for event in batch)
        ingest = Ingest(self.services.telemetry.replicas[0].address, self.services.metadata("server"))
        while batch:
            try:
                self.ledger.settle(batch, await ingest.send(request_of(batch, "rehearsal")))
            except grpc.aio.AioRpcError as error:
                await asyncio.sleep(self.ledger.note_trouble(error))
            batch = self.ledger.unsettled(batch)
        await ingest.close()
        assert await becomes(lambda: len(self.writer.acknowledged) > changes)

    def errors(self) -> dict[str, int]:
        """Return what clients were told that was no answer, by what it was."""
        told = Counter(f"changes: {refusal.code} {refusal.reason}" for refusal in self.writer.refusals)
        faults = [*self.remote.faults, *(fault for probe in self.calls for fault in probe.faults)]
        told.update(f"evaluations: {fault}" for fault in faults)
        told.update({f"batches: {what}": self.ledger.counts[what] for what in self.ledger.counts if _is_code(what)})
        told.update({"events: RETRY": self.ledger.counts["RETRY"]} if self.ledger.counts["RETRY"] else {})
        return dict(told)


def _is_code(what: str) -> bool:
    return what.split(maxsplit=1)[0] in grpc.StatusCode.__members__


@asynccontextmanager
async def steady_load(
    services: ReplicatedMirante,
    crowd_type: CrowdType,
    *,
    streams: int,
    events_per_second: float,
    check: Callable[[SteadyLoad], Awaitable[None]] | None = None,
) -> AsyncIterator[SteadyLoad]:
    """
    Keep everybody busy until the block ends; then let them come to rest, and check that all is well.

    Args:
        services: whom they ask.
        crowd_type: makes subscribers.
        streams: how many.
        events_per_second: of all senders together.
        check: whether nothing is missing that was acknowledged; `nothing_was_lost` if not said otherwise.
    """
    secret = services.flags.keys["server"]
    done = False
    async with AsyncExitStack() as stack:
        writer = FlagWriter.at(services.flags.target, services.metadata("admin"))
        stack.push_async_callback(writer.close)
        await writer.create(10, segments=2)
        crowd = crowd_type(services.flags.ports, secret)
        stack.push_async_callback(crowd.close)
        await crowd.open(streams)
        client = stack.enter_context(Mirante(services.flags.target, api_key=secret))
        patient = Timing(deadline=10.0)  # a small machine does everything at once here
        asking = stack.enter_context(Mirante(services.flags.target, api_key=secret, mode="remote", timing=patient))
        assert client.wait_until_ready(30)
        addresses = [replica.address for replica in services.telemetry.replicas]
        ledger, traffic = Ledger(), Traffic(invalid=0.01)
        senders = [
            Caller(
                addresses,
                services.metadata("server"),
                ledger,
                traffic,
                most_per_second=events_per_second / _SENDERS,
            )
            for _ in range(_SENDERS)
        ]
        load = SteadyLoad(
            services,
            writer,
            crowd,
            client,
            stack.enter_context(ClientProbe(client, STEADY)),
            stack.enter_context(ClientProbe(asking, STEADY, in_order=False)),
            [CallProbe(STEADY) for _ in range(_CALLERS)],
            ledger,
            Follower(addresses, services.metadata("internal"), begins_anew=True),
        )
        async with going_on(load.follower.run()):
            async with (
                asyncio.TaskGroup() as group,
                going_on(
                    writer.write_for_ever(_WRITE_EVERY_SECONDS),
                    *[probe.run(services.flags.target, secret, _CALL_EVERY_SECONDS) for probe in load.calls],
                ),
            ):
                for sender in senders:
                    group.create_task(sender.run(lambda: done))
                yield load
                done = True
            await _come_to_rest(load)
        await (check or nothing_was_lost)(load)
        load.counts.update(_counts(load))


async def _come_to_rest(load: SteadyLoad) -> None:
    truth = await load.writer.truth()
    assert await load.crowd.reaches(truth) == []
    assert await becomes(lambda: current(load.client, truth))
    log = await log_of(load.services.database_url)
    assert await becomes(lambda: len(load.follower.ids) >= len(log), _CATCH_UP_SECONDS)
    assert [each for each in load.follower.ids if each not in load.erased] == log
    await all_numbers_right(load.services)
    # Nobody went back a revision, saw anything that was never there, or had no answer.
    assert load.follower.faults == []
    assert load.crowd.ledger.faults == []
    assert load.inside.faults == []


async def nothing_was_lost(load: SteadyLoad) -> None:
    """Check that everything is there that was acknowledged, each event once."""
    assert await load.writer.lost() == []
    assert await faults_of(load.services.database_url, load.ledger) == {}
    assert Counter(load.ledger.faults) == {}


def _counts(load: SteadyLoad) -> dict[str, Any]:
    return {
        "streams": len(load.crowd.states),
        "changes acknowledged": len(load.writer.acknowledged),
        "events acknowledged": len(load.ledger.acknowledged),
        "evaluated in process": load.inside.asked,
        "evaluated by calls": sum(probe.asked for probe in load.calls) + load.remote.asked,
        "errors": load.errors(),
        "epochs of the log": 1 + load.follower.counts["epochs"],
    }
