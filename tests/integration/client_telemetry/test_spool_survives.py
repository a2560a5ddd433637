"""What is on disk outlives the process, however it ends."""

import os
import signal
from pathlib import Path

import pytest

from tests.integration.client_telemetry.programs import run, start, status_of
from tests.support.fake_telemetry import FakeTelemetry, properties_of

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no locks for spools here")


def kill(scenario: str, telemetry: FakeTelemetry, spool: Path, **variables: object) -> dict[str, object]:
    """Run a program until it says where it stands, then kill it; return what it said."""
    with start(scenario, telemetry, spool, **variables) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL
    return status_of(line)


def test_killed_while_the_service_is_away(telemetry: FakeTelemetry, tmp_path: Path) -> None:
    """A kill -9 with everything on disk: the next process delivers it, with the same ids, and its counters add up."""
    telemetry.stop()
    before = kill("forever", telemetry, tmp_path)
    assert (before["spooled"], before["queued"]) == (301, 0)
    telemetry.start()
    after = status_of(run("adopter", telemetry, tmp_path, ADOPTS=301))
    assert (after["tracked"], after["adopted"], after["sent"]) == (1, 301, 302)
    assert (after["queued"], after["spooled"], after["rejected"]) == (0, 0, 0)
    assert sorted(properties_of(event)["number"] for event in telemetry.named("venda_criada")) == list(range(300))
    assert [request.user_id for request in telemetry.identified] == ["u1"]
    assert set(telemetry.seen.values()) == {1}
    assert list(tmp_path.rglob("*.events")) == []


def test_killed_between_sending_and_the_answer(telemetry: FakeTelemetry, tmp_path: Path) -> None:
    """What the service has but has not answered is sent again; it counts once."""
    telemetry.delay = 1.0
    with start("forever", telemetry, tmp_path, LINGER=0) as process:
        assert process.stdout is not None
        process.stdout.readline()
        while not telemetry.seen:
            pass
        process.kill()
    telemetry.delay = 0.0
    after = status_of(run("adopter", telemetry, tmp_path, ADOPTS=301))
    assert after["adopted"] == 301
    assert after["sent"] == 302
    assert sorted(properties_of(event)["number"] for event in telemetry.named("venda_criada")) == list(range(300))
    assert max(telemetry.seen.values()) == 2


def test_several_that_were_killed(telemetry: FakeTelemetry, tmp_path: Path) -> None:
    """One process takes over from all that are gone, and from none that lives."""
    telemetry.stop()
    with start("forever", telemetry, tmp_path) as living:
        assert living.stdout is not None
        living.stdout.readline()
        for _ in range(2):
            kill("forever", telemetry, tmp_path)
        telemetry.start()
        after = status_of(run("adopter", telemetry, tmp_path, ADOPTS=602))
        assert after["adopted"] == 602
        living.kill()
    assert set(telemetry.seen.values()) == {1}


def test_a_normal_exit_leaves_the_rest_on_disk(telemetry: FakeTelemetry, tmp_path: Path) -> None:
    """With the service away a process ends at once; nothing is lost."""
    telemetry.stop()
    run("many", telemetry, tmp_path)
    telemetry.start()
    after = status_of(run("adopter", telemetry, tmp_path, ADOPTS=5_000))
    assert after["sent"] == 5_001
    assert len(telemetry.named("venda_criada")) == 5_000
