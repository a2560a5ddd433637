"""What the load tests share."""

import json
import sys
from collections.abc import Callable, Mapping

import pytest

Report = Callable[[Mapping[str, object]], None]


@pytest.fixture
def report(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Report:
    """Print what a test counted, also when it passes."""

    def write(counts: Mapping[str, object]) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{request.node.name}: {json.dumps(counts)}\n")

    return write
