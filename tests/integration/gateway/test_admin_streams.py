"""Streams of the admin API: what comes, what ends them, and who has to wait."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2
from mirante.api.flags.v1 import people_service_pb2 as people_pb2
from mirante.api.metrics.v1 import live_metrics_service_pb2 as metrics_pb2
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1 import event_pb2

from services.gateway.admin import message_streams, sessions
from tests.support.gateway_live import live_frame
from tests.support.gateway_people import Browser, Stream, create_person, logged_in
from tests.support.gateway_serving import GatewayServing, gateway_serving
from tests.support.scripted_streams import ScriptedStreams, scripted_streams
from tests.support.serving import Serving, eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

WATCH = "mirante.api.metrics.v1.LiveMetricsService/WatchLiveMetrics"
TAIL = "mirante.api.telemetry.v1.EventLogService/TailEvents"
ALL = {"environment": "production"}
NOTHING_YET = metrics_pb2.WatchLiveMetricsResponse()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def scripted() -> AsyncIterator[tuple[ScriptedStreams, str]]:
    """Yield the services behind the gateway, and their address."""
    async with scripted_streams() as found:
        yield found


@pytest.fixture
def behind(scripted: tuple[ScriptedStreams, str]) -> ScriptedStreams:
    """Return the services behind the gateway, with nothing to say yet."""
    scripted[0].forget()
    return scripted[0]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def gateway(
    flags: Serving, scripted: tuple[ScriptedStreams, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[GatewayServing]:
    """Yield a gateway before those services, with few streams for each session."""
    for role in ("viewer", "editor"):
        await create_person(flags, role, role)
    home: Path = tmp_path_factory.mktemp("gateway")
    chosen = {"telemetry_address": scripted[1], "metrics_address": scripted[1], "streams_per_session": 3}
    async with gateway_serving(flags, home, **chosen) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def viewer(gateway: GatewayServing) -> AsyncIterator[Browser]:
    """Yield a browser in which a viewer is logged in."""
    async with logged_in(gateway, "viewer") as found:
        yield found


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions are looked at all the time, and silence is short."""
    monkeypatch.setattr(message_streams, "REMAINS_SECONDS", 0.05)
    monkeypatch.setattr(message_streams, "COMMENT_SECONDS", 0.05)
    monkeypatch.setattr(sessions, "FRESH_SECONDS", 0.02)


async def test_live_metrics_come_as_they_change(viewer: Browser, behind: ScriptedStreams) -> None:
    """Each message is one event, defaults included; the service knows for whom it streams."""
    behind.say(metrics_pb2.WatchLiveMetricsResponse(frames=[live_frame(1, value="12.50", series=("1", "0"))]))
    async with viewer.stream(WATCH, ALL | {"tenants": ["acme"], "withSeries": True}) as stream:
        name, first = await stream.next()
        metric = first["frames"][0]["metrics"][0]
        assert (name, metric["value"], metric["series"]["values"]) == ("message", "12.50", ["1", "0"])
        assert first["frames"][0]["sequence"] == "1"
        behind.say(metrics_pb2.WatchLiveMetricsResponse(frames=[live_frame(2)]))
        assert (await stream.next())[1]["frames"][0]["sequence"] == "2"
        behind.say(None)
        assert await stream.next() == ("end", None)
    assert behind.requests[-1].tenants == ["acme"]
    sent = behind.metadata[-1]
    assert (sent["x-mirante-actor"], sent["x-mirante-actor-role"]) == ("viewer", "viewer")


async def test_a_tail_of_events_begins_without_one(viewer: Browser, behind: ScriptedStreams, often: None) -> None:  # noqa: ARG001 - it sets times
    """The browser knows that it is connected, and hears that it still is; when it leaves, the call ends."""
    async with viewer.stream(TAIL, ALL | {"last": 10}) as stream:
        await stream.comment()
        event = event_pb2.StoredEvent(event=event_pb2.Event(id=b"\1" * 16, name="venda_criada", tenant="acme"))
        behind.say(log_pb2.TailEventsResponse(events=[event], missed=2**40))
        _, found = await stream.next()
        assert found["events"][0]["event"]["name"] == "venda_criada"
        assert (found["events"][0]["event"]["id"], found["missed"]) == ("AQEBAQEBAQEBAQEBAQEBAQ==", "1099511627776")
    await behind.until_ended()


async def test_what_is_refused_at_once_has_its_status(viewer: Browser, behind: ScriptedStreams) -> None:
    """Later refusals are an event, because the answer has begun by then."""
    behind.say(grpc.StatusCode.PERMISSION_DENIED)
    refused = await viewer.ask(WATCH, ALL)
    assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")
    behind.say(NOTHING_YET)
    async with viewer.stream(WATCH, ALL) as stream:
        assert await stream.next() == ("message", {"frames": []})
        behind.say(grpc.StatusCode.RESOURCE_EXHAUSTED)
        name, problem = await stream.next()
        assert (name, problem["status"]) == ("problem", 429)
        assert await stream.next() == ("end", None)
    malformed = await viewer.ask(WATCH, {"tenants": "acme"})
    assert (malformed.status_code, malformed.json()["errors"][0]["field"]) == (400, "tenants")


async def ended(stream: Stream) -> str:
    """Return the reason with which a stream ended."""
    while True:
        name, found = await stream.next()
        if name == "problem":
            assert await stream.next() == ("end", None)
            return str(found["reason"])
        if name == "end":
            return ""


async def test_a_logout_ends_the_streams_of_its_session(gateway: GatewayServing, behind: ScriptedStreams) -> None:
    """At once, and no others."""
    async with logged_in(gateway, "editor") as first, logged_in(gateway, "editor") as second:
        async with first.stream(TAIL, ALL) as gone, second.stream(TAIL, ALL) as staying:
            assert (await first.post("/api/logout")).status_code == 204
            assert await ended(gone) == "SESSION_ENDED"
            behind.say(log_pb2.TailEventsResponse(missed=1), log_pb2.TailEventsResponse(missed=1))
            assert (await staying.next())[0] == "message"
        assert (await first.ask(TAIL, ALL)).status_code == 401


@pytest.mark.parametrize("change", [{"disabled": True}, {"role": people_pb2.PERSON_ROLE_EDITOR}])
async def test_whoever_is_somebody_else_now_has_to_come_again(
    gateway: GatewayServing,
    flags: Serving,
    behind: ScriptedStreams,
    often: None,  # noqa: ARG001 - it sets times
    change: dict[str, Any],
) -> None:
    """A person who is disabled, or has another role, keeps no stream that was opened before."""
    login = f"changed_{next(iter(change))}"
    person = await create_person(flags, login, "viewer")
    async with logged_in(gateway, login) as changed, changed.stream(TAIL, ALL) as stream:
        request = people_pb2.UpdatePersonRequest(person_id=person.id, **change)
        await flags.people.UpdatePerson(request, metadata=flags.admin)
        assert await ended(stream) == "SESSION_ENDED"
        await behind.until_ended()


async def test_a_revoked_key_ends_its_streams(gateway: GatewayServing, flags: Serving, behind: ScriptedStreams) -> None:
    """Scripts have streams too."""
    created = await flags.access.CreateApiKey(
        access_pb2.CreateApiKeyRequest(name="tail", role=access_pb2.ROLE_READER, environments=["production"]),
        metadata=flags.admin,
    )
    headers = {"authorization": f"Bearer {created.secret}"}

    async def is_known() -> bool:
        path = "/api/mirante.api.flags.v1.FlagAdminService/ListFlags"
        return (await gateway.http.post(path, json={}, headers=headers)).status_code == 200

    await eventually(is_known)
    behind.say(log_pb2.TailEventsResponse(missed=1))
    async with gateway.http.stream("POST", f"/api/{TAIL}", json={}, headers=headers, timeout=None) as response:
        stream = Stream(response.aiter_lines())
        assert (await stream.next())[0] == "message"
        assert behind.metadata[-1]["authorization"] == f"Bearer {created.secret}"
        assert "x-mirante-actor" not in behind.metadata[-1]
        await flags.access.RevokeApiKey(access_pb2.RevokeApiKeyRequest(key_id=created.api_key.id), metadata=flags.admin)
        assert await ended(stream) == ""
    await behind.until_ended()


async def test_a_session_has_only_so_many_streams(viewer: Browser) -> None:
    """One more is refused, and there is room again when one has ended."""
    async with viewer.stream(TAIL, ALL), viewer.stream(TAIL, ALL):
        async with viewer.stream(TAIL, ALL):
            refused = await viewer.ask(TAIL, ALL)
            assert (refused.status_code, refused.json()["reason"]) == (429, "TOO_MANY_CONNECTIONS")

        async def has_room() -> bool:
            headers = {"x-mirante-request": "1"}
            async with viewer.http.stream("POST", f"/api/{TAIL}", json=ALL, headers=headers) as response:
                return response.status_code == 200

        await eventually(has_room)


async def test_a_reader_who_does_not_read_holds_the_service_back(
    gateway: GatewayServing, viewer: Browser, behind: ScriptedStreams
) -> None:
    """Nothing is piled up for them here, and the service notices."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.gateway.port, limit=1024)
    cookie = f"mirante_session={viewer.http.cookies['mirante_session']}"
    head = f"POST /api/{TAIL} HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\nX-Mirante-Request: 1\r\n"
    writer.write(f"{head}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}".encode())
    event = event_pb2.StoredEvent(event=event_pb2.Event(name="x" * 100_000))
    before, sent = behind.written, 400
    behind.say(*[log_pb2.TailEventsResponse(events=[event])] * sent)
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    seen = -1

    async def has_stopped() -> bool:
        nonlocal seen
        earlier, seen = seen, behind.written
        await asyncio.sleep(0.3)
        return earlier == seen

    await eventually(has_stopped)
    assert 0 < behind.written - before < sent
    writer.transport.abort()
    await behind.until_ended()
