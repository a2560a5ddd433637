"""Which service the command line talks to, and as whom."""

import json
from pathlib import Path

import pytest

from services.cli.connection import CliSettings, Connection, load_settings, resolve
from services.cli.options import Options
from services.cli.refusals import ExitCode, Refusal


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, and no variable of the machine."""
    for name in (
        "ADDRESS",
        "API_KEY",
        "ENVIRONMENT",
        "FLAGS_PORT",
        "TELEMETRY_PORT",
        "TELEMETRY_ADDRESS",
        "CLI_TLS",
        "CLI_TLS_CA",
        "CLI_TLS_CERT",
    ):
        monkeypatch.delenv(f"MIRANTE_{name}", raising=False)
    monkeypatch.setenv("MIRANTE_HOME", str(tmp_path))
    return tmp_path


def test_keys_of_a_local_start_are_found(home: Path) -> None:
    """After `mirante up` no option is needed."""
    (home / "keys.json").write_text(json.dumps({"admin": "segredo", "server": "outro"}))
    found = resolve(Options(), load_settings(CliSettings))
    assert found == Connection("localhost:50051", "localhost:50052", "segredo", "production")


def test_environment_is_the_keys_own_choice_when_a_key_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that holds one environment needs no name."""
    monkeypatch.setenv("MIRANTE_API_KEY", "segredo")
    monkeypatch.setenv("MIRANTE_FLAGS_PORT", "6000")
    assert resolve(Options(), load_settings(CliSettings)) == Connection(
        "localhost:6000", "localhost:50052", "segredo", ""
    )


def test_options_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed is meant."""
    monkeypatch.setenv("MIRANTE_ADDRESS", "flags:1")
    monkeypatch.setenv("MIRANTE_API_KEY", "a")
    monkeypatch.setenv("MIRANTE_ENVIRONMENT", "staging")
    options = Options(address="flags:2", api_key="b", environment="development")
    found = resolve(options, load_settings(CliSettings))
    assert found == Connection("flags:2", "flags:50052", "b", "development", metrics_address="flags:50053")


@pytest.mark.parametrize(
    ("address", "telemetry"),
    [
        ("mirante.interno:50051", "mirante.interno:6001"),
        ("10.0.0.1:1", "10.0.0.1:6001"),
        ("[::1]:1", "[::1]:6001"),
        ("mirante", "mirante:6001"),
        ("dns:///mirante:1", "dns:///mirante:6001"),
        ("dns:///mirante", "dns:///mirante:6001"),
    ],
)
def test_telemetry_is_looked_for_beside_the_flag_service(
    monkeypatch: pytest.MonkeyPatch, address: str, telemetry: str
) -> None:
    """Same host, its own port."""
    monkeypatch.setenv("MIRANTE_TELEMETRY_PORT", "6001")
    assert resolve(Options(api_key="a", address=address), load_settings(CliSettings)).telemetry_address == telemetry


def test_telemetry_may_have_an_address_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the environment, and an option wins over it."""
    monkeypatch.setenv("MIRANTE_TELEMETRY_ADDRESS", "telemetria:1")
    settings = load_settings(CliSettings)
    assert resolve(Options(api_key="a"), settings).telemetry_address == "telemetria:1"
    chosen = Options(api_key="a", telemetry_address="telemetria:2")
    assert resolve(chosen, settings).telemetry_address == "telemetria:2"


def test_authority_implies_tls(tmp_path: Path) -> None:
    """Nobody names one in order not to use it."""
    assert resolve(Options(api_key="a", tls_ca=tmp_path / "ca.pem"), load_settings(CliSettings)).tls


def test_certificate_needs_its_key(tmp_path: Path) -> None:
    """Half of mutual TLS is a mistake."""
    with pytest.raises(Refusal, match="--tls-cert and --tls-key"):
        resolve(Options(api_key="a", tls_cert=tmp_path / "c.pem"), load_settings(CliSettings))


def test_missing_keys_file_names_the_way_out(home: Path) -> None:
    """Which file was looked for, and what writes it."""
    with pytest.raises(Refusal) as refused:
        resolve(Options(), load_settings(CliSettings))
    assert str(home / "keys.json") in refused.value.message
    assert "mirante up" in refused.value.hint


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '"admin"'])
def test_damaged_keys_file_is_refused(home: Path, text: str) -> None:
    """No traceback, whatever is in it."""
    (home / "keys.json").write_text(text)
    with pytest.raises(Refusal, match="admin"):
        resolve(Options(), load_settings(CliSettings))


def test_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that is no number is wrong usage."""
    monkeypatch.setenv("MIRANTE_FLAGS_PORT", "muitos")
    with pytest.raises(Refusal, match="MIRANTE_FLAGS_PORT") as refused:
        load_settings(CliSettings)
    assert refused.value.exit_code is ExitCode.USAGE
