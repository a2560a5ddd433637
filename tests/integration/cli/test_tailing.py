"""`mirante events tail` over a stream that brings events, breaks and ends."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from mirante.api.telemetry.v1 import event_log_service_pb2 as pb2
from mirante.api.telemetry.v1 import event_pb2

from tests.integration.cli.conftest import Mirante
from tests.support.scripted_service import Refused, ScriptedService

Stream = Iterator[pb2.TailEventsResponse]

END = Refused(grpc.StatusCode.PERMISSION_DENIED, "ROLE_DENIED", "the end")
CONNECTED = pb2.TailEventsResponse()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reconnect at once."""
    monkeypatch.setattr("services.cli.events.tail._FIRST_PAUSE_SECONDS", 0.001)


@pytest.fixture
def in_sao_paulo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the process be in another time zone."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "America/Sao_Paulo")
        time.tzset()
        yield
    time.tzset()


def event(number: int, name: str = "venda_criada", **fields: Any) -> event_pb2.StoredEvent:
    """Return an event that was received in that second."""
    stored = event_pb2.StoredEvent(event=event_pb2.Event(id=b"%016d" % number, name=name, **fields))
    stored.received_at.seconds = stored.occurred_at.seconds = 1_773_144_000 + number
    return stored


def brought(*events: event_pb2.StoredEvent, missed: int = 0) -> pb2.TailEventsResponse:
    """Return a response."""
    return pb2.TailEventsResponse(events=events, missed=missed)


class Script:
    """One function a stream, in turn, then the end; and what was asked for."""

    def __init__(self, service: ScriptedService, *streams: Callable[[], Stream]) -> None:
        self.asked: list[pb2.TailEventsRequest] = []
        self._streams = iter(streams)
        service.answers["TailEvents"] = self.answer

    def answer(self, requests: Iterator[Any]) -> Stream:
        """Answer one stream."""
        self.asked.append(next(requests))
        return next(self._streams, end)()


def end() -> Stream:
    """Refuse for good, which ends the command."""
    raise END


@pytest.mark.usefixtures("in_sao_paulo")
def test_a_line_says_when_where_what_who_and_how(service: ScriptedService, mirante: Mirante) -> None:
    """In local time; a text cannot steer the terminal."""

    def brings() -> Stream:
        sale = event(0, tenant="acme", user_id="ana")
        sale.event.properties["valor"].string_value = "10.50"
        sale.event.properties["itens_count"].int_value = 2
        yield CONNECTED
        yield brought(sale, event(1, "login_falha", anonymous_id="x\x1b[31m"), event(2, "logout"))

    Script(service, brings)
    result = mirante("events", "tail")
    assert result.stdout.splitlines() == [
        "2026-03-10 09:00:00  venda_criada  acme  ana  itens_count=2 valor=10.50",
        "2026-03-10 09:00:01  login_falha  -  (x\N{REPLACEMENT CHARACTER}[31m)",
        "2026-03-10 09:00:02  logout  -  -",
    ]
    assert "Ctrl-C" in result.stderr


def test_filters_are_the_services(service: ScriptedService, mirante: Mirante) -> None:
    """They travel with the request."""
    script = Script(service)
    mirante("events", "tail", "--name", "a", "--name", "b", "--tenant", "acme", "--user", "ana", "--last", "7")
    mirante("events", "tail")
    assert script.asked == [
        pb2.TailEventsRequest(environment="production", names=["a", "b"], tenant="acme", user_id="ana", last=7),
        pb2.TailEventsRequest(environment="production", last=10),
    ]


def test_events_go_on_after_a_broken_stream(service: ScriptedService, mirante: Mirante) -> None:
    """What came in meanwhile is fetched, and nothing is printed twice."""

    def breaks() -> Stream:
        yield CONNECTED
        yield brought(event(1), event(2))
        raise Refused(grpc.StatusCode.UNAVAILABLE, "NOT_READY", "shutting down")

    def ends_well() -> Stream:
        yield brought(event(0), event(1), event(2), event(3))

    def resumes() -> Stream:
        yield brought(event(3), event(4))

    script = Script(service, breaks, ends_well, resumes)
    result = mirante("--json", "events", "tail", "--last", "0")
    printed = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["received_at"] for each in printed] == [f"2026-03-10T12:00:0{number}Z" for number in (1, 2, 3, 4)]
    assert [asked.last for asked in script.asked] == [0, 1_000, 1_000, 1_000]
    assert result.exit_code == 1


def test_a_quiet_stream_that_breaks_is_opened_again(service: ScriptedService, mirante: Mirante) -> None:
    """It was good although it brought nothing."""

    def quiet() -> Stream:
        yield CONNECTED
        raise Refused(grpc.StatusCode.UNAVAILABLE, "NOT_READY", "shutting down")

    script = Script(service, quiet, quiet)
    result = mirante("events", "tail")
    assert len(script.asked) == 3
    assert "shutting down; trying again" in result.stderr


def test_what_cannot_be_opened_at_all_is_not_tried_again(service: ScriptedService, mirante: Mirante) -> None:
    """A wrong address or a service that is down is said at once."""

    def refuses() -> Stream:
        raise Refused(grpc.StatusCode.UNAVAILABLE, "NOT_READY", "starting")

    script = Script(service, refuses)
    result = mirante("events", "tail")
    assert (result.exit_code, len(script.asked)) == (1, 1)


def test_missed_events_are_told(service: ScriptedService, mirante: Mirante) -> None:
    """To people and to programs."""

    def brings() -> Stream:
        yield brought(event(1), missed=3)

    Script(service, brings, brings)
    assert "3 events were left out" in mirante("events", "tail").stderr
    Script(service, brings)
    lines = mirante("--json", "events", "tail").stdout.splitlines()
    assert json.loads(lines[1]) == {"missed": 3}


def test_an_event_for_programs(service: ScriptedService, mirante: Mirante) -> None:
    """Field names are those of the contract, and ids are written as UUIDs are."""

    def brings() -> Stream:
        stored = event(1, tenant="acme", user_id="ana")
        stored.event.id = bytes.fromhex("0198c0de000070008000000000000001")
        stored.actor_id = b"\xab" * 16
        stored.event.properties["valor"].string_value = "10.50"
        yield brought(stored)

    Script(service, brings)
    (printed,) = [json.loads(line) for line in mirante("--json", "events", "tail").stdout.splitlines()]
    assert printed["event"]["id"] == "0198c0de-0000-7000-8000-000000000001"
    assert printed["event"]["properties"] == {"valor": "10.50"}
    assert printed["actor_id"] == "ab" * 16


def test_interrupt_ends_quietly(service: ScriptedService, tmp_path: Path) -> None:
    """Ctrl-C is how it is meant to end."""
    released = threading.Event()

    def stays() -> Stream:
        yield CONNECTED
        yield brought(event(1))
        released.wait()

    Script(service, stays)
    command = [str(Path(sys.executable).with_name("mirante")), "events", "tail"]
    environment = {**os.environ, "MIRANTE_TELEMETRY_ADDRESS": service.address, "MIRANTE_API_KEY": "x"}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert "venda_criada" in process.stdout.readline()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        finally:
            released.set()
            process.kill()
    assert (process.returncode, out) == (0, "")
    assert err == "looking at events as they come in; Ctrl-C ends\n"
