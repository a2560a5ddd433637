"""Services that refuse, fail, or are away: nothing is lost, and nothing counts twice."""

import dataclasses
import itertools
import time

import grpc
import pytest
from mirante import Mirante
from mirante.api.telemetry.v1 import event_pb2
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2
from mirante.telemetry import sender
from mirante.telemetry.records import Record
from mirante.telemetry.wire import PendingCall, Wire

from tests.integration.client_telemetry.conftest import QUICK, MakeClient
from tests.support.eventually import eventually
from tests.support.fake_telemetry import FakeTelemetry, abort, properties_of


def test_rejected_events_are_counted_and_never_sent_again(client: Mirante, telemetry: FakeTelemetry) -> None:
    """One bad event does not keep its batch; its reason shows in the status, its content does not."""
    client.track("good")
    client.track("bad_one", {"valor": "secret"}, user_id="secret")
    client.identify("unwanted")
    client.track("good")
    assert client.flush(10) == 0
    status = client.telemetry_status
    assert (status.sent, status.rejected) == (2, 2)
    assert {(note.event, note.reason, note.field) for note in status.rejections} == {
        ("bad_one", "CATALOGUE_VIOLATION", "properties.valor"),
        ("identify", "INVALID_REQUEST", "user_id"),
    }
    assert "secret" not in repr(status)
    assert set(telemetry.seen.values()) == {1}


def test_single_events_are_sent_again_when_told(client: Mirante, telemetry: FakeTelemetry) -> None:
    """A RETRY sends the same id again, not before its time, and nothing else with it."""
    told: list[bytes] = []

    def judge(event: event_pb2.Event) -> ingest_pb2.EventStatus.ValueType | None:
        if event.name == "later" and told.count(event.id) < 2:
            told.append(event.id)
            return ingest_pb2.EVENT_STATUS_RETRY
        return None

    telemetry.retry_after = 0.3
    telemetry.judge = judge
    client.track("now")
    client.track("later")
    assert client.flush(20) == 0
    assert telemetry.names == ["now", "later"]
    assert sorted(telemetry.seen.values()) == [1, 3]
    times = [at for at, _ in telemetry.calls]
    assert all(later - earlier >= 0.29 for earlier, later in itertools.pairwise(times))
    assert client.telemetry_status.sent == 2


def test_retry_info_is_honoured(client: Mirante, telemetry: FakeTelemetry) -> None:
    """A service that says when to come back is not called before."""
    telemetry.scripts.append(
        lambda _request, context: abort(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", retry_after=0.6)
    )
    client.track("x")
    assert client.flush(20) == 0
    first, second = (at for at, _ in telemetry.calls)
    assert second - first >= 0.59
    assert list(telemetry.seen.values()) == [2]
    assert client.telemetry_status.problem == ""


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN])
def test_failed_calls_are_made_again(client: Mirante, telemetry: FakeTelemetry, code: grpc.StatusCode) -> None:
    """With the same ids."""
    for _ in range(3):
        telemetry.scripts.append(lambda _request, context: abort(context, code))
    for _ in range(4):
        client.track("x")
    assert client.flush(20) == 0
    assert len(telemetry.stored) == 4
    assert client.telemetry_status.sent == 4


def test_an_answer_that_was_lost_costs_nothing(make_client: MakeClient, telemetry: FakeTelemetry) -> None:
    """What was stored but not answered in time is sent again, and counts as sent once."""
    client = make_client(dataclasses.replace(QUICK, call_timeout=0.3))

    def slow(request: ingest_pb2.IngestRequest, _context: object) -> ingest_pb2.IngestResponse:
        response = telemetry.take(request)
        time.sleep(0.8)
        return response

    telemetry.scripts.append(slow)
    client.track("x")
    assert client.flush(20) == 0
    [times] = telemetry.seen.values()
    assert times >= 2
    assert len(telemetry.stored) == 1
    assert client.telemetry_status.sent == 1


def test_one_event_that_sinks_its_batch_is_found(client: Mirante, telemetry: FakeTelemetry) -> None:
    """A batch that is refused as a whole is sent in parts, until the one that is refused alone."""

    def script(request: ingest_pb2.IngestRequest, context: grpc.ServicerContext) -> ingest_pb2.IngestResponse | None:
        telemetry.scripts.append(script)
        if any(event.name == "poison" for event in request.events):
            abort(context, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", field="events[3].name")
        return None

    telemetry.scripts.append(script)
    for number in range(40):
        client.track("poison" if number == 17 else "x")
    assert client.flush(20) == 0
    status = client.telemetry_status
    assert (status.sent, status.rejected) == (39, 1)
    assert status.rejections[-1].event == "poison"


def test_an_event_that_breaks_the_service_delays_no_other(client: Mirante, telemetry: FakeTelemetry) -> None:
    """The service fails with every batch that holds it; all others arrive."""

    def script(request: ingest_pb2.IngestRequest, context: grpc.ServicerContext) -> ingest_pb2.IngestResponse | None:
        telemetry.scripts.append(script)
        if any(event.name == "poison" for event in request.events):
            abort(context, grpc.StatusCode.INTERNAL, "INTERNAL")
        return None

    telemetry.scripts.append(script)
    for number in range(20):
        client.track("poison" if number == 7 else "x")
    assert eventually(lambda: client.flush(0.2) == 1)
    assert len(telemetry.named("x")) == 19
    assert client.telemetry_status.queued == 1


def test_wrong_settings_lose_nothing(make_client: MakeClient, telemetry: FakeTelemetry) -> None:
    """A key that is not accepted is tried seldom; its events wait."""
    client = make_client(dataclasses.replace(QUICK, exit_timeout=0.2), api_key="wrong")
    client.track("x")
    assert client.flush(0.5) == 1
    assert client.telemetry_status.problem == "UNAUTHENTICATED: UNKNOWN_KEY"
    assert client.telemetry_status.queued == 1
    assert len(telemetry.calls) <= 2
    client.close()
    assert client.telemetry_status.dropped["exit"] == 1


def test_an_outage_loses_nothing(client: Mirante, telemetry: FakeTelemetry) -> None:
    """The service is away for a while; afterwards everything is there once."""
    client.track("x", {"number": -1})
    assert client.flush(10) == 0
    telemetry.stop()
    for number in range(2_000):
        client.track("x", {"number": number})
    assert eventually(lambda: client.telemetry_status.problem.startswith("UNAVAILABLE"))
    assert client.flush(0.05) == 2_000
    telemetry.start()
    assert client.flush(30) == 0
    assert sorted(properties_of(event)["number"] for event in telemetry.stored.values()) == list(range(-1, 2_000))
    assert client.telemetry_status.sent == 2_001


def test_delivery_where_no_thread_can_be_started(
    telemetry: FakeTelemetry, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GRPC starts a thread for calls under way; where it cannot, calls are made without."""

    class Threadless(Wire):
        def start(self, parcel: list[Record]) -> PendingCall:
            """Fail, as gRPC does."""
            super().start(parcel)
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(sender, "Wire", Threadless)
    client = make_client()
    for _ in range(100):
        client.track("x")
    client.identify("u1", {"plan": "free"})
    assert client.flush(20) == 0
    assert len(telemetry.stored) == 100
    assert client.telemetry_status.sent == 101
