"""The traffic of the example backend shows every event that it declares."""

import subprocess
import sys

import pytest
from mirante.testing import StaticFlags

from examples.vendas_api.app import create_app
from examples.vendas_api.traffic import PEOPLE, play
from tests.support.vendas_backend import served
from tests.support.vendas_events import EXPOSURE, declared, violations


@pytest.fixture
def client() -> StaticFlags:
    """As the demo's flags are."""
    return StaticFlags(
        {
            "relatorios_avancados": lambda context: context.get("plano") == "premium",
            "recomendacao_produtos": "v1",
            "nova_ui_vendas": True,
        }
    )


def test_every_declared_event_is_seen_and_none_is_wrong(client: StaticFlags, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one visit of each person, and again with more. Exposures come from the real client alone."""
    monkeypatch.setattr("examples.vendas_api.reports.TIME_LIMIT", 0.05)
    with served(create_app(client)) as connect:
        answers = play(connect, len(PEOPLE))
        assert {call.name for call in client.tracked if call.kind == "track"} == declared() - {EXPOSURE}
        assert answers.keys() == {200, 201, 202, 204, 401, 403, 404, 422, 504}
        assert play(connect, len(PEOPLE) + 20, seed=1).keys() <= answers.keys()
    assert violations(client.tracked) == []


def test_it_stays_on_this_machine() -> None:
    """Nobody is flooded by mistake."""
    command = [sys.executable, "-m", "examples.vendas_api.traffic", "--url", "http://vendas.example.com"]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "must be on this machine" in refused.stderr
