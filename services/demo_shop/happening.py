"""Something that happens in the story, and who tells it. Pure."""

from collections.abc import Mapping
from typing import Final, NamedTuple, TypeAlias

from services.demo_shop.devices import Device

Properties: TypeAlias = Mapping[str, str | int | float]

EXPOSURE: Final = "flag_exposta"
"""The event that the client sends of an evaluation."""


class Happening(NamedTuple):
    """
    An event before it is sent.

    Attributes:
        at_ms: milliseconds since 1970.
        event_id: a UUIDv7 of that time, always the same for the same world.
        page: of the browser that tells it; empty when the backend does.
        plan, region: traits of who did it.
        recorded: the client has recorded it already.
    """

    at_ms: int
    event_id: bytes
    name: str
    properties: Properties
    tenant: str
    user_id: str
    session_id: str
    page: str
    device: Device
    release: str
    plan: str
    region: str
    recorded: bool = False
