"""Settings of the controller of feature flags."""

from pathlib import Path

from pydantic import SecretStr

from services.runtime.settings import ServiceSettings, setting


class ControllerSettings(ServiceSettings):
    """What the controller can be told. It has no datastore: `DATABASE_URL` and `REDIS_URL` mean nothing to it."""

    host: str = setting("MIRANTE_CONTROLLER_HOST", "127.0.0.1", "Address that the controller's health listens on.")
    port: int = setting("MIRANTE_CONTROLLER_PORT", 50054, "Port of the controller's health.", ge=0, le=65535)
    flags_address: str = setting("MIRANTE_FLAGS_ADDRESS", "localhost:50051", "host:port of the flag service.")
    flags_ca: Path | None = setting(
        "MIRANTE_FLAGS_CA", None, "PEM file of the authority of the flag service's certificate. Unset: no TLS."
    )
    key: SecretStr | None = setting(
        "MIRANTE_CONTROLLER_KEY",
        None,
        "API key of role editor, of the environments that `FeatureFlag` resources may name. Unset: the one in "
        "`keys.json` in the home folder.",
    )
    kubeconfig: Path | None = setting(
        "KUBECONFIG", None, "File that says how the controller reaches Kubernetes. Unset: as its pod does."
    )
    namespace: str = setting(
        "MIRANTE_CONTROLLER_NAMESPACE", "", "Whose `FeatureFlag` resources count. Unset: our own; `*`: all."
    )
    resync_seconds: float = setting(
        "MIRANTE_CONTROLLER_RESYNC_SECONDS", 300.0, "How often every resource is looked at without a cause.", gt=0
    )
    drift_seconds: float = setting(
        "MIRANTE_CONTROLLER_DRIFT_SECONDS", 2.0, "How often the flag service is asked what others changed there.", gt=0
    )
    lease_seconds: float = setting(
        "MIRANTE_CONTROLLER_LEASE_SECONDS",
        15.0,
        "Another replica leads when the leader was silent for this long.",
        gt=0,
    )
