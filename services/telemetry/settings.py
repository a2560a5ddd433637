"""Settings of the telemetry service."""

from pathlib import Path

from services.runtime.keys.settings import KeySettings
from services.runtime.settings import setting


class TelemetrySettings(KeySettings):
    """What the telemetry service can be told."""

    host: str = setting(
        "MIRANTE_TELEMETRY_HOST",
        "127.0.0.1",
        "Address to listen on. `0.0.0.0` or `::` for all; then set up TLS as well.",
    )
    port: int = setting("MIRANTE_TELEMETRY_PORT", 50052, "Port of the telemetry service.", ge=0, le=65535)
    reuseport: bool = setting(
        "MIRANTE_TELEMETRY_REUSEPORT",
        False,
        "Several processes share the port; the system spreads connections over them.",
    )
    demo: bool = setting("MIRANTE_DEMO", False, "Import the demo's catalogue if there is none.")
    quota: float = setting(
        "MIRANTE_TELEMETRY_QUOTA",
        50_000.0,
        "Events per second of a key that has no quota of its own, in each process.",
        gt=0,
    )
    tenant_quota: float = setting(
        "MIRANTE_TELEMETRY_TENANT_QUOTA", 10_000.0, "Events per second of one tenant, in each process.", gt=0
    )
    streams_per_key: int = setting(
        "MIRANTE_TELEMETRY_STREAMS_PER_KEY", 2_000, "Open streams of one key in each process.", ge=1
    )
    queue_bytes: int = setting(
        "MIRANTE_TELEMETRY_QUEUE_BYTES",
        64 * 1024 * 1024,
        "Events that wait to be committed, in bytes; what does not fit is refused for now.",
        ge=1024 * 1024,
    )
    window_days: int = setting(
        "MIRANTE_TELEMETRY_WINDOW_DAYS", 7, "Events whose id is older are refused; only an import takes them.", ge=1
    )
    retention_days: int = setting(
        "MIRANTE_TELEMETRY_RETENTION_DAYS",
        400,
        "Days of the log that stay in the database. Older ones are archived, verified, and dropped.",
        ge=8,
    )
    archive_dir: Path | None = setting(
        "MIRANTE_ARCHIVE_DIR",
        None,
        "Folder of the archives, which all replicas reach. Unset: `archive` in the home folder.",
    )
    follow_poll_seconds: float = setting(
        "MIRANTE_TELEMETRY_FOLLOW_POLL_SECONDS", 0.2, "How often the log is read for what no hint told of.", gt=0
    )
