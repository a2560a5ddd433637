"""Live metrics over real WebSockets."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.support.gateway_live import live_frame
from tests.support.gateway_serving import GatewayServing, gateway_serving, said
from tests.support.gateway_tokens import ORIGIN, access_request, backend
from tests.support.serving import PATIENCE_SECONDS, Serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def tenant(request: pytest.FixtureRequest) -> str:
    """Return a tenant of the test's own."""
    return str(request.node.name)[:60]


async def refused(socket: ClientConnection) -> tuple[int, str]:
    """Return the code that a socket was closed with, and the reason that its problem names."""
    reason = ""
    async with asyncio.timeout(PATIENCE_SECONDS):
        with contextlib.suppress(ConnectionClosed):
            while True:
                message = json.loads(await socket.recv())
                if message["type"] == "problem":
                    reason = message["problem"]["reason"]
                    assert message["problem"]["detail"]
    assert socket.close_code is not None
    return socket.close_code, reason


async def test_a_snapshot_comes_first_then_what_changes(gateway: GatewayServing, tenant: str) -> None:
    """Frames bring all values, and of a series what has changed."""
    gateway.source.send(live_frame(1, tenant, value="1", series=("1", "2")))
    async with await gateway.watching(tenant) as socket:
        first = await said(socket)
        assert (first["type"], first["tenant"], first["environment"]) == ("snapshot", tenant, "production")
        (metric,) = first["metrics"]
        assert (metric["metric"], metric["value"], metric["aggregation"]) == ("vendas_hora", "1", "count")
        assert metric["series"]["values"] == ["1", "2"]
        assert metric["previous_hour"] == {"value": "0", "change": ""}
        gateway.source.send(live_frame(2, tenant, value="3", series=("3", "0"), first_minute=1))
        second = await said(socket)
        assert (second["type"], second["metrics"][0]["value"]) == ("frame", "3")
        assert second["metrics"][0]["series"] == {
            "start_seconds": metric["series"]["start_seconds"] + 60,
            "values": ["3", "0"],
        }
        async with await gateway.watching(tenant) as later:
            whole = await said(later)
            assert (whole["type"], whole["metrics"][0]["series"]["values"]) == ("snapshot", ["1", "3", "0"])


async def test_a_socket_receives_its_own_tenant_only(gateway: GatewayServing, tenant: str) -> None:
    """Whatever happens elsewhere."""
    mine, others = f"{tenant}-1", f"{tenant}-2"
    async with await gateway.watching(mine) as one, await gateway.watching(others) as other:
        for sequence in range(1, 4):
            gateway.source.send(live_frame(sequence, others, value="999"))
        await said(other)
        gateway.source.send(live_frame(1, mine, value="5"))
        found = await said(one)
        assert (found["tenant"], found["metrics"][0]["value"]) == (mine, "5")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(one.recv(), 0.2)


async def test_sockets_of_one_tenant_share_one_stream(gateway: GatewayServing, tenant: str) -> None:
    """However many they are."""
    gateway.source.send(live_frame(1, tenant))
    sockets = [await gateway.watching(tenant, f"user-{number}") for number in range(5)]
    texts = [await asyncio.wait_for(socket.recv(), PATIENCE_SECONDS) for socket in sockets]
    assert len(set(texts)) == 1
    assert [each[1] for each in gateway.source.watched].count(tenant) == 1
    for socket in sockets:
        await socket.close()


async def test_a_reconnect_goes_on_where_it_was(gateway: GatewayServing, tenant: str) -> None:
    """Who has the newest message is only told that it has; who has an older one gets everything."""
    gateway.source.send(live_frame(1, tenant))
    async with await gateway.watching(tenant) as socket:
        position = (await said(socket))["position"]
    async with await gateway.watching(tenant, received=position) as socket:
        assert (await said(socket)) == {"type": "resumed", "position": position}
        gateway.source.send(live_frame(2, tenant, value="2"))
        assert (await said(socket))["type"] == "frame"
    async with await gateway.watching(tenant, received=position) as socket:
        found = await said(socket)
        assert (found["type"], found["metrics"][0]["value"]) == ("snapshot", "2")


async def test_a_change_of_replica_begins_anew(gateway: GatewayServing, tenant: str) -> None:
    """Sequences of another process do not compare: everybody gets everything."""
    gateway.source.send(live_frame(9, tenant, series=("1", "2", "3")))
    async with await gateway.watching(tenant) as socket:
        await said(socket)
        gateway.source.send(live_frame(1, tenant, series=("7",), origin=8))
        found = await said(socket)
        assert (found["type"], found["metrics"][0]["series"]["values"]) == ("snapshot", ["7"])


async def test_a_slow_socket_gets_the_newest_and_no_queue(gateway: GatewayServing, tenant: str) -> None:
    """What it did not read is skipped, and the next message it gets is whole."""
    async with await gateway.socket(max_queue=1) as slow:
        await slow.send(gateway.hello(tenant))
        big = tuple(str(number) for number in range(1_440))
        async with await gateway.watching(tenant, "quick") as quick:
            newest = 600
            for sequence in range(1, newest + 1):
                gateway.source.send(live_frame(sequence, tenant, value=str(sequence), series=big))
                await said(quick)
        values: list[int] = []
        kinds: list[str] = []
        while not values or values[-1] != newest:
            found = await said(slow)
            kinds.append(found["type"])
            values.append(int(found["metrics"][0]["value"]))
        assert values == sorted(values)
        assert len(values) < newest
        skips = [index for index in range(1, len(values)) if values[index] != values[index - 1] + 1]
        assert skips
        assert all(kinds[index] == "snapshot" for index in skips)


async def test_silence_of_the_source_is_told(gateway: GatewayServing, tenant: str) -> None:
    """Numbers that may be old are said to be; when the source is back, frames go on."""
    gateway.source.send(live_frame(1, tenant))
    async with await gateway.watching(tenant) as socket:
        position = (await said(socket))["position"]
        gateway.source.end()
        found = await said(socket)
        assert (found["type"], found["position"]) == ("stale", position)
        kinds = []
        while "frame" not in kinds:
            kinds.append((await said(socket))["type"])
        assert gateway.source.watched[-1][2] is not None


def wrong_hellos(gateway: GatewayServing) -> dict[str, tuple[Any, int, str]]:
    """Return first messages that are refused, with code and reason."""
    key, good = gateway.keys["browser"], gateway.token()
    stranger = backend().mint(environment="production", tenant="acme", user="ana")
    expired = gateway.token(now=time.time() - 7_200)
    elsewhere = gateway.tokens.mint(environment="staging", tenant="acme", user="ana")
    hello = {"type": "hello", "key": key, "token": good}
    return {
        "no json": ("{", 4400, "INVALID_MESSAGE"),
        "deep": ("[" * 8_000, 4400, "INVALID_MESSAGE"),
        "long": ("x" * 9_000, 4400, "INVALID_MESSAGE"),
        "bytes": (b"\x00\xff", 4400, "INVALID_MESSAGE"),
        "another type": (hello | {"type": "renew"}, 4400, "INVALID_MESSAGE"),
        "unknown field": (hello | {"tenant": "other"}, 4400, "INVALID_MESSAGE"),
        "no token": ({"type": "hello", "key": key}, 4400, "INVALID_MESSAGE"),
        "number": (hello | {"token": 7}, 4400, "INVALID_MESSAGE"),
        "empty token": (hello | {"token": ""}, 4401, "INVALID_TOKEN"),
        "unknown key": (hello | {"key": "wrong"}, 4401, "UNKNOWN_KEY"),
        "forged": (hello | {"token": stranger}, 4401, "INVALID_TOKEN"),
        "expired": (hello | {"token": expired}, 4401, "TOKEN_EXPIRED"),
        "of another environment": (hello | {"token": elsewhere}, 4403, "INVALID_TOKEN"),
        "environment": (hello | {"environment": "staging"}, 4403, "ENVIRONMENT_DENIED"),
    }


async def test_wrong_hellos_are_refused_with_their_reason(gateway: GatewayServing) -> None:
    """A problem in a message, then the code; nothing of any tenant was sent."""
    for name, (message, code, reason) in wrong_hellos(gateway).items():
        async with await gateway.socket() as socket:
            await socket.send(json.dumps(message) if isinstance(message, dict) else message)
            assert (name, await refused(socket)) == (name, (code, reason))


async def test_oversized_messages_end_the_socket(gateway: GatewayServing) -> None:
    """1009, as WebSockets have it, before the message is in memory."""
    async with await gateway.socket() as socket:
        await socket.send("x" * 1_000_000)
        assert (await refused(socket))[0] == 1009


async def test_pages_of_other_origins_get_no_socket(gateway: GatewayServing) -> None:
    """403 with a problem, before the handshake; those of the environment and other programs get one."""
    for origin in ("https://evil.example", "null"):
        with pytest.raises(InvalidStatus) as caught:
            await gateway.socket(origin=origin)
        response = caught.value.response
        assert (response.status_code, json.loads(response.body or b"")["reason"]) == (403, "ORIGIN_DENIED")
    async with await gateway.socket(origin=ORIGIN) as socket:
        await socket.send(gateway.hello("origins"))
        gateway.source.send(live_frame(1, "origins"))
        assert (await said(socket))["type"] == "snapshot"


async def test_a_token_can_be_renewed_by_its_own_user_only(gateway: GatewayServing, tenant: str) -> None:
    """A renewed token keeps the socket; one of another tenant or user closes it."""
    gateway.source.send(live_frame(1, tenant))
    async with await gateway.watching(tenant) as socket:
        await said(socket)
        await socket.send(json.dumps({"type": "renew", "token": gateway.token(tenant)}))
        gateway.source.send(live_frame(2, tenant, value="2"))
        assert (await said(socket))["metrics"][0]["value"] == "2"
        await socket.send(json.dumps({"type": "renew", "token": gateway.token("other")}))
        assert await refused(socket) == (4403, "TENANT_DENIED")


async def test_chatter_ends_a_socket(gateway: GatewayServing, tenant: str) -> None:
    """A client that only talks is told to stop."""
    async with await gateway.watching(tenant) as socket:
        for _ in range(20):
            await socket.send(json.dumps({"type": "renew", "token": gateway.token(tenant)}))
        assert await refused(socket) == (4429, "QUOTA_EXCEEDED")


async def test_a_revoked_key_closes_its_sockets(gateway: GatewayServing, flags: Serving, tenant: str) -> None:
    """At once, with the reason; its streams of changes end too."""
    request = access_pb2.CreateApiKeyRequest(
        name="soon gone", role=access_pb2.ROLE_BROWSER, environments=["production"]
    )
    created = await flags.access.CreateApiKey(request, metadata=flags.admin)
    gateway.source.send(live_frame(1, tenant))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            socket = await gateway.watching(tenant, key=created.secret)
            found = await said(socket)
            if found["type"] == "snapshot":
                break
            await socket.close()
    await flags.access.RevokeApiKey(access_pb2.RevokeApiKeyRequest(key_id=created.api_key.id), metadata=flags.admin)
    assert await refused(socket) == (4401, "REVOKED_KEY")


@pytest_asyncio.fixture(loop_scope="module")
async def narrow(flags: Serving, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[GatewayServing]:
    """Yield a gateway with small bounds."""
    home = tmp_path_factory.mktemp("narrow")
    async with gateway_serving(flags, home, sockets_per_key=3, sockets_per_user=2, hello_seconds=0.3) as running:
        yield running


async def test_floods_of_connections_are_refused(narrow: GatewayServing, tenant: str) -> None:
    """Of one user and of one key; places come free again."""
    narrow.source.send(live_frame(1, tenant))
    first, second = await narrow.watching(tenant, "a"), await narrow.watching(tenant, "a")
    await said(first)
    await said(second)
    assert await refused(await narrow.watching(tenant, "a")) == (4429, "TOO_MANY_CONNECTIONS")
    third = await narrow.watching(tenant, "b")
    await said(third)
    assert await refused(await narrow.watching(tenant, "c")) == (4429, "TOO_MANY_CONNECTIONS")
    await third.close()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await said(await narrow.watching(tenant, "c")))["type"] != "snapshot":
            await asyncio.sleep(0.01)


async def test_a_socket_that_says_nothing_is_closed(narrow: GatewayServing) -> None:
    """It takes a place only for a moment."""
    assert await refused(await narrow.socket()) == (4408, "NO_HELLO")


async def test_token_keys_and_origins_can_be_changed_while_it_runs(
    gateway: GatewayServing, flags: Serving, tenant: str
) -> None:
    """Administrators change them at the flag service, and the gateway follows: what is taken away opens nothing."""

    async def opens(token: str, origin: str = ORIGIN) -> bool:
        try:
            async with await gateway.socket(origin=origin) as socket:
                await socket.send(gateway.hello(tenant, token=token))
                return str((await said(socket))["type"]) == "snapshot"
        except InvalidStatus:  # the page is of another origin
            return False

    gateway.source.send(live_frame(1, tenant))
    backend_of_tomorrow, elsewhere = backend("k2"), "https://new.example"
    older = gateway.token(tenant)
    newer = backend_of_tomorrow.mint(environment="production", tenant=tenant, user="ana")
    assert await opens(older)
    assert not await opens(newer)
    assert not await opens(older, elsewhere)
    try:
        await flags.access.SetBrowserAccess(
            access_request(backend_of_tomorrow, origins=(elsewhere,)), metadata=flags.admin
        )
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await opens(newer, elsewhere):
                await asyncio.sleep(0.05)
        assert not await opens(older, elsewhere)
        assert not await opens(newer)
    finally:
        await flags.access.SetBrowserAccess(access_request(gateway.tokens), metadata=flags.admin)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await opens(older):
            await asyncio.sleep(0.05)


async def test_an_expired_token_closes_the_socket(
    flags: Serving, tmp_path_factory: pytest.TempPathFactory, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless it was renewed before."""
    monkeypatch.setattr("services.gateway.access.browser_tokens._LEEWAY_SECONDS", 0)
    async with gateway_serving(flags, tmp_path_factory.mktemp("expiry")) as gateway:
        gateway.source.send(live_frame(1, tenant))
        soon = gateway.token(tenant, now=time.time() - 598)
        async with await gateway.watching(tenant, token=soon) as socket:
            assert (await said(socket))["type"] == "snapshot"
            assert await refused(socket) == (4401, "TOKEN_EXPIRED")
        async with await gateway.watching(tenant, token=gateway.token(tenant, now=time.time() - 598)) as socket:
            assert (await said(socket))["type"] == "snapshot"
            await socket.send(json.dumps({"type": "renew", "token": gateway.token(tenant)}))
            await asyncio.sleep(2.5)  # past the end of the first token
            gateway.source.send(live_frame(2, tenant))
            assert (await said(socket))["type"] == "frame"


async def test_a_drain_sends_sockets_elsewhere(
    flags: Serving, tmp_path_factory: pytest.TempPathFactory, tenant: str
) -> None:
    """1012, "service restart", and streams of changes end."""
    async with gateway_serving(flags, tmp_path_factory.mktemp("drain")) as gateway:
        gateway.source.send(live_frame(1, tenant))
        socket, silent = await gateway.watching(tenant), await gateway.socket()
        await said(socket)
    assert (await refused(socket))[0] == 1012
    assert (await refused(silent))[0] in {1012, 4503}
