"""How a client is set up."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from mirante.errors import InvalidSettings

Mode: TypeAlias = Literal["in_process", "remote"]

ADDRESS_VARIABLE = "MIRANTE_ADDRESS"
KEY_VARIABLE = "MIRANTE_API_KEY"
TELEMETRY_ADDRESS_VARIABLE = "MIRANTE_TELEMETRY_ADDRESS"


@dataclass(frozen=True, slots=True)
class Tls:
    """Encryption to the service: PEM files. Without `ca` the system's authorities; the pair is for mutual TLS."""

    ca: Path | str | None = None
    certificate: Path | str | None = None
    private_key: Path | str | None = None

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.private_key is None):
            raise InvalidSettings("tls: certificate and private_key come together")


@dataclass(frozen=True, slots=True)
class Timing:
    """
    Seconds of the connection. The defaults are for production; tests shorten them.

    `silence`: without any message for this long the stream is taken for dead (three heartbeats of the service).
    `grace`: how long after a lost stream answers are not yet marked stale.
    `healthy_after`: a stream that lived this long, and brought the rules, sets the back-off to its start.
    """

    silence: float = 45.0
    grace: float = 10.0
    retry_base: float = 0.2
    retry_longest: float = 30.0
    denied_base: float = 30.0
    denied_longest: float = 300.0
    healthy_after: float = 2.0
    keepalive: float = 30.0
    acknowledge_earliest: float = 0.02
    acknowledge_latest: float = 0.1
    save_every: float = 1.0
    deadline: float = 0.5


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """Everything that a client is told when it is made."""

    address: str
    api_key: str = field(repr=False)
    environment: str = ""
    mode: Mode = "in_process"
    name: str = "python"
    cache_dir: Path | None = None
    tls: Tls | None = None
    timing: Timing = Timing()

    def __post_init__(self) -> None:
        if not isinstance(self.address, str) or not self.address.strip():
            raise InvalidSettings("address: must be host:port of the service")
        if not isinstance(self.api_key, str) or not self.api_key.strip():
            raise InvalidSettings("api_key: must not be empty")
        if not self.api_key.isascii() or not self.api_key.isprintable():
            raise InvalidSettings("api_key: holds characters that no key has")
        if self.mode not in get_args(Mode):
            raise InvalidSettings(f"mode: {self.mode!r} is neither of {', '.join(get_args(Mode))}")

    @property
    def origin(self) -> str:
        """Service and environment, by which snapshots are told apart; an unnamed environment is that of the key."""
        return f"{self.address}/{self.environment}"


def settings_from_environment(variables: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """
    Return address and API key from MIRANTE_ADDRESS and MIRANTE_API_KEY.

    Raises:
        InvalidSettings: one of them is not set.
    """
    for name in (ADDRESS_VARIABLE, KEY_VARIABLE):
        if not variables.get(name):
            raise InvalidSettings(f"{name}: the environment variable is not set")
    return variables[ADDRESS_VARIABLE], variables[KEY_VARIABLE]
