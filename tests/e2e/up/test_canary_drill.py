"""A guarded canary on the shop of `make run`: a variant that throws errors is killed, one that works reaches all."""

import json
import os
import subprocess
import sys
from typing import Any

from tests.support.running_up import RunningUp

_MODULE = "services.demo_shop.canary_drill"


def test_a_plan_kills_what_throws_errors_in_the_shop_and_finishes_what_does_not(running: RunningUp) -> None:
    """The harmless variant runs to 100 %; of the broken one each moment until the last client is known, in order."""
    harmless = _drill(running, "--harmless")
    assert harmless["ended"] == "completed"
    assert [(each["what"], each["detail"]) for each in harmless["moments"]] == [
        ("stage begun", "50 % of the users"),
        ("stage begun", "100 % of the users"),
        ("completed", "100 % of the users"),
    ]
    broken = _drill(running)
    assert broken["ended"] == "breached"
    begun, *moments = broken["moments"]
    assert [begun["what"], *(each["what"] for each in moments[-4:])] == [
        *("stage begun", "first error", "breach", "kill", "last client off")
    ]
    times = [each["at"] for each in (begun, *moments[-4:])]
    assert times == sorted(times)
    breach, kill, last = moments[-3:]
    assert "erro_frontend" in breach["detail"]
    assert kill["detail"] == "by demo-internal", "the key that services have, and no person"
    assert int(last["detail"].split()[0]) > 3, "the shop is a client as well"


def _drill(running: RunningUp, *arguments: str) -> dict[str, Any]:
    """Run the drill as a person does; return the time line, which is printed for who looks at the test."""
    variables = {**os.environ, "MIRANTE_HOME": str(running.home), "MIRANTE_FLAGS_ADDRESS": running.address}
    done = subprocess.run(
        [sys.executable, "-m", _MODULE, "--json", *arguments],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    sys.stdout.write(done.stdout)
    document: dict[str, Any] = json.loads(done.stdout)
    return document
