"""How a service that does not own the API keys reaches the flag service, which does."""

from pathlib import Path

from pydantic import SecretStr

from services.runtime.settings import ServiceSettings, setting


class KeySettings(ServiceSettings):
    """What every service is told that asks the flag service for the keys."""

    flags_address: str = setting(
        "MIRANTE_FLAGS_ADDRESS", "localhost:50051", "host:port of the flag service, which knows the API keys."
    )
    flags_ca: Path | None = setting(
        "MIRANTE_FLAGS_CA", None, "PEM file of the authority of the flag service's certificate. Unset: no TLS."
    )
    internal_key: SecretStr | None = setting(
        "MIRANTE_INTERNAL_KEY", None, "API key of role internal. Unset: the one in `keys.json` in the home folder."
    )
