"""Settings of the gateway."""

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Json, SecretStr, model_validator

from services.runtime.keys.settings import KeySettings
from services.runtime.settings import setting

RoleName = Literal["viewer", "editor", "admin"]

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class GatewaySettings(KeySettings):
    """What the gateway can be told. It has no datastore: `DATABASE_URL` and `REDIS_URL` mean nothing to it."""

    host: str = setting(
        "MIRANTE_HTTP_HOST", "127.0.0.1", "Address to listen on. `0.0.0.0` or `::` for all; then set up TLS as well."
    )
    port: int = setting("MIRANTE_HTTP_PORT", 8080, "Port of the gateway.", ge=0, le=65535)
    telemetry_address: str = setting(
        "MIRANTE_TELEMETRY_ADDRESS", "localhost:50052", "host:port of the telemetry service."
    )
    telemetry_ca: Path | None = setting(
        "MIRANTE_TELEMETRY_CA", None, "PEM file of the authority of its certificate. Unset: no TLS."
    )
    metrics_address: str = setting("MIRANTE_METRICS_ADDRESS", "localhost:50053", "host:port of the metrics service.")
    metrics_ca: Path | None = setting(
        "MIRANTE_METRICS_CA", None, "PEM file of the authority of its certificate. Unset: no TLS."
    )
    dashboard_dir: Path | None = setting(
        "MIRANTE_DASHBOARD_DIR", None, "Folder of the dashboard's files. Unset: none are served."
    )
    quota: float = setting(
        "MIRANTE_HTTP_QUOTA", 2_000.0, "Requests per second of a key without a quota of its own, in each process.", gt=0
    )
    event_quota: float = setting(
        "MIRANTE_HTTP_EVENT_QUOTA", 10_000.0, "Events per second of such a key, in each process.", gt=0
    )
    body_bytes: int = setting(
        "MIRANTE_HTTP_BODY_BYTES", 1024 * 1024, "Largest body of a request, after it is unpacked.", ge=1024
    )
    connections: int = setting(
        "MIRANTE_HTTP_CONNECTIONS", 20_000, "Connections that are open at once; more are refused.", ge=1
    )
    sockets_per_key: int = setting(
        "MIRANTE_HTTP_SOCKETS_PER_KEY", 15_000, "Open WebSockets of one key in each process.", ge=1
    )
    sockets_per_user: int = setting(
        "MIRANTE_HTTP_SOCKETS_PER_USER", 20, "Open WebSockets of one user of a tenant in each process.", ge=1
    )
    streams_per_key: int = setting(
        "MIRANTE_HTTP_STREAMS_PER_KEY", 15_000, "Open streams of change notifications of one key.", ge=1
    )
    hello_seconds: float = setting(
        "MIRANTE_HTTP_HELLO_SECONDS", 5.0, "A WebSocket that has not said who it is by then is closed.", gt=0
    )
    person_quota: float = setting(
        "MIRANTE_HTTP_PERSON_QUOTA", 50.0, "Requests per second of one person who is logged in, in each process.", gt=0
    )
    streams_per_session: int = setting(
        "MIRANTE_HTTP_STREAMS_PER_SESSION", 20, "Open streams of the admin API of one session or key.", ge=1
    )
    trusted_proxies: str | None = setting(
        "MIRANTE_HTTP_TRUSTED_PROXIES",
        None,
        "Addresses or networks of proxies, with commas between: what they say in `X-Forwarded-For` and "
        "`X-Forwarded-Proto` is believed. Unset: nobody is.",
    )
    public_url: str | None = setting(
        "MIRANTE_PUBLIC_URL",
        None,
        "Where browsers find the gateway, `https://mirante.example`. Needed behind a proxy and for OpenID Connect.",
        pattern=r"^https?://[^/?#@\s]+$",
    )
    password_logins: bool = setting(
        "MIRANTE_PASSWORD_LOGINS", True, "Whether people may log in with a password that is kept here."
    )
    oidc_issuer: str | None = setting(
        "MIRANTE_OIDC_ISSUER", None, "Issuer of the OpenID Connect provider. Unset: there is none."
    )
    oidc_name: str = setting("MIRANTE_OIDC_NAME", "SSO", "Name of the provider, for the button of the login page.")
    oidc_client_id: str | None = setting("MIRANTE_OIDC_CLIENT_ID", None, "Our id there.")
    oidc_client_secret: SecretStr | None = setting("MIRANTE_OIDC_CLIENT_SECRET", None, "Our secret there.")
    oidc_scopes: str = setting(
        "MIRANTE_OIDC_SCOPES", "openid profile email", "Scopes to ask for, with spaces between; `openid` is one."
    )
    oidc_login_claim: str = setting(
        "MIRANTE_OIDC_LOGIN_CLAIM", "email", "Claim by which people are known here, and in histories."
    )
    oidc_role_claim: str | None = setting(
        "MIRANTE_OIDC_ROLE_CLAIM",
        None,
        "Claim that says what people may do, perhaps inside others: `realm_access.roles`. "
        "Unset: admins here give out roles, and whoever is new is a viewer.",
    )
    oidc_roles: Json[dict[str, RoleName]] = setting(
        "MIRANTE_OIDC_ROLES", "{}", 'What values of that claim mean, in JSON: `{"mirante-admins": "admin"}`.'
    )
    oidc_default_role: RoleName | None = setting(
        "MIRANTE_OIDC_DEFAULT_ROLE", None, "Role of whose claim means nothing. Unset: they may not log in."
    )

    @property
    def is_secure(self) -> bool:
        """Whether browsers speak TLS with the gateway, or with a proxy before it."""
        return self.tls_certificate is not None or (self.public_url or "").startswith("https://")

    @model_validator(mode="after")
    def _oidc_is_whole(self) -> Self:
        if self.oidc_issuer is None:
            if not self.password_logins:
                raise ValueError("MIRANTE_PASSWORD_LOGINS: without them MIRANTE_OIDC_ISSUER is needed")
            return self
        if self.oidc_client_id is None or self.oidc_client_secret is None or self.public_url is None:
            raise ValueError(
                "MIRANTE_OIDC_ISSUER needs MIRANTE_OIDC_CLIENT_ID, MIRANTE_OIDC_CLIENT_SECRET and MIRANTE_PUBLIC_URL"
            )
        issuer = urlsplit(self.oidc_issuer)
        if issuer.scheme != "https" and not (issuer.scheme == "http" and issuer.hostname in _LOOPBACK):
            raise ValueError("MIRANTE_OIDC_ISSUER: must begin with https://")
        if "openid" not in self.oidc_scopes.split():
            raise ValueError("MIRANTE_OIDC_SCOPES: openid must be one of them")
        if self.oidc_role_claim is None and (self.oidc_roles or self.oidc_default_role is not None):
            raise ValueError("MIRANTE_OIDC_ROLES and MIRANTE_OIDC_DEFAULT_ROLE need MIRANTE_OIDC_ROLE_CLAIM")
        return self
