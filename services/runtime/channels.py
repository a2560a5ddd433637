"""Channels to other services."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import grpc
import grpc.aio

from services.runtime.balancing import ROUND_ROBIN
from services.runtime.settings import SettingsError

KEEPALIVE: Final = ("grpc.keepalive_time_ms", 30_000)
"""For channels with long streams: a peer that is silently gone is noticed."""


@asynccontextmanager
async def open_channel(
    address: str, authority: Path | None, variable: str, *options: tuple[str, int]
) -> AsyncIterator[grpc.aio.Channel]:
    """
    Open a channel, which connects when it is first used.

    Args:
        address: host:port.
        authority: PEM file of whom to trust; None for plain text.
        variable: names its setting in errors.
        options: of gRPC, beside those of all channels.

    Raises:
        SettingsError: the file cannot be read.
    """
    chosen = (ROUND_ROBIN, ("grpc.max_reconnect_backoff_ms", 2_000), *options)
    if authority is None:
        channel = grpc.aio.insecure_channel(address, options=chosen)
    else:
        try:
            certificates = await asyncio.to_thread(authority.read_bytes)
        except OSError as error:
            raise SettingsError(f"{variable}: cannot be read: {error.strerror}") from None
        channel = grpc.aio.secure_channel(address, grpc.ssl_channel_credentials(certificates), options=chosen)
    try:
        yield channel
    finally:
        await channel.close()
