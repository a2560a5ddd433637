"""Settings of the metrics service."""

from pathlib import Path

from pydantic import SecretStr

from services.runtime.keys.settings import KeySettings
from services.runtime.settings import setting


class MetricsSettings(KeySettings):
    """What the metrics service can be told, beside what every service can be told."""

    host: str = setting(
        "MIRANTE_METRICS_HOST",
        "127.0.0.1",
        "Address to listen on. `0.0.0.0` or `::` for all; then set up TLS as well.",
    )
    port: int = setting("MIRANTE_METRICS_PORT", 50053, "Port of the metrics service.", ge=0, le=65535)
    reuseport: bool = setting(
        "MIRANTE_METRICS_REUSEPORT",
        False,
        "Several processes share the port; the system spreads connections over them.",
    )
    telemetry_address: str = setting(
        "MIRANTE_TELEMETRY_ADDRESS", "localhost:50052", "host:port of the telemetry service, whose log is followed."
    )
    telemetry_ca: Path | None = setting(
        "MIRANTE_TELEMETRY_CA",
        None,
        "PEM file of the authority of the telemetry service's certificate. Unset: no TLS.",
    )
    definitions: Path | None = setting(
        "MIRANTE_METRICS_DEFINITIONS", None, "YAML file that defines the live metrics. Unset: those of the plan."
    )
    online_minutes: int = setting(
        "MIRANTE_METRICS_ONLINE_MINUTES",
        5,
        "Who was seen in so many minutes is online. Only for `usuarios_online` of the plan's metrics.",
        ge=1,
        le=60,
    )
    quota: float = setting(
        "MIRANTE_METRICS_QUOTA",
        1_000.0,
        "Calls per second of a key that has no quota of its own, in each process.",
        gt=0,
    )
    streams_per_key: int = setting(
        "MIRANTE_METRICS_STREAMS_PER_KEY", 5_000, "Open streams of one key in each process.", ge=1
    )
    rollup_seconds: float = setting(
        "MIRANTE_METRICS_ROLLUP_SECONDS", 10.0, "How often the hourly roll-ups are written.", gt=0
    )
    time_zone: str = setting(
        "MIRANTE_METRICS_TIME_ZONE",
        "America/Sao_Paulo",
        "Time zone of the hours and weekdays by which alerts know what is usual.",
    )
    analytics: bool = setting(
        "MIRANTE_ANALYTICS",
        True,
        "Keep an analytics store of each environment, and answer reports from it. False: there are no reports.",
    )
    analytics_dir: Path | None = setting(
        "MIRANTE_ANALYTICS_DIR",
        None,
        "Folder of the analytics stores, the same for all metrics services. Unset: `analytics` under the home folder.",
    )
    analytics_clickhouse_url: SecretStr | None = setting(
        "MIRANTE_ANALYTICS_CLICKHOUSE_URL",
        None,
        "`http(s)://user:password@host:port/database` of a ClickHouse server, which gets all events beside the "
        "analytics store and answers reports. Unset: the store does. Needs the package `clickhouse-connect`.",
    )
    analytics_seconds: float = setting(
        "MIRANTE_ANALYTICS_SECONDS",
        2.0,
        "How long events are gathered before they appear in the analytics store, together.",
        gt=0,
    )
    report_processes: int = setting(
        "MIRANTE_ANALYTICS_PROCESSES",
        2,
        "How many reports run at the same time, each in a process of its own; others wait, callers by turns.",
        ge=1,
        le=64,
    )
    report_seconds: float = setting(
        "MIRANTE_ANALYTICS_REPORT_SECONDS",
        25.0,
        "How long a report may run. The gateway waits 75 s for an answer, the line included.",
        gt=0,
        le=100,
    )
    report_memory_mib: int = setting(
        "MIRANTE_ANALYTICS_REPORT_MEMORY_MIB",
        1_536,
        "Memory that each of the processes may use for a report, in mebibytes.",
        ge=128,
    )
    report_cache_mib: int = setting(
        "MIRANTE_ANALYTICS_CACHE_MIB", 64, "Memory for answers that are remembered, in mebibytes.", ge=0
    )
    analytics_trait_seconds: float = setting(
        "MIRANTE_ANALYTICS_TRAIT_SECONDS",
        10.0,
        "How often changes of users' traits are looked for, which reports filter and break down by.",
        gt=0,
    )
    alert_seconds: float = setting(
        "MIRANTE_METRICS_ALERT_SECONDS", 5.0, "How often it is looked whether something is unusual now.", gt=0
    )
    private_addresses: bool = setting(
        "MIRANTE_ALERTS_PRIVATE_ADDRESSES",
        False,
        "Webhooks of alerts may have private addresses and those of this machine; never those that are link-local.",
    )
    actors_per_tenant: int = setting(
        "MIRANTE_METRICS_ACTORS_PER_TENANT",
        100_000,
        "Different actors of one tenant in 26 hours that are told apart; further ones are left out, and measured.",
        ge=1,
    )
