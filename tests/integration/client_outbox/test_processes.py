"""Relays in processes that are killed, and that fork."""

import contextlib
import os
import random
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import grpc
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2
from mirante.outbox import RelayStatus

from tests.integration.client_outbox.conftest import MakeRelay
from tests.support import relaying_program
from tests.support.eventually import eventually
from tests.support.fake_telemetry import KEY, FakeTelemetry
from tests.support.outbox_table import OutboxTable

PROGRAM = Path(relaying_program.__file__)


@contextlib.contextmanager
def relaying(table: OutboxTable, telemetry: FakeTelemetry, *how: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a process that relays until the block ends, then kill it."""
    command = [sys.executable, str(PROGRAM), table.url, telemetry.address, KEY, *how]
    # As in an application: the client says how gRPC is prepared for forks, not what else this process imported.
    environment = {name: value for name, value in os.environ.items() if name != "GRPC_ENABLE_FORK_SUPPORT"}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment) as process:
        try:
            said(process, "relaying")
            yield process
        finally:
            process.kill()


def said(process: "subprocess.Popen[str]", word: str) -> None:
    """Wait until the process says it."""
    assert process.stdout is not None
    assert word in iter(lambda: process.stdout and process.stdout.readline().strip(), "")


def asked(process: "subprocess.Popen[str]", line: str) -> int:
    """Return what the process answers to a line."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def test_a_kill_between_answer_and_commit_counts_nothing_twice(
    table: OutboxTable, telemetry: FakeTelemetry, make_relay: MakeRelay
) -> None:
    """The service has the events, the table still has them, too: they come again with the same ids, as duplicates."""
    added = table.add(*["venda_criada"] * 3)
    with relaying(table, telemetry, "hang") as process:
        said(process, "hanging")
        assert [uuid.UUID(bytes=event_id) for event_id in telemetry.stored] == added
        # Nobody else may take them while that process lives.
        other = make_relay()
        other.start()
        later = table.add("venda_criada")
        assert eventually(lambda: len(telemetry.stored) == 4)
        assert eventually(lambda: table.ids() == added)
    assert eventually(lambda: table.ids() == [])
    assert [uuid.UUID(bytes=event_id) for event_id in telemetry.stored] == added + later
    assert [telemetry.seen[event_id.bytes] for event_id in added + later] == [2, 2, 2, 1]
    assert eventually(lambda: other.status == RelayStatus(sent=1, duplicates=3))


def test_kills_at_any_moment_lose_nothing(table: OutboxTable, telemetry: FakeTelemetry, make_relay: MakeRelay) -> None:
    """Relays come and are killed while events are added; in the end each of these is there once."""
    added: list[uuid.UUID] = []
    for _ in range(4):
        stop_after = len(telemetry.batches) + random.randint(1, 8)
        with relaying(table, telemetry):
            while len(telemetry.batches) < stop_after:
                added += table.add(*["venda_criada"] * random.randint(1, 25))
    make_relay().start()
    assert eventually(lambda: table.ids() == [])
    assert sorted(uuid.UUID(bytes=event_id) for event_id in telemetry.stored) == sorted(added)


def test_a_relay_outlives_a_fork(table: OutboxTable, telemetry: FakeTelemetry) -> None:
    """In the parent it goes on; the child has none until it starts one, and leaves the parent's connection alone."""
    with relaying(table, telemetry) as process:
        table.add("venda_criada")
        assert eventually(lambda: len(telemetry.stored) == 1)
        for number in (2, 4):
            assert asked(process, "relay") == 0
            table.add("venda_criada")
            assert eventually(lambda: len(telemetry.stored) > number)  # noqa: B023 - called before the next turn
        assert telemetry.names.count("venda_na_filha") == 2
        assert eventually(lambda: table.ids() == [])


def test_a_fork_cuts_the_batch_under_way_off(table: OutboxTable, telemetry: FakeTelemetry) -> None:
    """GRPC has to be let go of; the batch comes again, and counts once."""

    def answer_after_the_fork(request: ingest_pb2.IngestRequest, _context: grpc.ServicerContext) -> None:
        telemetry.take(request)
        taken.set()
        forked.wait()

    taken, forked = threading.Event(), threading.Event()
    telemetry.scripts.append(answer_after_the_fork)
    added = table.add(*["venda_criada"] * 3)
    with relaying(table, telemetry) as process:
        assert taken.wait(60)
        assert asked(process, "fork") == 0
        forked.set()
        assert eventually(lambda: table.ids() == [])
        assert [uuid.UUID(bytes=event_id) for event_id in telemetry.stored] == added
        assert eventually(lambda: asked(process, "delivered") == 3)
