"""Settings of the demo's shop."""

import json
from pathlib import Path
from typing import Final

from services.runtime.access import Role
from services.runtime.settings import ServiceSettings, SettingsError, setting

_KEYS_FILE: Final = "keys.json"


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
    try:
        return str(json.loads((home / _KEYS_FILE).read_text(encoding="utf-8"))[Role.SERVER.value])
    except (OSError, ValueError, KeyError, TypeError):
        raise SettingsError("MIRANTE_HOME: holds no keys.json with a key for the role server") from None
