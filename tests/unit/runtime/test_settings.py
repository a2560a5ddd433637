"""Settings are read once, and complained about by name."""

import pytest

from services.flags.settings import FlagsSettings
from services.runtime.settings import ServiceSettings, SettingsError, read_settings

SECRET_URL = "postgresql://user:hush@host/db"


def test_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names are those that scripts rely on."""
    for name, value in (("MIRANTE_FLAGS_PORT", "50999"), ("DATABASE_URL", SECRET_URL), ("MIRANTE_DEMO", "1")):
        monkeypatch.setenv(name, value)
    settings = read_settings(FlagsSettings)
    assert (settings.port, settings.database_url, settings.demo) == (50999, SECRET_URL, True)


def test_every_wrong_variable_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values stay out of the message: they may be secrets."""
    monkeypatch.setenv("MIRANTE_FLAGS_PORT", "hush")
    monkeypatch.setenv("MIRANTE_LOG_LEVEL", "LOUD")
    with pytest.raises(SettingsError) as refused:
        read_settings(FlagsSettings)
    lines = str(refused.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["MIRANTE_LOG_LEVEL", "MIRANTE_FLAGS_PORT"]
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    "variables",
    [
        {"MIRANTE_TLS_CERTIFICATE": "c.pem"},
        {"MIRANTE_TLS_KEY": "k.pem"},
        {"MIRANTE_TLS_CLIENT_CA": "ca.pem"},
    ],
)
def test_half_of_tls_is_refused(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    """A server that was meant to be encrypted never comes up in plain text."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="MIRANTE_TLS"):
        read_settings(ServiceSettings)


def test_settings_do_not_change() -> None:
    """They are frozen once they are read."""
    with pytest.raises(ValueError, match="frozen"):
        FlagsSettings().port = 1
