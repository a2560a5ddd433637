"""Keeps the API keys current."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import grpc.aio

from services.runtime.access import Role
from services.runtime.balancing import ROUND_ROBIN
from services.runtime.errors import Unavailable
from services.runtime.keys.keyring import KeyRing
from services.runtime.keys.keys_file import key_of
from services.runtime.keys.settings import KeySettings
from services.runtime.settings import SettingsError


async def follow_keys(keys: KeyRing, seconds: float) -> None:
    """Read the keys every so often; for ever."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await keys.refresh()
        except Unavailable:
            continue  # the registry has said so


def own_key(settings: KeySettings) -> str:
    """
    Return the key by which this service calls others.

    Raises:
        SettingsError: there is none.
    """
    if settings.internal_key is not None:
        return settings.internal_key.get_secret_value()
    key = key_of(settings.home, Role.INTERNAL)
    if key is None:
        raise SettingsError(
            "MIRANTE_INTERNAL_KEY: is not set, and there is no key for the role internal in keys.json in MIRANTE_HOME"
        )
    return key


@asynccontextmanager
async def channel_to_flags(settings: KeySettings) -> AsyncIterator[grpc.aio.Channel]:
    """
    Open a channel to the flag service, which connects when it is first used.

    Raises:
        SettingsError: the authority's file cannot be read.
    """
    options = (
        ROUND_ROBIN,
        ("grpc.max_reconnect_backoff_ms", 2_000),
    )
    if settings.flags_ca is None:
        channel = grpc.aio.insecure_channel(settings.flags_address, options=options)
    else:
        try:
            authority = await asyncio.to_thread(Path(settings.flags_ca).read_bytes)
        except OSError as error:
            raise SettingsError(f"MIRANTE_FLAGS_CA: cannot be read: {error.strerror}") from None
        credentials = grpc.ssl_channel_credentials(authority)
        channel = grpc.aio.secure_channel(settings.flags_address, credentials, options=options)
    try:
        yield channel
    finally:
        await channel.close()
