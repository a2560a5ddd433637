"""The gateway, put together. The only place that knows which part gets which."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import grpc.aio
from mirante.client.settings import ClientSettings, Tls

from services.gateway.access.browser_access import FollowedBrowserAccess
from services.gateway.access.entrance import Entrance
from services.gateway.access.key_file import FileKeyMemory
from services.gateway.administration import Administration, open_administration
from services.gateway.channels import open_channel
from services.gateway.events.events import Events
from services.gateway.events.sink import GrpcEventSink
from services.gateway.flags.environment import ReplicatedRules
from services.gateway.flags.environments import Environments
from services.gateway.flags.event_streams import EventStreams
from services.gateway.flags.ofrep import Ofrep
from services.gateway.flags.tickets import Tickets
from services.gateway.http.health import Health
from services.gateway.http.open_connections import OpenConnections
from services.gateway.http.serving import open_http_server
from services.gateway.live.feeds import Feeds
from services.gateway.live.places import Places
from services.gateway.live.socket import LiveSockets
from services.gateway.live.source import GrpcLiveSource, LiveSource
from services.gateway.measuring import measure
from services.gateway.routes import Doors, application
from services.gateway.settings import GatewaySettings
from services.runtime.background import in_background
from services.runtime.calls.quota import Quotas
from services.runtime.errors import ServiceError, Unavailable
from services.runtime.keys.following import channel_to_flags, follow_keys, own_key
from services.runtime.keys.keyring import KeyRing
from services.runtime.keys.registry import KeyRegistry
from services.runtime.process import run_service
from services.runtime.settings import SettingsError
from services.runtime.telemetry.export import Telemetry, open_telemetry

_log = logging.getLogger(__name__)

_KEYS_SECONDS: Final = 1.0
_MOST_WAITING: Final = 2_000
"""Sockets that have not said who they are."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running gateway: where it listens. `prometheus_port` is None without a Prometheus endpoint."""

    port: int
    prometheus_port: int | None


@asynccontextmanager
async def running(settings: GatewaySettings, source: LiveSource | None = None) -> AsyncIterator[Gateway]:
    """
    Run the gateway: the block begins when it listens, and its end drains it.

    It is not ready before the flag service has told the keys and the rules of every environment, now or to an earlier
    process; `/readyz` says so. The other services are asked when they are needed.

    Args:
        settings: of the gateway.
        source: of live metrics; None for the metrics service.

    Raises:
        SettingsError: a setting cannot be what it is.
    """
    _check_dashboard(settings)
    async with AsyncExitStack() as stack:
        telemetry = stack.enter_context(open_telemetry(settings, "mirante-gateway"))
        flags = await stack.enter_async_context(channel_to_flags(settings))
        events = await stack.enter_async_context(
            open_channel(settings.telemetry_address, settings.telemetry_ca, "MIRANTE_TELEMETRY_CA")
        )
        metrics = await stack.enter_async_context(
            open_channel(settings.metrics_address, settings.metrics_ca, "MIRANTE_METRICS_CA")
        )
        secret = own_key(settings)
        parts = _Parts(settings, flags, events, source or GrpcLiveSource(metrics, secret), secret)
        admin = await stack.enter_async_context(
            open_administration(
                settings,
                telemetry=events,
                metrics=metrics,
                keys=parts.keys,
                key_quotas=parts.quotas,
                secret=secret,
            )
        )
        parts.administer(admin)
        stack.push_async_callback(parts.environments.close)
        stack.callback(parts.feeds.close)
        await parts.prepare()
        app = application(
            parts.doors,
            admin,
            telemetry,
            parts.access,
            dashboard=settings.dashboard_dir,
            tls=settings.is_secure,
        )
        parts.measure(telemetry)
        server = await stack.enter_async_context(open_http_server(settings, app))
        await stack.enter_async_context(
            in_background(partial(follow_keys, parts.keys, _KEYS_SECONDS), parts.environments.follow)
        )
        stack.callback(parts.drain)
        _log.info("ready", extra={"port": server.port})
        yield Gateway(server.port, telemetry.prometheus_port)


class _Parts:
    """The parts of a gateway."""

    def __init__(
        self,
        settings: GatewaySettings,
        flags: grpc.aio.Channel,
        events: grpc.aio.Channel,
        source: LiveSource,
        secret: str,
    ) -> None:
        self._settings = settings
        self._secret = secret
        self._registry = KeyRegistry(flags, secret, FileKeyMemory(settings.home / "gateway" / "keys.bin"))
        self.keys = KeyRing(self._registry, self._revoked)
        self.access = FollowedBrowserAccess(self._registry).current
        self.environments = Environments(self._open_rules, self._own_environments)
        self.feeds = Feeds(source)
        self.quotas, event_quotas = Quotas(settings.quota), Quotas(settings.event_quota)
        self._all_quotas = [self.quotas, event_quotas]
        entrance = Entrance(self.keys, self.quotas, self.access)
        tickets = Tickets(secret)
        self._streams = OpenConnections(settings.streams_per_key)
        self._sockets = OpenConnections(settings.sockets_per_key)
        self._waiting = OpenConnections(_MOST_WAITING)
        self._long_lived = {"events": self._streams, "metrics": self._sockets, "waiting": self._waiting}
        self._health = Health(self._lacking)
        self.doors = Doors(
            Ofrep(entrance, self.environments, tickets, self.quotas),
            EventStreams(
                entrance=entrance,
                environments=self.environments,
                tickets=tickets,
                connections=self._streams,
                is_valid=self.keys.is_valid,
            ),
            Events(
                entrance=entrance,
                access=self.access,
                sink=GrpcEventSink(events, secret),
                quotas=event_quotas,
                most_bytes=settings.body_bytes,
            ),
            LiveSockets(
                entrance=entrance,
                access=self.access,
                feeds=self.feeds,
                waiting=self._waiting,
                connections=self._sockets,
                places=Places(settings.sockets_per_user),
                hello_seconds=settings.hello_seconds,
            ),
            self._health,
        )

    def administer(self, admin: Administration) -> None:
        """Take the admin API's streams and quotas for parts too."""
        self._long_lived["api"] = admin.streams
        self._all_quotas.append(admin.quotas)

    async def prepare(self) -> None:
        """Learn the keys if the flag service, or the file of last time, can tell them now."""
        try:
            await self.keys.refresh()
        except Unavailable as error:
            _log.warning("waiting for the flag service: %s", error.message)
        self.environments.refresh()

    def measure(self, telemetry: Telemetry) -> None:
        """Measure the parts from now on."""
        measure(telemetry.measurements, self._long_lived, self.feeds, self._all_quotas)

    def drain(self) -> None:
        """Say that this process ends, and let long-lived connections go."""
        _log.info("draining")
        self._health.draining = True
        for connections in self._long_lived.values():
            connections.drain()

    def _open_rules(self, environment: str) -> ReplicatedRules:
        settings = self._settings
        return ReplicatedRules(
            ClientSettings(
                address=settings.flags_address,
                api_key=self._secret,
                environment=environment,
                name="gateway",
                cache_dir=Path(settings.home) / "gateway",
                tls=None if settings.flags_ca is None else Tls(ca=settings.flags_ca),
            )
        )

    def _own_environments(self) -> frozenset[str]:
        """Return those that the key of this process holds; none while the keys are not known."""
        try:
            return self.keys.authenticate(f"Bearer {self._secret}").environments
        except ServiceError:
            return frozenset()

    def _lacking(self) -> Sequence[str]:
        if not self.keys.knows_keys:
            return ["API keys"]
        return [f"flags of {name}" for name in self.environments.missing]

    def _revoked(self, key_id: str) -> None:
        for connections in self._long_lived.values():
            connections.end_those_of(key_id)


def _check_dashboard(settings: GatewaySettings) -> None:
    folder = settings.dashboard_dir
    if folder is not None and not (folder / "index.html").is_file():
        raise SettingsError("MIRANTE_DASHBOARD_DIR: is no folder with an index.html")


def main() -> None:
    """Run the gateway as a process."""
    run_service(GatewaySettings, running)
