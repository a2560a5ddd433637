"""Settings of the flag service."""

from pathlib import Path

from services.runtime.settings import ServiceSettings, setting


class FlagsSettings(ServiceSettings):
    """What the flag service can be told."""

    host: str = setting(
        "MIRANTE_FLAGS_HOST", "127.0.0.1", "Address to listen on. `0.0.0.0` or `::` for all; then set up TLS as well."
    )
    port: int = setting("MIRANTE_FLAGS_PORT", 50051, "Port of the flag service.", ge=0, le=65535)
    reuseport: bool = setting(
        "MIRANTE_FLAGS_REUSEPORT", False, "Several processes share the port; the system spreads connections over them."
    )
    bootstrap: bool = setting(
        "MIRANTE_BOOTSTRAP",
        False,
        "At the first start create the environment `production`, a key of each role, whose secrets go into `keys.json` "
        "in the home folder, and the person `admin`, whose password goes into `admin_password` there. `mirante up` "
        "sets it; elsewhere set it once, to get the first admin key.",
    )
    given_keys: Path | None = setting(
        "MIRANTE_GIVEN_KEYS",
        None,
        "Folder of secrets that are given from outside. What is lacking is made at start: the environment "
        "`production`, a key for each file named for a role (`admin`, `internal`, `server`, ...), and the person "
        "`admin` with the password in `admin_password` when there is nobody.",
    )
    demo: bool = setting("MIRANTE_DEMO", False, "As MIRANTE_BOOTSTRAP, and import the demo's flags if there are none.")
    session_hours: float = setting(
        "MIRANTE_SESSION_HOURS", 168.0, "A person who logged in has to log in again after this.", gt=0, le=8_760
    )
    session_idle_hours: float = setting(
        "MIRANTE_SESSION_IDLE_HOURS", 12.0, "So has one who has not used the dashboard for this long.", gt=0, le=8_760
    )
    quota: float = setting(
        "MIRANTE_FLAGS_QUOTA",
        10_000.0,
        "Calls per second of a key that has no quota of its own, in each process.",
        gt=0,
    )
    streams_per_key: int = setting(
        "MIRANTE_FLAGS_STREAMS_PER_KEY", 20_000, "Open streams of one key in each process.", ge=1
    )
    poll_seconds: float = setting(
        "MIRANTE_FLAGS_POLL_SECONDS", 0.5, "How often the database is asked for changes that no hint told of.", gt=0
    )
    heartbeat_seconds: float = setting(
        "MIRANTE_FLAGS_HEARTBEAT_SECONDS", 15.0, "A watch stream that was silent for this long gets a heartbeat.", gt=0
    )
    goodbye_spread_seconds: float = setting(
        "MIRANTE_FLAGS_GOODBYE_SPREAD_SECONDS",
        5.0,
        "On SIGTERM subscribers are told to come back after a random part of this.",
        ge=0,
    )
    blocked_write_seconds: float = setting(
        "MIRANTE_FLAGS_BLOCKED_WRITE_SECONDS", 60.0, "A watch stream that takes no bytes for this long is closed.", gt=0
    )
