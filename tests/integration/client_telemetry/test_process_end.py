"""The normal end of a process loses nothing."""

from pathlib import Path

from tests.integration.client_telemetry.programs import run
from tests.support.fake_telemetry import FakeTelemetry, properties_of


def test_five_thousand_events_and_a_normal_exit(telemetry: FakeTelemetry) -> None:
    """The service answers in 300 ms, the program ends at once after tracking: all arrive."""
    telemetry.delay = 0.3
    run("many", telemetry)
    assert sorted(properties_of(event)["number"] for event in telemetry.stored.values()) == list(range(5_000))


def test_five_thousand_events_and_a_spool(telemetry: FakeTelemetry, tmp_path: Path) -> None:
    """The same with a spool, of which nothing is left."""
    telemetry.delay = 0.3
    run("many", telemetry, tmp_path)
    assert len(telemetry.stored) == 5_000
    assert list(tmp_path.rglob("*.events")) == []


def test_exit_while_a_thread_still_tracks(telemetry: FakeTelemetry) -> None:
    """A daemon thread that tracks to the very end disturbs nothing."""
    run("thread_left", telemetry)
    assert len(telemetry.named("of_thread")) > 10


def test_workers_of_multiprocessing(telemetry: FakeTelemetry) -> None:
    """They end without Python's exit handlers; what they tracked arrives."""
    run("pool", telemetry)
    assert telemetry.names == ["of_worker"] * 30


def test_exit_while_the_service_is_away(telemetry: FakeTelemetry) -> None:
    """The process ends within its bound."""
    telemetry.stop()
    assert run("many", telemetry, EXIT_TIMEOUT=0.3) == ""
