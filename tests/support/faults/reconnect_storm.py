"""Thousands of streams are opened at once, and come back at once after the replica died."""

import asyncio
import time
from collections.abc import Callable

from tests.support.crowd import Crowd
from tests.support.datastores import RunningDatastores
from tests.support.faults.delivered import delivered_to_all
from tests.support.faults.replica_killed import STEADY
from tests.support.flag_service_process import ServiceProcess, becomes, installation
from tests.support.flag_writer import FlagWriter
from tests.support.probes import CallProbe, going_on


async def reconnect_storm(
    datastores: RunningDatastores, database_url: str, crowd_type: Callable[..., Crowd], *, streams: int
) -> dict[str, object]:
    """Return what happened, after every stream was served, twice, and health was answered all the while."""
    health: list[float] = []
    async with installation(database_url, datastores.valkey.url, replicas=1) as services:
        [replica] = services.replicas
        writer = FlagWriter.at(replica.address, services.metadata("admin"))
        await writer.create(30)
        crowd = crowd_type(services.ports, services.keys["server"], retry_seconds=0.1)
        calls = CallProbe(STEADY)
        resident = replica.resident_kib()
        async with going_on(_ask_for_health(replica, health), calls.run(services.target, services.keys["server"])):
            began = time.monotonic()
            await crowd.open(streams)
            opened = time.monotonic() - began
        a_stream = (replica.resident_kib() - resident) / streams
        first = dict(crowd.ledger.seen)
        replica.kill()
        assert await becomes(lambda: not any(state.connected for state in crowd.states))
        replica.start()
        await replica.serving()
        async with going_on(_ask_for_health(replica, health)):
            began = time.monotonic()
            assert await becomes(lambda: all(state.connected for state in crowd.states))
            returned = time.monotonic() - began
            await writer.kill(writer.alive())
            late = await crowd.reaches(await writer.truth())
        delivery = await delivered_to_all(replica.address, services.metadata("admin"), streams, replicas=1)
        await crowd.close()
        await writer.close()
    assert first == {"full": streams}
    assert late == []
    assert crowd.ledger.faults == []
    assert calls.faults == []
    assert len(health) > 0
    return {
        "streams": streams,
        "opened within, s": round(opened, 1),
        "returned within, s": round(returned, 1),
        "KiB a stream": round(a_stream, 1),
        "health asked": len(health),
        "slowest health, s": round(max(health), 2),
        "evaluated meanwhile": calls.asked,
        "delivery": delivery,
        "seen": dict(crowd.ledger.seen),
    }


async def _ask_for_health(replica: ServiceProcess, took: list[float]) -> None:
    while True:
        began = time.monotonic()
        assert await replica.healthy()
        took.append(time.monotonic() - began)
        await asyncio.sleep(0.05)
