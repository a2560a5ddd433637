"""Runs the tracking program."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.fake_telemetry import KEY, FakeTelemetry

PROGRAM = Path(__file__).parents[2] / "support/tracking_program.py"


def start(scenario: str, service: FakeTelemetry, *arguments: object, **variables: object) -> subprocess.Popen[str]:
    """Start the program; what it prints can be read."""
    environment = {name: value for name, value in os.environ.items() if name != "GRPC_ENABLE_FORK_SUPPORT"}
    return subprocess.Popen(
        [sys.executable, PROGRAM, scenario, service.address, KEY, *(str(argument) for argument in arguments)],
        env=environment | {name: str(value) for name, value in variables.items()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(scenario: str, service: FakeTelemetry, *arguments: object, **variables: object) -> str:
    """Run the program to its end, which must be a good one; return what it printed."""
    with start(scenario, service, *arguments, **variables) as process:
        output, errors = process.communicate(timeout=110)
        assert process.returncode == 0, errors
        assert errors == ""
        return output


def status_of(line: str) -> dict[str, Any]:
    """Return the counters that the program printed."""
    status: dict[str, Any] = json.loads(line)
    return status
