"""What the shop does with what happens: the client for the backend, browsers for the rest."""

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import grpc
import grpc.aio
import pytest

from services.demo_shop.browsers import Browsers
from services.demo_shop.history import history
from services.demo_shop.position import Position
from services.demo_shop.rush import Orders, Rush
from services.demo_shop.schedule import Schedule
from services.demo_shop.shop import Shop
from services.demo_shop.telemetry_calls import TelemetryCalls
from services.demo_shop.tenants import TENANTS
from services.demo_shop.world import instant_ms
from tests.support.demo_story import WORLD, HashedFlags, tenant_of

UNAVAILABLE = grpc.aio.AioRpcError(grpc.StatusCode.UNAVAILABLE, grpc.aio.Metadata(), grpc.aio.Metadata())


@dataclass
class FakeCalls:
    """Takes events of browsers, after some refusals."""

    refusals: int = 0
    sent: list[bytes] = field(default_factory=list)

    async def send(self, events: list[Any]) -> None:
        """See `TelemetryCalls`."""
        if self.refusals:
            self.refusals -= 1
            raise UNAVAILABLE
        self.sent += [event.id for event in events]


def test_each_thing_is_told_once_by_whom_it_belongs_to() -> None:
    """Backend events with the story's own ids and times, browsers' with what they run on; exposures by the client."""
    tracked: list[bytes] = []
    identified: list[str] = []
    client = SimpleNamespace(
        track=lambda *_, **fields: tracked.append(fields["event_id"]),
        identify=lambda user_id, *_, **__: identified.append(user_id),
    )
    told: list[bytes] = []
    browsers = SimpleNamespace(tell=lambda event: told.append(event.id))
    schedule = Schedule(WORLD, HashedFlags(), instant_ms(WORLD.began, 0))
    shop = Shop(cast("Any", client), cast("Any", browsers), schedule, Rush(WORLD, HashedFlags(), Orders))
    happenings = history(WORLD, tenant_of("demo-padaria-sol"), WORLD.began, HashedFlags(recorded=True))
    for happening in happenings:
        shop.tell(happening)
    exposures = {each.event_id for each in happenings if each.name == "flag_exposta"}
    assert exposures
    assert sorted(tracked + told) == sorted({each.event_id for each in happenings} - exposures)
    assert set(told) == {each.event_id for each in happenings if each.page}
    assert set(identified) == {each.user_id for each in happenings if each.name == "login_sucesso"}


async def test_browsers_send_again_what_was_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """In their order, each once."""
    monkeypatch.setattr("services.demo_shop.browsers._RETRY_SECONDS", 0.0)
    calls = FakeCalls(refusals=2)
    browsers = Browsers(cast("TelemetryCalls", calls))
    events = [SimpleNamespace(id=bytes([number])) for number in range(5)]
    running = asyncio.create_task(browsers.run())
    for event in events:
        browsers.tell(cast("Any", event))
    async with asyncio.timeout(30):
        while len(calls.sent) < len(events):
            await asyncio.sleep(0.01)
    running.cancel()
    assert calls.sent == [event.id for event in events]


def test_where_an_import_stands_can_be_read_again() -> None:
    """The newest day comes first, each tenant of it in turn; without days there is nothing to do."""
    position = Position(seed=3, began="2026-11-25", days=35, until_ms=1, part=7, after="ab")
    assert Position.read(position.text) == position
    assert position.next_part() == (TENANTS[1], WORLD.began.replace(day=24))
    assert position.parts == 36 * len(TENANTS)
    assert not position.done
    assert Position(seed=3, began="2026-11-25", days=0, until_ms=1).done
    with pytest.raises(ValueError, match="no position"):
        Position.read('{"line": 7}')
