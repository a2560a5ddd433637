"""Settings: read from environment variables, once, into a frozen object that is handed down."""

import os
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import Field, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

SettingsT = TypeVar("SettingsT", bound=BaseSettings)


class SettingsError(Exception):
    """An environment variable holds something that it cannot; one line for each, without the values."""


def setting(variable: str, default: Any, description: str, **constraints: Any) -> Any:
    """Declare a setting that is read from `variable`; constraints are those of pydantic (`ge=0`)."""
    return Field(default, validation_alias=variable, description=description, **constraints)


class _Variables(PydanticBaseSettingsSource):
    """
    The environment by the names that `setting` declares, and by no others.

    pydantic's own source goes by the names of the fields as well, and would take HOME for `home` and PORT for `port`.
    """

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - inherited
        variable = str(field.validation_alias)
        return os.environ.get(variable), variable, False

    def __call__(self) -> dict[str, Any]:
        found = [self.get_field_value(field, name) for name, field in self.settings_cls.model_fields.items()]
        return {variable: value for value, variable, _ in found if value is not None}


class ServiceSettings(BaseSettings):
    """What every service of Mirante can be told. `OTEL_*` variables are read by OpenTelemetry itself."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    home: Path = setting("MIRANTE_HOME", Path(".mirante"), "Folder of all local state.")
    database_url: str | None = setting(
        "DATABASE_URL",
        None,
        "`postgresql://...` of a running Postgres; for one that fails over, all its hosts and "
        "`?target_session_attrs=read-write`. Unset: a Postgres is run under the home folder.",
    )
    redis_url: str | None = setting(
        "REDIS_URL",
        None,
        "`redis://...` of a running Redis or Valkey, or `redis+cluster://...` with some nodes of a cluster. Unset: a "
        "Valkey is run under the home folder.",
    )
    migrate: bool = setting(
        "MIRANTE_MIGRATE",
        True,
        "Bring the database's tables up to date at start. Off: wait until `python -m services.migrate` has done so.",
    )
    log_level: str = setting(
        "MIRANTE_LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR.", pattern="^(DEBUG|INFO|WARNING|ERROR)$"
    )
    prometheus_port: int | None = setting(
        "MIRANTE_PROMETHEUS_PORT", None, "Port of the Prometheus endpoint. Unset: there is none.", ge=0, le=65535
    )
    prometheus_host: str = setting(
        "MIRANTE_PROMETHEUS_HOST", "127.0.0.1", "Address that the Prometheus endpoint listens on."
    )
    tls_certificate: Path | None = setting(
        "MIRANTE_TLS_CERTIFICATE",
        None,
        "PEM file of the server's certificate chain. Unset: no TLS. Read anew when renewed.",
    )
    tls_key: Path | None = setting("MIRANTE_TLS_KEY", None, "PEM file of the certificate's private key.")
    tls_client_ca: Path | None = setting(
        "MIRANTE_TLS_CLIENT_CA", None, "PEM file of the authority whose certificates clients must show (mutual TLS)."
    )
    drain_seconds: float = setting(
        "MIRANTE_DRAIN_SECONDS", 10.0, "How long calls may go on after SIGTERM before they are cut.", ge=0
    )
    max_in_flight: int = setting(
        "MIRANTE_MAX_IN_FLIGHT", 2_000, "Unary calls that are worked on at once; more are refused.", ge=1
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - see `_Variables`
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - not read
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - not read
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values given by name, then those of the environment."""
        return init_settings, _Variables(settings_cls)

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("MIRANTE_TLS_CERTIFICATE and MIRANTE_TLS_KEY are set together or not at all")
        if self.tls_client_ca is not None and self.tls_certificate is None:
            raise ValueError("MIRANTE_TLS_CLIENT_CA needs MIRANTE_TLS_CERTIFICATE and MIRANTE_TLS_KEY")
        return self


def read_settings(settings: type[SettingsT]) -> SettingsT:
    """
    Read the environment.

    Raises:
        SettingsError: naming every variable that is wrong.
    """
    try:
        return settings()
    except ValidationError as error:
        # The value stays out: it may be a URL with a password.
        lines = [_line(problem["loc"], problem["msg"]) for problem in error.errors(include_input=False)]
        raise SettingsError("\n".join(lines)) from None


def _line(place: tuple[int | str, ...], message: str) -> str:
    message = message.removeprefix("Value error, ")
    return f"{place[0]}: {message}" if place else message
