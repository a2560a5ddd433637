"""Postgres is restarted and killed while everybody evaluates and changes flags."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack

from mirante import Mirante

from tests.support.crowd import Crowd
from tests.support.datastores import RunningDatastores, ServerHandle
from tests.support.faults.replica_killed import STEADY, current
from tests.support.flag_service_process import becomes, installation
from tests.support.flag_writer import FlagWriter
from tests.support.probes import CallProbe, ClientProbe, going_on


async def postgres_restarted_under_load(
    datastores: RunningDatastores, database_url: str, crowd_type: Callable[..., Crowd], *, streams: int, rounds: int
) -> dict[str, object]:
    """Return what happened, after evaluations never failed, and changes failed clearly and then worked again."""
    happened: Counter[str] = Counter()
    async with installation(database_url, datastores.valkey.url) as services, AsyncExitStack() as stack:
        secret = services.keys["server"]
        writers = [
            FlagWriter.at(replica.address, services.metadata("admin"), f"replica_{number}")
            for number, replica in enumerate(services.replicas)
        ]
        for writer in writers:
            await writer.create(10)
        crowd = crowd_type(services.ports, secret, hop_seconds=(0.5, 5.0))
        await crowd.open(streams)
        clients = [stack.enter_context(Mirante(replica.address, api_key=secret)) for replica in services.replicas]
        assert all(client.wait_until_ready(30) for client in clients)
        inside = [stack.enter_context(ClientProbe(client, STEADY)) for client in clients]
        calls = [CallProbe(STEADY) for _ in services.replicas]
        async with going_on(
            *[writer.write_for_ever(0.02) for writer in writers],
            *[probe.run(replica.address, secret) for probe, replica in zip(calls, services.replicas, strict=True)],
        ):
            for number in range(rounds):
                await _break(datastores.postgres, number, happened)
                before = [len(writer.acknowledged) for writer in writers]
                assert await becomes(
                    lambda before=before: all(  # type: ignore[misc]  # a default is how a loop's value is kept
                        len(writer.acknowledged) > known for writer, known in zip(writers, before, strict=True)
                    )
                )
        crowd.stop_hopping()
        truth = await writers[0].truth()
        late = await crowd.reaches(truth)
        clients_current = await becomes(lambda: all(current(client, truth) for client in clients))
        lost = [missing for writer in writers for missing in await writer.lost()]
        await crowd.close()
        for writer in writers:
            await writer.close()
    refusals = [refusal for writer in writers for refusal in writer.refusals]
    assert [fault for probe in calls for fault in probe.faults] == []
    assert [fault for probe in inside for fault in probe.faults] == []
    assert {(refusal.code, refusal.reason, refusal.retry_seconds is not None) for refusal in refusals} == {
        ("UNAVAILABLE", "STORE_UNAVAILABLE", True)
    }, {refusal.message for refusal in refusals}
    assert lost == []
    assert crowd.ledger.faults == []
    assert late == []
    assert clients_current
    return {
        **happened,
        "streams": streams,
        "acknowledged": sum(len(writer.acknowledged) for writer in writers),
        "refused": len(refusals),
        "evaluated over gRPC": sum(probe.asked for probe in calls),
        "slowest over gRPC, ms": round(max(max(probe.took) for probe in calls) * 1e3),
        "evaluated in process": sum(probe.asked for probe in inside),
        "seen": dict(crowd.ledger.seen),
    }


async def _break(postgres: ServerHandle, number: int, happened: Counter[str]) -> None:
    await asyncio.sleep(random.uniform(0.3, 1.0))
    if number % 3 == 0:
        await postgres.kill()
        happened["kills"] += 1
    elif number % 3 == 1:
        await postgres.restart()
        happened["restarts"] += 1
    else:
        await postgres.stop()
        await asyncio.sleep(random.uniform(0.5, 2.0))
        await postgres.start()
        happened["stops"] += 1
    await postgres.wait_until_ready()
