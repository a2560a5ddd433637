"""
The metrics process is killed while it takes events into the analytics store, and while it makes the store anew: what
is in the store is what is in the log, each event once.
"""

import asyncio
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import asyncpg
import grpc.aio
from mirante.api.metrics.v1 import analytics_store_service_pb2 as store_pb2
from mirante.api.metrics.v1.analytics_store_service_pb2_grpc import AnalyticsStoreServiceStub
from mirante.api.telemetry.v1 import event_pb2
from mirante.api.telemetry.v1 import identity_service_pb2 as identity_pb2
from mirante.api.telemetry.v1.identity_service_pb2_grpc import IdentityServiceStub

from services.metrics.analytics.store import StoreUnavailable
from services.metrics.analytics.store.arrays import Wanted
from services.metrics.analytics.store.folders import Current, StoreFolder
from services.metrics.analytics.store.reading import AnalyticsStore
from tests.support.flag_service_process import CHANNEL_OPTIONS, ENVIRONMENT, becomes
from tests.support.telemetry_events import event_id
from tests.support.whole_mirante import WholeMirante, whole_mirante

_BATCH: Final = 200
_PEOPLE: Final = 40
_CATCH_UP_SECONDS: Final = 240.0
_LOG: Final = "SELECT (SELECT count(*) FROM events WHERE kind = 1), (SELECT count(DISTINCT event_id) FROM events)"


async def store_totals(database_url: str, redis_url: str, *, kills: int, seed: int = 1) -> dict[str, object]:
    """
    Return what happened, after the store held what the log holds.

    Events come until so many kills have passed; every other one is amidst the store being made anew.
    """
    happened: Counter[str] = Counter()
    chance = random.Random(seed)
    settings: dict[str, Any] = {
        "MIRANTE_ANALYTICS": "1",
        "MIRANTE_ANALYTICS_SECONDS": "0.05",
        "MIRANTE_REPORT_PROCESSES": "1",
    }
    async with whole_mirante(database_url, redis_url, **settings) as mirante:
        files = StoreFolder(mirante.home / "analytics", ENVIRONMENT)
        async with asyncio.TaskGroup() as group:
            trouble = group.create_task(_trouble(mirante, files, kills, chance, happened))
            while not trouble.done():
                await _send(mirante, happened)
                await asyncio.sleep(0.05)
        began = time.monotonic()
        logged, different = await _in_log(database_url)
        assert (logged, different) == (happened["events"], happened["events"])
        assert await becomes(lambda: _rows(mirante.home) == logged, _CATCH_UP_SECONDS), _rows(mirante.home)
        caught_up = time.monotonic() - began
        # Whoever counts twice what comes twice could be right by chance: each is there once, through both doors.
        with AnalyticsStore(mirante.home / "analytics").snapshot(ENVIRONMENT).connect(None) as connection:
            columns = 'count(*), count(DISTINCT position), count(DISTINCT "i.numero"), min("i.numero"), max("i.numero")'
            found = connection.sql(f"SELECT {columns} FROM events").fetchall()  # noqa: S608 - of this test
        assert found == [(logged, logged, logged, 1, logged)]
        arrays = AnalyticsStore(mirante.home / "analytics").snapshot(ENVIRONMENT).arrays(None, Wanted(nobody=True))
        assert sum(len(rows) for rows in arrays) == logged
        assert await becomes(lambda: _people(mirante.home) == _PEOPLE, _CATCH_UP_SECONDS), _people(mirante.home)
    return {**happened, "seconds until all were there": round(caught_up, 1)}


async def _trouble(
    mirante: WholeMirante, files: StoreFolder, kills: int, chance: random.Random, happened: Counter[str]
) -> None:
    assert await becomes(lambda: files.current().live)
    for number in range(kills):
        await asyncio.sleep(chance.uniform(0.1, 0.6))
        if number % 2:
            await _ask_rebuild(mirante)
            assert await becomes(lambda: _is_made_anew(files.current()))
            await asyncio.sleep(chance.uniform(0.0, 0.1))
            happened["kills amidst a rebuild"] += _is_made_anew(files.current())
        await mirante.restart(mirante.metrics)
        happened["kills"] += 1


def _is_made_anew(current: Current) -> bool:
    return bool(current.making)


async def _ask_rebuild(mirante: WholeMirante) -> None:
    metadata = (("authorization", f"Bearer {mirante.keys['admin']}"),)
    async with grpc.aio.insecure_channel(mirante.metrics.address, options=CHANNEL_OPTIONS) as channel:
        request = store_pb2.RebuildAnalyticsStoreRequest(environment=ENVIRONMENT)
        await AnalyticsStoreServiceStub(channel).RebuildAnalyticsStore(request, metadata=metadata, timeout=20)


async def _send(mirante: WholeMirante, happened: Counter[str]) -> None:
    """Send a batch of events of people, each of whom was somebody on a device first."""
    first = happened["events"] + 1
    events = []
    for number in range(first, first + _BATCH):
        person = number % _PEOPLE
        event = event_pb2.Event(id=event_id(), name="pagina_vista", tenant="acme", anonymous_id=f"d{person}")
        event.user_id = "" if number <= _PEOPLE else f"u{person}"
        event.properties["numero"].int_value = number
        events.append(event)
    assert await mirante.send(*events) == ["ACCEPTED"] * _BATCH
    happened["events"] += _BATCH
    if first == 1:
        await _join(mirante)


async def _join(mirante: WholeMirante) -> None:
    metadata = (("authorization", f"Bearer {mirante.keys['server']}"),)
    async with grpc.aio.insecure_channel(mirante.telemetry.address, options=CHANNEL_OPTIONS) as channel:
        stub = IdentityServiceStub(channel)
        for person in range(_PEOPLE):
            request = identity_pb2.AliasRequest(tenant="acme", anonymous_id=f"d{person}", user_id=f"u{person}")
            await stub.Alias(request, metadata=metadata, timeout=20)


async def _in_log(database_url: str) -> tuple[int, int]:
    connection: Any = await asyncpg.connect(database_url)
    try:
        rows, different = await connection.fetchrow(_LOG)
    finally:
        await connection.close()
    return rows, different


def _rows(home: Path) -> int:
    try:
        return AnalyticsStore(home / "analytics").snapshot(ENVIRONMENT).rows(None)
    except StoreUnavailable:
        return 0


def _people(home: Path) -> int:
    with AnalyticsStore(home / "analytics").snapshot(ENVIRONMENT).connect(None) as connection:
        [(actors,)] = connection.sql("SELECT count(DISTINCT actor) FROM events").fetchall()
    return int(actors)
