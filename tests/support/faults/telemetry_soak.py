"""Telemetry replicas and Postgres are killed in turn while many clients send: every event once, none lost."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from itertools import cycle

from redis.asyncio import Redis

from tests.support.datastores import RunningDatastores, ServerHandle
from tests.support.faults.telemetry_callers import Caller, Ledger
from tests.support.faults.telemetry_checker import faults_of, log_of
from tests.support.faults.telemetry_follower import Follower
from tests.support.faults.telemetry_traffic import Traffic
from tests.support.flag_service_process import ServiceProcess, becomes
from tests.support.probes import going_on
from tests.support.telemetry_process import TelemetryInstallation, telemetry_installation

_CATCH_UP_SECONDS = 300.0
_MORE_THAN_NEEDED = 2.0
"""So many times the events that are asked for are offered: what is killed in between has to be made up for."""


async def telemetry_soak(
    datastores: RunningDatastores, database_url: str, *, clients: int, seconds: float, events: int, kills: int
) -> dict[str, object]:
    """
    Return what happened, after every acknowledged event was found stored, each once, and read by followers, each once.

    It goes on until so many seconds, acknowledged events and kills have passed.
    """
    ledger, happened = Ledger(), Counter[str]()
    began = time.monotonic()
    async with telemetry_installation(database_url, datastores.valkey.url) as services:
        replicas = services.telemetry.replicas
        addresses = [replica.address for replica in replicas]
        traffic = Traffic(invalid=0.01)

        def enough() -> bool:
            lasted = time.monotonic() - began
            return lasted >= seconds and len(ledger.acknowledged) >= events and _kills(happened) >= kills

        rate = _MORE_THAN_NEEDED * events / seconds / clients
        callers = [
            Caller(addresses, services.metadata("server"), ledger, traffic, most_per_second=rate)
            for _ in range(clients)
        ]
        follower = Follower(addresses, services.metadata("internal"))
        async with going_on(follower.run()):
            async with (
                going_on(
                    _kill_in_turn(services, datastores.postgres, seconds / kills, happened),
                    _trouble(datastores.valkey, seconds / 20, happened),
                ),
                asyncio.TaskGroup() as group,
            ):
                for caller in callers:
                    group.create_task(caller.run(enough))
            sent_for = time.monotonic() - began
            await _heal(datastores, replicas)
            log = await log_of(database_url)
            caught_up = await becomes(lambda: len(follower.ids) >= len(log), _CATCH_UP_SECONDS)
        later = Follower(addresses[::-1], services.metadata("internal"))
        async with going_on(later.run()):
            caught_up &= await becomes(lambda: len(later.ids) >= len(log), _CATCH_UP_SECONDS)
        wrong = await faults_of(database_url, ledger)
    assert wrong == {}
    assert Counter(ledger.faults) == {}
    assert follower.faults == later.faults == []
    assert caught_up, (len(follower.ids), len(later.ids), len(log))
    assert follower.ids == log
    assert later.ids == log
    assert len(ledger.acknowledged) >= events
    assert _kills(happened) >= kills
    return {
        "seconds": round(sent_for),
        "clients": clients,
        **happened,
        "events sent": len(ledger.sent),
        "acknowledged": len(ledger.acknowledged),
        "stored": len(log),
        "stored, each once": len(set(log)),
        "of them never acknowledged": len(set(log) - ledger.acknowledged),
        "dead letters": len(ledger.refused),
        "answers": dict(ledger.counts),
        "followed": len(follower.ids),
        "follower": dict(follower.counts),
    }


def _kills(happened: Counter[str]) -> int:
    return happened["kills of replicas"] + happened["kills of Postgres"]


async def _kill_in_turn(
    services: TelemetryInstallation, postgres: ServerHandle, every: float, happened: Counter[str]
) -> None:
    """Kill for ever: a replica, Postgres, the other replica, Postgres."""
    for replica in cycle(services.telemetry.replicas):
        due = time.monotonic() + every
        await _kill_replica(replica, happened)
        await asyncio.sleep(due - time.monotonic())
        due = time.monotonic() + every
        await postgres.kill()
        happened["kills of Postgres"] += 1
        await postgres.wait_until_ready()
        await asyncio.sleep(due - time.monotonic())


async def _kill_replica(replica: ServiceProcess, happened: Counter[str]) -> None:
    replica.kill()
    happened["kills of replicas"] += 1
    await asyncio.sleep(random.uniform(0.0, 0.5))
    replica.start()
    # Now and then nobody waits for it: Postgres dies while it starts.
    if random.random() < 0.8:
        await replica.serving()


async def _trouble(valkey: ServerHandle, every: float, happened: Counter[str]) -> None:
    while True:
        await asyncio.sleep(random.uniform(0.5, 1.5) * every)
        async with Redis.from_url(valkey.url) as client:
            await client.flushall()
        happened["flushes of Redis"] += 1
        await asyncio.sleep(random.uniform(0.5, 1.5) * every)
        await valkey.stop()
        happened["stops of Redis"] += 1
        await asyncio.sleep(random.uniform(0.5, 3.0))
        await valkey.start()
        await valkey.wait_until_ready()


async def _heal(datastores: RunningDatastores, replicas: Sequence[ServiceProcess]) -> None:
    await datastores.postgres.ensure_running()
    await datastores.valkey.ensure_running()
    for replica in replicas:
        if not await replica.healthy():
            replica.kill()
            replica.start()
        await replica.serving()
