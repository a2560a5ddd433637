"""A new version takes the place of an old one, replica by replica, over one database that has the new one's tables."""

import asyncio
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import grpc.aio
from mirante.api.common.v1 import diagnostics_service_pb2 as pb2
from mirante.api.common.v1.diagnostics_service_pb2_grpc import DiagnosticsServiceStub

from tests.support.datastores import RunningDatastores
from tests.support.faults.steady_load import CrowdType, SteadyLoad, steady_load
from tests.support.flag_service_process import CHANNEL_OPTIONS, ServiceProcess
from tests.support.replicated_mirante import ReplicatedMirante, migrate, replicated_mirante
from tests.support.versions import next_release, of_the_history

_STEADY_SECONDS: Final = 1.0
_CURRENT_SECONDS: Final = 5.0
"""After a replica was replaced, every client has the present revision within so much."""
_ERRORS_EACH: Final = 20
"""Calls that met the end of one replica, at the most. Nobody repeats changes; senders send batches again."""
_EVENTS_AGAIN_SECONDS: Final = 2.0
"""Of the events of so much time a replica may say, when it ends, that they have to be sent again."""


async def upgraded(
    datastores: RunningDatastores,
    database_url: str,
    crowd_type: CrowdType,
    *,
    streams: int,
    events_per_second: float,
    previous: str | None,
) -> dict[str, object]:
    """
    Return what happened, after no evaluation failed, no event was lost, and everybody stayed current.

    Args:
        datastores: where.
        database_url: an empty database.
        crowd_type: makes subscribers.
        streams: how many.
        events_per_second: of all senders.
        previous: the revision of the history that is upgraded to this version; None upgrades this version to one that
            adds to every table.
    """
    current: list[float] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="mirante-version-")))
        old = of_the_history(previous, folder / "old") if previous else None
        new = None if previous else next_release(folder / "new")
        async with (
            replicated_mirante(database_url, datastores.valkey.url, code=old) as services,
            steady_load(services, crowd_type, streams=streams, events_per_second=events_per_second) as load,
        ):
            await asyncio.sleep(_STEADY_SECONDS)
            await migrate(database_url, new)
            current.append(await load.seconds_until_current())
            if previous is None:
                assert await _beside_newer_tables(services) == len(services.processes)
            for process in services.processes:
                current.append(await _replaced(process, new, load))
            # Also back: a release that disappoints is taken back beside its own tables.
            for code in (old, new):
                for installation in (services.flags, services.telemetry):
                    current.append(await _replaced(installation.replicas[0], code, load))
            await load.until_written()
            assert await _beside_newer_tables(services) == 0
    errors = load.errors()
    assert max(current) <= _CURRENT_SECONDS, current
    assert not any(what.startswith("evaluations") for what in errors), errors
    again = errors.pop("events: RETRY", 0)
    assert again <= _EVENTS_AGAIN_SECONDS * events_per_second * len(current), again
    assert sum(errors.values()) <= _ERRORS_EACH * len(current), errors
    return {
        "replaced": len(current) - 1,
        "seconds until all clients were current": [round(each, 2) for each in current],
        **load.counts,
    }


async def _beside_newer_tables(services: ReplicatedMirante) -> int:
    """Return how many replicas are of a version that does not know all of the database's tables."""
    found = 0
    for process in services.processes:
        async with grpc.aio.insecure_channel(process.address, options=CHANNEL_OPTIONS) as channel:
            stub = DiagnosticsServiceStub(channel)
            answer = await stub.GetDiagnostics(pb2.GetDiagnosticsRequest(), metadata=services.metadata("admin"))
            found += bool(answer.postgres.unknown_migrations)
    return found


async def _replaced(process: ServiceProcess, code: Path | None, load: SteadyLoad) -> float:
    """Replace a replica by one of another version; return the seconds until every client is current after that."""
    assert await process.terminate() == 0
    process.code = code
    process.start()
    await process.serving()
    seconds = await load.seconds_until_current()
    await asyncio.sleep(_STEADY_SECONDS)
    return seconds
