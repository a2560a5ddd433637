"""From an event that is sent to what a manager sees."""

from decimal import Decimal
from typing import Any

import grpc
import grpc.aio
import pytest
from mirante.api.metrics.v1 import live_metrics_service_pb2 as pb2
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1 import event_pb2

from tests.support.metrics_recount import recount
from tests.support.metrics_serving import metrics_serving, read_until, shown
from tests.support.serving import Datastores
from tests.support.telemetry_events import event_id, sale
from tests.support.telemetry_serving import ACCEPTED, DUPLICATE


def cancelled(sale_id: str) -> event_pb2.Event:
    """Return the event that cancels a sale."""
    event = sale(venda_id=sale_id)
    event.id, event.name = event_id(), "venda_cancelada"
    return event


async def test_what_is_sent_is_seen_and_equals_a_recount_of_the_log(stores: Datastores) -> None:
    """A sale comes to those who watch its tenant and to nobody else; at the end the numbers are those of the log."""
    async with metrics_serving(stores) as serving:
        ours, others = serving.watch("acme", with_series=True), serving.watch("globex")
        await read_until(ours, lambda frame: not frame.catching_up)
        assert await serving.telemetry.send(sale(venda_id="v-1")) == [ACCEPTED]
        frames = await read_until(ours, lambda frame: shown(frame).get(("receita_hora", "BRL")) == "99.90")
        assert [each.sequence for each in frames] == sorted({each.sequence for each in frames})
        again = sale(user_id="bia", venda_id="v-2", valor="0.10")
        more = [again, sale(user_id="caio", venda_id="v-3"), sale(user_id="dani", venda_id="v-4", moeda="USD")]
        assert await serving.telemetry.send(*more) == [ACCEPTED] * 3
        assert await serving.telemetry.send(again) == [DUPLICATE]
        assert await serving.telemetry.send(cancelled("v-3")) == [ACCEPTED]
        frame = await serving.until(lambda frame: shown(frame).get(("vendas_hora", "")) == "3")

        follow = serving.telemetry.follow()
        stored: list[event_pb2.StoredEvent] = []
        while True:
            response = await follow.read()
            assert isinstance(response, log_pb2.FollowEventsResponse)
            stored += [entry.event for entry in response.entries]
            if response.at_end:
                break
        expected = recount(stored, frame.as_of.seconds // 60)
        found = {key: Decimal(value) for key, value in shown(frame).items() if value and "p75" not in key[0]}
        assert found == expected
        assert found["receita_hora", "BRL"] == Decimal("100.00")
        assert found["usuarios_online", ""] == 4

        seen = await read_until(others, lambda _: True)
        assert {each.tenant for each in seen} == {"globex"}
        assert shown(seen[-1])["vendas_hora", ""] == "0"


async def test_series_of_the_day_add_up_to_the_window(stores: Datastores) -> None:
    """A first frame has every minute of 24 hours; what was sold is in the last of them."""
    async with metrics_serving(stores) as serving:
        await serving.telemetry.send(sale(venda_id="v-1"), sale(venda_id="v-2"))
        await serving.until(lambda frame: shown(frame)["vendas_hora", ""] == "2")
        frame = await serving.frame(with_series=True)
        series = {each.metric: each.series for each in frame.metrics}
        assert all(len(each.values) == 1440 for each in series.values())
        assert series["vendas_hora"].start_time.seconds == (frame.as_of.seconds // 60 - 1439) * 60
        assert sum(int(value) for value in series["vendas_hora"].values[-60:]) == 2
        assert Decimal(next(value for value in reversed(series["receita_hora"].values) if value != "0")) > 0


async def test_all_tenants_are_watched_by_whoever_may(stores: Datastores) -> None:
    """Without naming any, a reader gets every tenant, also those that come later."""
    async with metrics_serving(stores) as serving:
        await serving.telemetry.send(sale("acme"))
        await serving.until(lambda frame: shown(frame)["vendas_hora", ""] == "1")
        call = serving.watch(role="internal")
        await read_until(call, lambda frame: frame.tenant == "acme")
        await serving.telemetry.send(sale("globex"))
        await read_until(call, lambda frame: frame.tenant == "globex" and shown(frame)["vendas_hora", ""] == "1")


async def test_whoever_has_the_present_frame_gets_no_first_one(stores: Datastores) -> None:
    """After a broken connection the tenant that has changed comes at once; the other one only as a sign of life."""
    async with metrics_serving(stores) as serving:
        await serving.telemetry.send(sale("acme"), sale("globex"))
        await serving.until(lambda frame: shown(frame)["vendas_hora", ""] == "1", "globex")
        first = await read_until(serving.watch("globex"), lambda frame: shown(frame)["vendas_hora", ""] == "1")
        known = pb2.FramePosition(tenant="globex", origin=first[-1].origin, sequence=first[-1].sequence)
        other = pb2.FramePosition(tenant="acme", origin=first[-1].origin + 1, sequence=first[-1].sequence)
        response = await serving.watch("acme", "globex", received=[known, other]).read()
        assert isinstance(response, pb2.WatchLiveMetricsResponse)
        assert [frame.tenant for frame in response.frames] == ["acme"]


async def test_one_stream_watches_tenants_that_come_and_go(stores: Datastores) -> None:
    """Each begins with a whole frame; one that was removed comes no more, and ending one's side ends the stream."""
    async with metrics_serving(stores) as serving:
        await serving.telemetry.send(sale("acme"), sale("globex"))
        await serving.until(lambda frame: shown(frame)["vendas_hora", ""] == "1", "globex")
        call = serving.live.WatchTenants(metadata=serving.key("internal"))
        await call.write(pb2.WatchTenantsRequest(added=[pb2.FramePosition(tenant="acme")]))
        (first,) = await read_until(call, lambda frame: frame.tenant == "acme")
        assert {len(each.series.values) for each in first.metrics} == {1440}
        await call.write(pb2.WatchTenantsRequest(removed=["acme"], added=[pb2.FramePosition(tenant="globex")]))
        await read_until(call, lambda frame: frame.tenant == "globex" and len(frame.metrics[0].series.values) == 1440)
        await serving.telemetry.send(sale("acme"), sale("globex"))
        frames = await read_until(call, lambda frame: shown(frame)["vendas_hora", ""] == "2")
        assert {frame.tenant for frame in frames} == {"globex"}
        assert len(frames[-1].metrics[0].series.values) <= 2
        await call.done_writing()
        assert await call.read() is grpc.aio.EOF
        assert await call.code() is grpc.StatusCode.OK


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (pb2.WatchTenantsRequest(added=[pb2.FramePosition()]), "added[0].tenant"),
        (pb2.WatchTenantsRequest(added=[pb2.FramePosition(tenant="a")] * 1_001), "added"),
        (pb2.WatchTenantsRequest(removed=["a"] * 1_001), "removed"),
    ],
)
async def test_what_a_stream_of_tenants_refuses(stores: Datastores, request_: Any, field: str) -> None:
    """The field is named, also in a message that is not the first."""
    async with metrics_serving(stores) as serving:
        for first in ([], [pb2.WatchTenantsRequest()]):
            call = serving.live.WatchTenants(metadata=serving.key("reader"))
            for message in (*first, request_):
                await call.write(message)
            assert await call.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert (await call.details() or "").startswith(f"{field}: ")
