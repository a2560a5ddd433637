"""First contact with what the service needs: its tables, its definitions, and the log."""

import asyncio
import dataclasses
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import grpc.aio

from services.metrics.definitions import Metrics
from services.metrics.definitions.reading import default_metrics, read_metrics
from services.metrics.settings import MetricsSettings
from services.runtime.channels import KEEPALIVE, open_channel
from services.runtime.errors import InvalidRequest, ServiceError
from services.runtime.keys.keyring import KeyRing
from services.runtime.postgres.opening import open_migrated
from services.runtime.postgres.pool import PostgresPool, open_pool
from services.runtime.settings import SettingsError

_MIGRATIONS: Final = files("services.metrics") / "migrations"
_SERVICE: Final = "metrics"
_ONLINE: Final = "usuarios_online"
_MOST_BATCH_BYTES: Final = 64 * 1024 * 1024
_OPTIONS: Final = (
    KEEPALIVE,
    ("grpc.max_receive_message_length", _MOST_BATCH_BYTES),
)


async def open_database(stack: AsyncExitStack, url: str, *, migrates: bool) -> PostgresPool:
    """
    Open the database; the stack closes it. Waits for as long as it does not answer.

    `migrates` says whether to bring its tables up to date; else this waits until somebody else has.

    Raises:
        SettingsError: the URL is none.
        MigrationError: the database and this version do not fit together.
    """
    return await open_migrated(
        stack,
        url,
        _SERVICE,
        _MIGRATIONS,
        lambda attempted: attempted.enter_async_context(open_pool(url, _SERVICE)),
        migrates=migrates,
    )


def environments_of(keys: KeyRing, secret: str) -> frozenset[str]:
    """Return the environments that this service's own key holds, of those that exist; none while it is not known."""
    try:
        return keys.authenticate(f"Bearer {secret}").environments
    except ServiceError:
        return frozenset()


async def metrics_of(settings: MetricsSettings) -> Metrics:
    """
    Return the definitions that the settings name.

    Raises:
        SettingsError: the file cannot be read or does not hold together.
    """
    if settings.definitions is None:
        metrics = dict(default_metrics())
        metrics[_ONLINE] = dataclasses.replace(metrics[_ONLINE], window=settings.online_minutes)
        return metrics
    try:
        return read_metrics(await asyncio.to_thread(settings.definitions.read_text, encoding="utf-8"))
    except (OSError, UnicodeError) as error:
        raise SettingsError(f"MIRANTE_METRICS_DEFINITIONS: cannot be read: {type(error).__name__}") from None
    except InvalidRequest as error:
        raise SettingsError(f"MIRANTE_METRICS_DEFINITIONS: {error.message}") from None


def time_zone_of(settings: MetricsSettings) -> ZoneInfo:
    """
    Return the time zone that the settings name.

    Raises:
        SettingsError: there is none of that name.
    """
    try:
        return ZoneInfo(settings.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError("MIRANTE_METRICS_TIME_ZONE: is no time zone, such as America/Sao_Paulo") from None


def channel_to_telemetry(settings: MetricsSettings) -> AbstractAsyncContextManager[grpc.aio.Channel]:
    """
    Open a channel to the telemetry service, which connects when it is first used.

    Raises, when it is entered:
        SettingsError: the authority's file cannot be read.
    """
    return open_channel(settings.telemetry_address, settings.telemetry_ca, "MIRANTE_TELEMETRY_CA", *_OPTIONS)
