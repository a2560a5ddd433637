"""Which service to talk to, and as whom: from options, else from the environment, else from what `mirante up` wrote."""

import json
from dataclasses import dataclass
from pathlib import Path

import grpc
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.cli.options import Options
from services.cli.refusals import Refusal, usage
from services.runtime.settings import SettingsError, SettingsT, read_settings, setting

DEMO_ENVIRONMENT = "production"
"""The environment that the keys of keys.json open."""


class CliSettings(BaseSettings):
    """What the command line takes from the environment where no option says it."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    home: Path = setting("MIRANTE_HOME", Path(".mirante"), "Folder of all local state, keys.json among it.")
    flags_port: int = setting(
        "MIRANTE_FLAGS_PORT", 50051, "Port on this machine when no address is set.", ge=1, le=65535
    )
    telemetry_port: int = setting(
        "MIRANTE_TELEMETRY_PORT",
        50052,
        "Its port on the flag service's host when no address of the telemetry service is set.",
        ge=1,
        le=65535,
    )
    metrics_port: int = setting(
        "MIRANTE_METRICS_PORT",
        50053,
        "Its port on the flag service's host when no address of the metrics service is set.",
        ge=1,
        le=65535,
    )
    address: str | None = setting("MIRANTE_ADDRESS", None, "host:port of the flag service.")
    telemetry_address: str | None = setting("MIRANTE_TELEMETRY_ADDRESS", None, "host:port of the telemetry service.")
    metrics_address: str | None = setting("MIRANTE_METRICS_ADDRESS", None, "host:port of the metrics service.")
    gateway_url: str = setting(
        "MIRANTE_GATEWAY_URL", "http://localhost:8080", "URL of the gateway, for `mirante doctor`."
    )
    api_key: SecretStr | None = setting("MIRANTE_API_KEY", None, "Unset: the admin key of keys.json.")
    environment: str | None = setting("MIRANTE_ENVIRONMENT", None, "Unset: the one that the key opens.")
    tls: bool = setting("MIRANTE_CLI_TLS", False, "Whether the address speaks TLS; a file below implies it.")
    tls_ca: Path | None = setting("MIRANTE_CLI_TLS_CA", None, "PEM file of whom to trust. Unset: the system's.")
    tls_cert: Path | None = setting("MIRANTE_CLI_TLS_CERT", None, "PEM file of our certificate, for mutual TLS.")
    tls_key: Path | None = setting("MIRANTE_CLI_TLS_KEY", None, "PEM file of its private key.")


@dataclass(frozen=True, slots=True)
class Connection:
    """Everything that opening channels needs. An empty environment leaves the choice to the key."""

    address: str
    telemetry_address: str
    api_key: str
    environment: str
    tls: bool = False
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    metrics_address: str = "localhost:50053"

    def open(self, address: str) -> grpc.Channel:
        """Return a channel to one of the addresses, which connects with the first call."""
        if not self.tls:
            return grpc.insecure_channel(address)
        return grpc.secure_channel(address, credentials(self.tls_ca, self.tls_cert, self.tls_key))


def credentials(ca: Path | None, cert: Path | None, key: Path | None) -> grpc.ChannelCredentials:
    """Return TLS credentials from PEM files; raise Refusal naming the file that cannot be read."""
    return grpc.ssl_channel_credentials(_read(ca), _read(key), _read(cert))


def host_of(address: str) -> str:
    """Return the host of "host:port", of "[::1]:port" with its brackets; the whole where no port stands."""
    host, _, port = address.rpartition(":")
    in_brackets, name = host.endswith("]"), host.rpartition("/")[2]
    return host if name and port.isdecimal() and (in_brackets or ":" not in name) else address


def load_settings(settings: type[SettingsT]) -> SettingsT:
    """Read the environment; raise Refusal naming the variables that are wrong."""
    try:
        return read_settings(settings)
    except SettingsError as error:
        raise usage(str(error)) from None


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
        options.tls_ca or settings.tls_ca,
        options.tls_cert or settings.tls_cert,
        options.tls_key or settings.tls_key,
    )
    if (cert is None) != (key is None):
        raise usage("--tls-cert and --tls-key go together")
    address = options.address or settings.address or f"localhost:{settings.flags_port}"
    return Connection(
        address=address,
        telemetry_address=options.telemetry_address
        or settings.telemetry_address
        or f"{host_of(address)}:{settings.telemetry_port}",
        api_key=api_key,
        environment=environment,
        tls=bool(settings.tls if options.tls is None else options.tls) or ca is not None or cert is not None,
        tls_ca=ca,
        tls_cert=cert,
        tls_key=key,
        metrics_address=options.metrics_address
        or settings.metrics_address
        or f"{host_of(address)}:{settings.metrics_port}",
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
