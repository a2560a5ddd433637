"""Which environment variables a service's settings are read from."""

from pathlib import Path

import pytest

from services.flags.settings import FlagsSettings
from services.runtime.settings import SettingsError, read_settings


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what the machine has set."""
    for field in FlagsSettings.model_fields.values():
        monkeypatch.delenv(str(field.validation_alias), raising=False)


def test_variables_of_others_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """HOME, PORT and HOST are set on many machines and mean something else there."""
    for name in ("HOME", "PORT", "HOST", "DEMO", "home", "port"):
        monkeypatch.setenv(name, "/elsewhere")
    settings = read_settings(FlagsSettings)
    assert (settings.home, settings.port, settings.host) == (Path(".mirante"), 50051, "127.0.0.1")


def test_declared_variables_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text becomes the type of the setting."""
    monkeypatch.setenv("MIRANTE_HOME", "/data")
    monkeypatch.setenv("MIRANTE_FLAGS_PORT", "6000")
    monkeypatch.setenv("MIRANTE_DEMO", "1")
    settings = read_settings(FlagsSettings)
    assert (settings.home, settings.port, settings.demo) == (Path("/data"), 6000, True)


def test_values_given_by_name_win(monkeypatch: pytest.MonkeyPatch) -> None:
    """As tests and other composition roots give them."""
    monkeypatch.setenv("MIRANTE_FLAGS_PORT", "6000")
    assert FlagsSettings(port=0).port == 0


def test_wrong_variable_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """The value may be a secret."""
    monkeypatch.setenv("MIRANTE_FLAGS_PORT", "segredo")
    with pytest.raises(SettingsError) as refused:
        read_settings(FlagsSettings)
    assert "MIRANTE_FLAGS_PORT" in str(refused.value)
    assert "segredo" not in str(refused.value)
