"""Settings of the gateway."""

from pathlib import Path

from services.runtime.keys.settings import KeySettings
from services.runtime.settings import setting


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
    browser_access: Path | None = setting(
        "MIRANTE_BROWSER_ACCESS",
        None,
        "JSON file of the origins and token keys of each environment, read anew when it changes. "
        "Unset: `browser_access.json` in the home folder, if there is one.",
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
