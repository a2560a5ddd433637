"""Settings of the demo's shop."""

from pathlib import Path

from services.runtime.access import Role
from services.runtime.keys.keys_file import key_of
from services.runtime.settings import ServiceSettings, SettingsError, setting


class DemoShopSettings(ServiceSettings):
    """What the shop can be told."""

    flags_address: str = setting("MIRANTE_FLAGS_ADDRESS", "localhost:50051", "host:port of the flag service.")
    telemetry_address: str = setting(
        "MIRANTE_TELEMETRY_ADDRESS", "localhost:50052", "host:port of the telemetry service."
    )


def server_key(home: Path) -> str:
    """
    Return the demo's key of the role server.

    Raises:
        SettingsError: there is none.
    """
    key = key_of(home, Role.SERVER)
    if key is None:
        raise SettingsError("MIRANTE_HOME: holds no keys.json with a key for the role server")
    return key
