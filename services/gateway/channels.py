"""Channels of the gateway to the services."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

import grpc.aio

from services.runtime import channels

_OPTIONS: Final = (
    channels.KEEPALIVE,
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.max_receive_message_length", 16 * 1024 * 1024),
)


def open_channel(address: str, authority: Path | None, variable: str) -> AbstractAsyncContextManager[grpc.aio.Channel]:
    """Open a channel as `services.runtime.channels` does, for long streams of large messages."""
    return channels.open_channel(address, authority, variable, *_OPTIONS)
