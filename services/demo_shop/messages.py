"""Happenings as messages. They say that they are made up: by the names of tenant, user, session and release."""

from functools import lru_cache
from typing import Final

from mirante.api.telemetry.v1 import event_pb2
from mirante.telemetry.event import build_event

from services.demo_shop.devices import Device
from services.demo_shop.happening import Happening
from services.demo_shop.world import local_time

_LIBRARY: Final = event_pb2.Library(name="mirante-demo", version="1")


def message_of(happening: Happening) -> event_pb2.Event:
    """Return the event, with the context of the browser or the backend that tells it."""
    return build_event(
        happening.name,
        happening.properties,
        user_id=happening.user_id,
        tenant=happening.tenant,
        session_id=happening.session_id,
        occurred_at=local_time(happening.at_ms),
        event_id=happening.event_id,
        context=_context(happening.release, happening.page, happening.device if happening.page else None),
    )


@lru_cache(maxsize=1_024)
def _context(release: str, page: str, device: Device | None) -> event_pb2.EventContext:
    context = event_pb2.EventContext(library=_LIBRARY, release=release, locale="pt-BR")
    if device is not None:
        context.page.path = page
        context.browser.name, context.browser.version = device.browser, device.version
        context.device.type, context.device.operating_system = device.type, device.system
    return context
