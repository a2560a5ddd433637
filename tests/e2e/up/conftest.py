"""Mirante as `make run` starts it, and the command line beside it."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.cli.app import app
from tests.support.running_up import RunningUp, running_up

MIRANTE = str(Path(sys.executable).with_name("mirante"))
Mirante = Callable[..., Result]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningUp]:
    """One start for all tests that do not end it."""
    with running_up([MIRANTE, "up"], tmp_path_factory.mktemp("home")) as started:
        started.until("ready")
        yield started
        assert started.stop() == 0


@pytest.fixture
def mirante(running: RunningUp) -> Mirante:
    """Run the command line in the checkout's way: the home and the port are all it knows."""
    return command_line(running)


def command_line(running: RunningUp) -> Mirante:
    """Return the command line for a started Mirante."""
    environment = {"MIRANTE_HOME": str(running.home), "MIRANTE_FLAGS_PORT": str(running.port)}

    def run(*arguments: str, stdin: str = "") -> Result:
        return CliRunner().invoke(app, arguments, input=stdin, env=environment, catch_exceptions=False)

    return run
