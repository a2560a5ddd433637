"""A store that is killed at one step after the other: its log, and what has to be in it."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from mirante.api.common.v1.value_pb2 import Value
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1 import event_pb2

from services.metrics.analytics.store import tidy_plan
from services.metrics.analytics.store.arrays import Wanted
from services.metrics.analytics.store.folders import StoreFolder
from services.metrics.analytics.store.reading import AnalyticsStore
from services.metrics.analytics.store.segment_files import files_of
from services.metrics.analytics.store.wire.decoding import actor_number
from tests.support.analytics_writer import ENVIRONMENT, FEW, write_all

_ROOT = Path(__file__).parents[2]
_START = 1_780_000_000
_MERGED = 24
_MONTH = 31 * 86_400


def check_lives(folder: Path, stride: int) -> int:
    """
    Kill a writer before its first step, another one so many steps later, and so on; let each store be written to its
    end, and check it. Return how many were killed.
    """
    log, stores = folder / "log", folder / "stores"
    log.write_bytes(pickle.dumps(_responses()))
    command = [sys.executable, "-m", "tests.support.analytics_writer", str(stores), str(log), str(stride)]
    subprocess.run(command, check=True, cwd=_ROOT)
    lives = sorted(stores.iterdir(), key=lambda store: int(store.name))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        for name, rows in FEW.items():
            patch.setattr(tidy_plan, name, rows)
        for store in lives:
            write_all(store, log)
            _check(store)
    return len(lives) - 1


def _check(store: Path) -> None:
    step, expected = store.name, _expected()
    snapshot = AnalyticsStore(store).snapshot(ENVIRONMENT)
    with snapshot.connect(None) as connection:
        assert sorted(connection.sql('SELECT tenant, actor, "i.n" FROM events').fetchall()) == expected, step
    found: list[tuple[str, int, int]] = []
    for rows in snapshot.arrays(None, Wanted(columns=["tenant", "i.n"])):
        tenants, numbers = (rows.columns[column].to_pylist() for column in ("tenant", "i.n"))
        found += zip(tenants, rows.actor.tolist(), numbers, strict=True)
    assert sorted(found) == expected, step
    live = StoreFolder(store, ENVIRONMENT).live()
    assert live is not None
    build, manifest = live
    named = {file.name for segment in manifest.segments for file in files_of(build, segment)}
    assert {file.name for file in build.iterdir()} - {"manifest", "manifest.next"} == named, step


def _actor(name: str) -> bytes:
    return name.encode().ljust(16, b"-")


def _event(number: int) -> log_pb2.LogEntry:
    tenant, actor = ("loja", "bar")[number % 2], ("ana", "bia", "caio")[number % 3]
    # Whose an event is, is said as of when the log is read.
    owner = "ana" if (tenant, actor) == ("loja", "bia") and number >= _MERGED else actor
    stored = event_pb2.StoredEvent(
        event=event_pb2.Event(
            name="venda_criada", tenant=tenant, user_id=actor, properties={"n": Value(int_value=number)}
        ),
        actor_id=_actor(owner + tenant),
    )
    stored.occurred_at.FromSeconds(_START + number % 2 * _MONTH + number)
    return log_pb2.LogEntry(event=stored)


def _responses() -> list[bytes]:
    """Three responses: events, a merge at the end of the second, and an erasure at that of the third."""
    found = []
    for number in range(3):
        entries = [_event(each) for each in range(number * 12, number * 12 + 12)]
        if number == 1:
            merge = log_pb2.ActorMerge(tenant="loja", from_actor_id=_actor("bialoja"), into_actor_id=_actor("analoja"))
            entries.append(log_pb2.LogEntry(merge=merge))
        if number == 2:
            erasure = log_pb2.ActorErasure(tenant="bar", actor_ids=[_actor("caiobar")])
            entries.append(log_pb2.LogEntry(erasure=erasure))
        response = log_pb2.FollowEventsResponse(entries=entries, cursor=b"%d" % (number + 1), at_end=True)
        found.append(response.SerializeToString())
    return found


def _expected() -> list[tuple[str, int, int]]:
    rows = []
    for number in range(36):
        event = _event(number).event
        who = (event.event.tenant, event.event.user_id)
        if who != ("bar", "caio"):
            actor = "analoja" if who == ("loja", "bia") else event.event.user_id + event.event.tenant
            rows.append((event.event.tenant, actor_number(_actor(actor)), number))
    return sorted(rows)
