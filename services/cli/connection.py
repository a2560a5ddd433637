"""Which service to talk to, and as whom: from options, else from the environment, else from what `mirante up` wrote."""

import json
from dataclasses import dataclass
from pathlib import Path

import grpc
from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.cli.options import Options
from services.cli.refusals import Refusal, usage

DEMO_ENVIRONMENT = "production"
"""The environment that the keys of keys.json open."""


class CliSettings(BaseSettings):
    """Settings of the command line, each from MIRANTE_ and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="MIRANTE_", env_ignore_empty=True)

    address: str | None = None
    api_key: SecretStr | None = None
    environment: str | None = None
    home: Path = Path(".mirante")
    flags_port: int = 50051
    cli_tls: bool = False
    cli_tls_ca: Path | None = None
    cli_tls_cert: Path | None = None
    cli_tls_key: Path | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """Everything that opening a channel needs. An empty environment leaves the choice to the key."""

    address: str
    api_key: str
    environment: str
    tls: bool = False
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None

    def open(self) -> grpc.Channel:
        """Return a channel, which connects with the first call."""
        if not self.tls:
            return grpc.insecure_channel(self.address)
        return grpc.secure_channel(
            self.address,
            grpc.ssl_channel_credentials(_read(self.tls_ca), _read(self.tls_key), _read(self.tls_cert)),
        )


def load_settings() -> CliSettings:
    """Return the settings; raise Refusal naming the variable that is wrong."""
    try:
        return CliSettings()
    except ValidationError as error:
        first = error.errors()[0]
        raise usage(f"MIRANTE_{str(first['loc'][0]).upper()}: {first['msg']}") from None


def resolve(options: Options, settings: CliSettings) -> Connection:
    """
    Return the connection that options and settings ask for.

    Raises:
        Refusal: there is no API key, or keys.json cannot be read.
    """
    environment = options.environment or settings.environment or ""
    api_key = options.api_key or (settings.api_key.get_secret_value() if settings.api_key else "")
    if not api_key:
        api_key = _admin_key(settings.home / "keys.json")
        environment = environment or DEMO_ENVIRONMENT
    ca, cert, key = (
        options.tls_ca or settings.cli_tls_ca,
        options.tls_cert or settings.cli_tls_cert,
        options.tls_key or settings.cli_tls_key,
    )
    if (cert is None) != (key is None):
        raise usage("--tls-cert and --tls-key go together")
    return Connection(
        address=options.address or settings.address or f"localhost:{settings.flags_port}",
        api_key=api_key,
        environment=environment,
        tls=bool(settings.cli_tls if options.tls is None else options.tls) or ca is not None or cert is not None,
        tls_ca=ca,
        tls_cert=cert,
        tls_key=key,
    )


def _admin_key(file: Path) -> str:
    try:
        key = json.loads(file.read_text())["admin"]
    except FileNotFoundError:
        raise Refusal(
            f"no API key, and {file} does not exist",
            "`mirante up` writes it where it runs; elsewhere set MIRANTE_API_KEY or MIRANTE_HOME",
        ) from None
    except OSError as error:
        raise Refusal(f"cannot read {file}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise Refusal(f'{file} holds no "admin" key', "set MIRANTE_API_KEY") from None
    return str(key)


def _read(file: Path | None) -> bytes | None:
    if file is None:
        return None
    try:
        return file.read_bytes()
    except OSError as error:
        raise usage(f"cannot read {file}: {error.strerror}") from None
