"""Channels to the flag service. The one place that imports grpc for the first time, because forks depend on how."""

import json
import os
import sys
from pathlib import Path

# A process that forks while any of its gRPC objects is alive breaks gRPC in the child, unless this is set before gRPC
# is first imported. If the application imported gRPC first, its setting stands; `lifecycle` then does what it can.
if "grpc" not in sys.modules:
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "1")

import grpc

from mirante.client.settings import ClientSettings, Tls
from mirante.errors import InvalidSettings

FORK_SUPPORT = os.environ.get("GRPC_ENABLE_FORK_SUPPORT", "").lower() in {"1", "true", "yes", "on", "y", "t"}
"""Whether gRPC was started in a way that survives a fork."""

_LARGEST_MESSAGE = 64 << 20

# A gRPC server that shuts down ends calls that arrive before its goodbye has reached the client as CANCELLED, without
# having looked at them; those on a connection that breaks are UNAVAILABLE. Evaluating twice does no harm, and gRPC goes
# to another server if the address has one. The bucket of tokens ends retries when most calls fail.
# A name that stands for several servers is the same list to all clients: each begins at another place in it, and keeps
# to one connection.
EVALUATION_RETRIES = json.dumps(
    {
        "loadBalancingConfig": [{"pick_first": {"shuffleAddressList": True}}],
        "methodConfig": [
            {
                "name": [{"service": "mirante.api.flags.v1.EvaluationService"}],
                "retryPolicy": {
                    "maxAttempts": 3,
                    "initialBackoff": "0.01s",
                    "maxBackoff": "0.1s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"],
                },
            }
        ],
        "retryThrottling": {"maxTokens": 20, "tokenRatio": 0.1},
    }
)
"""The gRPC service config of channels that evaluate."""


def open_channel(settings: ClientSettings) -> grpc.Channel:
    """
    Return a channel of its own, which connects when it is first used.

    Raises:
        InvalidSettings: a file of the TLS settings cannot be read.
    """
    timing = settings.timing
    options = [
        ("grpc.keepalive_time_ms", int(timing.keepalive * 1000)),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
        # Otherwise clients of one process share connections, and one another's waiting times.
        ("grpc.use_local_subchannel_pool", 1),
        # A watch opens a channel for each attempt; calls should find a service that is back.
        ("grpc.max_reconnect_backoff_ms", 1_000),
        ("grpc.service_config", EVALUATION_RETRIES),
    ]
    if settings.tls is None:
        return grpc.insecure_channel(settings.address, options)
    return grpc.secure_channel(settings.address, _credentials(settings.tls), options)


def check_channel(settings: ClientSettings) -> None:
    """Raise InvalidSettings for what `open_channel` would raise, before a thread meets it."""
    if settings.tls is not None:
        _credentials(settings.tls)


def call_metadata(settings: ClientSettings) -> tuple[tuple[str, str], ...]:
    """Return what every call carries."""
    return (("authorization", f"Bearer {settings.api_key}"),)


def _credentials(tls: Tls) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(
        root_certificates=_read("ca", tls.ca),
        private_key=_read("private_key", tls.private_key),
        certificate_chain=_read("certificate", tls.certificate),
    )


def _read(name: str, file: Path | str | None) -> bytes | None:
    if file is None:
        return None
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise InvalidSettings(f"tls.{name}: {file}: {error.strerror}") from None
