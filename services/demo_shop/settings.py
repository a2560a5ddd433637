"""Settings of the demo's shop."""

from pathlib import Path

from services.demo_shop.world import HISTORY_DAYS
from services.runtime.access import Role
from services.runtime.keys.keys_file import key_of
from services.runtime.settings import ServiceSettings, SettingsError, setting


class DemoShopSettings(ServiceSettings):
    """What the shop can be told."""

    flags_address: str = setting("MIRANTE_FLAGS_ADDRESS", "localhost:50051", "host:port of the flag service.")
    telemetry_address: str = setting(
        "MIRANTE_TELEMETRY_ADDRESS", "localhost:50052", "host:port of the telemetry service."
    )
    history_days: int = setting(
        "MIRANTE_DEMO_HISTORY_DAYS",
        HISTORY_DAYS,
        "Days of history that the demo's shop brings in at its first start; 0 for none.",
        ge=0,
        le=365,
    )
    seed: int = setting("MIRANTE_DEMO_SEED", 1, "Which story the demo's shop tells.")


def key_for(home: Path, role: Role) -> str:
    """
    Return the demo's key of a role.

    Raises:
        SettingsError: there is none.
    """
    key = key_of(home, role)
    if key is None:
        raise SettingsError(f"MIRANTE_HOME: holds no keys.json with a key for the role {role.value}")
    return key
