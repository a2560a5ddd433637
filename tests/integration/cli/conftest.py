"""A scripted service, and the command line pointed at it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.cli.app import app
from tests.support.scripted_service import ScriptedService, scripted_service

Mirante = Callable[..., Result]


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    """A service without answers."""
    with scripted_service() as running:
        yield running


@pytest.fixture
def mirante(service: ScriptedService, tmp_path: Path) -> Mirante:
    """Run the command line against the service; its result has exit_code, stdout and stderr."""
    environment = {
        "MIRANTE_ADDRESS": service.address,
        "MIRANTE_TELEMETRY_ADDRESS": service.address,
        "MIRANTE_METRICS_ADDRESS": service.address,
        "MIRANTE_API_KEY": "segredo",
        "MIRANTE_ENVIRONMENT": "production",
        "MIRANTE_HOME": str(tmp_path),
        "TZ": "America/Sao_Paulo",
    }

    def run(*arguments: str, stdin: str = "") -> Result:
        return CliRunner().invoke(app, arguments, input=stdin, env=environment, catch_exceptions=False)

    return run
