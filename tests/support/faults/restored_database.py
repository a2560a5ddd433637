"""The database is put back to what it was some changes ago, under running replicas or while they are down."""

from collections.abc import Callable
from contextlib import AsyncExitStack

from mirante import Mirante

from tests.support.crowd import Crowd, Truth
from tests.support.datastores import RunningDatastores, run_datastores
from tests.support.faults.database_copies import CopiedDatabase, CopiedFiles
from tests.support.faults.replica_killed import STEADY, current
from tests.support.flag_service_process import Installation, becomes, installation
from tests.support.flag_writer import FlagWriter
from tests.support.probes import ClientProbe

LOST_CHANGES = 15


async def restored(
    services: Installation,
    copy: CopiedDatabase | CopiedFiles,
    crowd_type: Callable[..., Crowd],
    *,
    streams: int,
    restart: bool,
    write_first: bool,
) -> dict[str, object]:
    """
    Return what happened, after everybody ended on the lineage of the restored database and nobody went back in one.

    Args:
        services: running replicas.
        copy: how the database is copied and put back.
        crowd_type: makes subscribers.
        streams: how many.
        restart: whether the replicas are down meanwhile, so that only subscribers remember.
        write_first: whether flags are changed before anybody has noticed.
    """
    async with AsyncExitStack() as stack:
        secret = services.keys["server"]
        writer = FlagWriter.at(services.replicas[0].address, services.metadata("admin"))
        stack.push_async_callback(writer.close)
        await writer.create(10, segments=2)
        await copy.take()
        crowd = crowd_type(services.ports, secret)
        stack.push_async_callback(crowd.close)
        await crowd.open(streams)
        client = stack.enter_context(Mirante(services.target, api_key=secret))
        assert client.wait_until_ready(30)
        probe = stack.enter_context(ClientProbe(client, STEADY))
        await _write(writer, LOST_CHANGES)
        before = await writer.truth()
        await _all_reach(before, crowd, client)
        if restart:
            for replica in services.replicas:
                replica.kill()
        await copy.put_back()
        if restart:
            await services.start()
        restorer = FlagWriter.at(services.replicas[1].address, services.metadata("admin"), "depois")
        stack.push_async_callback(restorer.close)
        if write_first:
            await restorer.create(1)

        assert await becomes(lambda: crowd.states[0].lineage != before.lineage)
        await _all_reach(await restorer.truth(), crowd, client)
        await restorer.create(3)
        await _write(restorer, 2 * LOST_CHANGES)
        after = await restorer.truth()
        await _all_reach(after, crowd, client)
        lost = await restorer.lost()
    assert after.lineage != before.lineage
    assert crowd.ledger.faults == []
    assert probe.faults == []
    assert lost == []
    return {
        "streams": streams,
        "revision before, after": [before.revision, after.revision],
        "lineages seen": len({lineage for lineage, _ in crowd.ledger.digests}),
        "lineages of the client": len(probe.lineages),
        "seen": dict(crowd.ledger.seen),
    }


async def restored_copy(
    datastores: RunningDatastores,
    database_url: str,
    crowd_type: Callable[..., Crowd],
    *,
    streams: int,
    restart: bool,
    write_first: bool,
) -> dict[str, object]:
    """Put back a copy of one database."""
    copy = CopiedDatabase(datastores.postgres, database_url)
    async with installation(database_url, datastores.valkey.url) as services:
        return await restored(services, copy, crowd_type, streams=streams, restart=restart, write_first=write_first)


async def restored_files(crowd_type: Callable[..., Crowd], *, streams: int, restart: bool) -> dict[str, object]:
    """Put back the files of a server of our own."""
    with run_datastores() as datastores:
        folder = datastores.home / "postgres"
        async with installation(datastores.postgres.url, datastores.valkey.url) as services:
            copy = CopiedFiles(datastores.postgres, folder)
            return await restored(services, copy, crowd_type, streams=streams, restart=restart, write_first=False)


async def _all_reach(truth: Truth, crowd: Crowd, client: Mirante) -> None:
    assert await crowd.reaches(truth) == []
    assert await becomes(lambda: current(client, truth))


async def _write(writer: FlagWriter, changes: int) -> None:
    written = 0
    while written < changes:
        written += await writer.write_once()
