"""When the client tries again, decided without a clock."""

from typing import Any

import grpc
import pytest
from google.protobuf import duration_pb2, message
from google.rpc import error_details_pb2, status_pb2
from hypothesis import given, settings
from hypothesis import strategies as st
from mirante.client.backoff import Backoff
from mirante.client.settings import Timing
from mirante.client.stream_end import EndKind, Schedule, StreamEnd, end_of_error

LOST = StreamEnd(EndKind.LOST, "")
DENIED = StreamEnd(EndKind.DENIED, "")


class Failure(grpc.RpcError, grpc.Call):
    """A failed call, as grpc raises it."""

    def __init__(self, code: grpc.StatusCode, *details: message.Message) -> None:
        super().__init__()
        self._code = code
        self._status = status_pb2.Status()
        for detail in details:
            self._status.details.add().Pack(detail)

    def code(self) -> grpc.StatusCode:
        """The status."""
        return self._code

    def details(self) -> str:
        """The message for people."""
        return "why"

    def trailing_metadata(self) -> Any:
        """Where google.rpc details travel."""
        return (("grpc-status-details-bin", self._status.SerializeToString()),)

    def _unused(self, *_: Any) -> Any:
        raise NotImplementedError

    initial_metadata = is_active = time_remaining = cancel = _unused
    add_callback: Any = _unused


def delays(draw: float, count: int = 12) -> list[float]:
    """The first delays of a back-off whose lots all fall on `draw`."""
    backoff = Backoff(0.2, 30.0, lambda: draw)
    return [backoff.next_delay() for _ in range(count)]


def test_delays_double_up_to_the_longest() -> None:
    """0.2 s, 0.4 s, ... and then 30 s for ever."""
    assert delays(1.0) == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0, 30.0, 30.0]


def test_half_of_each_delay_is_kept() -> None:
    """Whatever the lot, nobody calls in a tight loop."""
    assert delays(0.0) == [delay / 2 for delay in delays(1.0)]


def test_it_never_gives_up() -> None:
    """After months of failures the delay is still a number."""
    assert delays(1.0, 100_000)[-1] == 30.0


@settings(deadline=None)  # machines are noisy
@given(st.floats(0, 1, exclude_max=True), st.integers(1, 40))
def test_delays_stay_in_bounds(draw: float, count: int) -> None:
    """At least half the base, at most the longest."""
    assert all(0.1 <= delay <= 30.0 for delay in delays(draw, count))


def test_a_healthy_stream_starts_the_schedule_over() -> None:
    """A stream that brought rules and lived for a while is followed by a short wait."""
    schedule = Schedule(Timing())
    for _ in range(8):
        schedule.delay(LOST, lived=0.01, brought_rules=False)
    assert schedule.delay(LOST, lived=60.0, brought_rules=True) <= 0.2


@pytest.mark.parametrize(("lived", "brought_rules"), [(0.01, True), (60.0, False)])
def test_an_unhealthy_stream_does_not(lived: float, brought_rules: bool) -> None:
    """One that ends at once, or never brought anything, makes the wait longer."""
    schedule = Schedule(Timing())
    waits = [schedule.delay(LOST, lived=lived, brought_rules=brought_rules) for _ in range(10)]
    assert waits[-1] >= 15.0


def test_a_denied_key_is_tried_slowly() -> None:
    """Half a minute at first, five minutes in the end."""
    schedule = Schedule(Timing())
    waits = [schedule.delay(DENIED, lived=0.0, brought_rules=False) for _ in range(6)]
    assert 15.0 <= waits[0] <= 30.0
    assert 150.0 <= waits[-1] <= 300.0


def test_the_hint_of_a_goodbye_is_kept() -> None:
    """The service spreads its subscribers; its hint is longer than the back-off."""
    goodbye = StreamEnd(EndKind.GOODBYE, "", retry_after=4.0)
    assert Schedule(Timing()).delay(goodbye, lived=60.0, brought_rules=True) == 4.0


def test_goodbyes_in_a_row_are_no_tight_loop() -> None:
    """A hint of zero does not undo the back-off."""
    schedule = Schedule(Timing())
    goodbye = StreamEnd(EndKind.GOODBYE, "")
    waits = [schedule.delay(goodbye, lived=0.0, brought_rules=False) for _ in range(10)]
    assert waits[-1] >= 15.0


@pytest.mark.parametrize(
    ("code", "with_token", "kind"),
    [
        (grpc.StatusCode.UNAVAILABLE, True, EndKind.LOST),
        (grpc.StatusCode.INTERNAL, True, EndKind.LOST),
        (grpc.StatusCode.CANCELLED, True, EndKind.LOST),
        (grpc.StatusCode.NOT_FOUND, True, EndKind.LOST),
        (grpc.StatusCode.UNAUTHENTICATED, True, EndKind.DENIED),
        (grpc.StatusCode.PERMISSION_DENIED, False, EndKind.DENIED),
        (grpc.StatusCode.INVALID_ARGUMENT, True, EndKind.START_OVER),
        (grpc.StatusCode.INVALID_ARGUMENT, False, EndKind.LOST),
    ],
)
def test_statuses_mean(code: grpc.StatusCode, with_token: bool, kind: EndKind) -> None:
    """What a status says about the next attempt."""
    assert end_of_error(Failure(code), with_token=with_token) == StreamEnd(kind, f"{code.name}: why")


def test_a_damaged_token_is_named_by_its_reason() -> None:
    """The reason counts, whatever the status."""
    info = error_details_pb2.ErrorInfo(reason="INVALID_RESUME_TOKEN", domain="mirante")
    assert end_of_error(Failure(grpc.StatusCode.UNKNOWN, info), with_token=False).kind is EndKind.START_OVER


def test_the_hint_of_an_overloaded_service_is_kept() -> None:
    """RetryInfo is waited for, up to five minutes."""
    hint = error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=7, nanos=500_000_000))
    assert end_of_error(Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, hint), with_token=False).retry_after == 7.5
    forever = error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=10**9))
    assert end_of_error(Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, forever), with_token=False).retry_after == 300.0


def test_garbage_for_details_is_survived() -> None:
    """A proxy may send anything."""
    failure = Failure(grpc.StatusCode.UNAVAILABLE)
    failure.trailing_metadata = lambda: (("grpc-status-details-bin", b"\xff\xff"),)  # type: ignore[method-assign]
    assert end_of_error(failure, with_token=False).kind is EndKind.LOST


def test_lots_differ() -> None:
    """Without a given lot the delays are drawn."""
    drawn = {Backoff(1.0, 1.0).next_delay() for _ in range(50)}
    assert len(drawn) > 40
