"""One of two replicas is killed over and over while flags change and Redis is emptied, stopped and started."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack

from mirante import Mirante
from redis.asyncio import Redis

from tests.support.crowd import Crowd, Truth
from tests.support.datastores import RunningDatastores, ServerHandle
from tests.support.faults.delivered import delivered_to_all
from tests.support.flag_service_process import ServiceProcess, becomes, installation
from tests.support.flag_writer import FlagWriter
from tests.support.probes import ClientProbe, going_on

STEADY = ("nova_ui_vendas", "dark_mode", "algoritmo_desconto")
"""Flags of the demo, which nobody takes away here."""


async def replica_killed_in_a_loop(
    datastores: RunningDatastores, database_url: str, crowd_type: Callable[..., Crowd], *, streams: int, seconds: float
) -> dict[str, object]:
    """Return what happened, after everybody was found to be current and nobody to have gone back."""
    async with installation(database_url, datastores.valkey.url) as services:
        survivor, victim = services.replicas
        writer = FlagWriter.at(survivor.address, services.metadata("admin"))
        await writer.create(30, segments=3)
        crowd = crowd_type(services.ports, services.keys["server"], hop_seconds=(1.0, seconds / 3))
        await crowd.open(streams)
        happened: Counter[str] = Counter()
        with ExitStack() as stack:
            secret = services.keys["server"]
            targets = (services.target, victim.address, survivor.address)
            clients = [stack.enter_context(Mirante(target, api_key=secret)) for target in targets]
            assert all(client.wait_until_ready(30) for client in clients)
            probes = [stack.enter_context(ClientProbe(client, STEADY)) for client in clients]
            async with going_on(
                writer.write_for_ever(0.02), _kill_and_start(victim, happened), _trouble(datastores.valkey, happened)
            ):
                await asyncio.sleep(seconds)
            crowd.stop_hopping()
            if not await victim.healthy():
                victim.kill()
                victim.start()
            await victim.serving()
            await datastores.valkey.ensure_running()
            await writer.kill(writer.alive())
            truth = await writer.truth()
            late = await crowd.reaches(truth)
            clients_current = await becomes(lambda: all(current(client, truth) for client in clients))
            delivery = await delivered_to_all(survivor.address, services.metadata("admin"), streams + len(clients))
        lost = await writer.lost()
        await crowd.close()
        await writer.close()
    assert crowd.ledger.faults == []
    assert late == []
    assert lost == []
    assert clients_current
    assert [fault for probe in probes for fault in probe.faults] == []
    assert writer.refusals == []
    assert happened["kills"] > 0
    assert happened["redis stops"] > 0
    return {
        "streams": streams,
        "seconds": seconds,
        **happened,
        "revision": truth.revision,
        "acknowledged": len(writer.acknowledged),
        "changes": dict(writer.done),
        "seen": dict(crowd.ledger.seen),
        "asked in process": sum(probe.asked for probe in probes),
        "delivery": delivery,
    }


def current(client: Mirante, truth: Truth) -> bool:
    """Return whether a client holds the truth."""
    versions = {("flag", key): answer.flag_version for key, answer in client.all_flags({}).items()}
    flags = {definition: version for definition, version in truth.definitions.items() if definition[0] == "flag"}
    return client.status.revision == truth.revision and versions == flags


async def _kill_and_start(victim: ServiceProcess, happened: Counter[str]) -> None:
    while True:
        await asyncio.sleep(random.uniform(0.2, 2.0))
        victim.kill()
        happened["kills"] += 1
        await asyncio.sleep(random.uniform(0.0, 0.5))
        victim.start()
        # Now and then before it serves: also what is half started is killed.
        if random.random() < 0.8:
            await victim.serving()


async def _trouble(valkey: ServerHandle, happened: Counter[str]) -> None:
    while True:
        await asyncio.sleep(random.uniform(0.3, 1.5))
        async with Redis.from_url(valkey.url) as client:
            await client.flushall()
        happened["redis flushes"] += 1
        await asyncio.sleep(random.uniform(0.3, 1.5))
        await valkey.stop()
        happened["redis stops"] += 1
        await asyncio.sleep(random.uniform(0.3, 2.0))
        await valkey.start()
        await valkey.wait_until_ready()
