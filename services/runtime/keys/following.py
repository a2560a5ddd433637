"""Keeps the API keys current."""

import asyncio
from contextlib import AbstractAsyncContextManager

import grpc.aio

from services.runtime.access import Role
from services.runtime.channels import open_channel
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


def channel_to_flags(settings: KeySettings) -> AbstractAsyncContextManager[grpc.aio.Channel]:
    """
    Open a channel to the flag service, which connects when it is first used.

    Raises, when it is entered:
        SettingsError: the authority's file cannot be read.
    """
    return open_channel(settings.flags_address, settings.flags_ca, "MIRANTE_FLAGS_CA")
