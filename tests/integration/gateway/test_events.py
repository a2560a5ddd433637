"""Events of browsers over real sockets, as far as the gateway is concerned."""

import gzip
import json
import zlib
from typing import Any

import grpc
import httpx
import pytest

from tests.support.gateway_serving import GatewayServing, id_bytes, new_event
from tests.support.gateway_tokens import ORIGIN, backend

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def send(
    gateway: GatewayServing, body: Any, *, role: str = "browser", token: str = "", **headers: str
) -> httpx.Response:
    """Send a body as JSON, or bytes as they are."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    chosen = {"content-type": "application/json"} | gateway.bearer(role) | named
    if token:
        chosen["x-mirante-token"] = token
    return await gateway.http.post("/v1/events", content=content, headers=chosen)


def statuses(response: httpx.Response) -> list[str]:
    """Return what became of each event."""
    assert response.status_code == 200, response.text
    return [each["status"] for each in response.json()["results"]]


async def test_events_arrive_with_their_ids_and_the_tokens_tenant(gateway: GatewayServing) -> None:
    """Ids are the browser's; tenant and user are the token's; numbers keep their kind."""
    event = new_event(
        occurred_at="2026-11-25T12:00:00.5-03:00",
        session_id="s",
        properties={"n": 1, "x": 1.5, "ok": True, "list": ["a", {"b": None}]},
        context={"page": {"path": "/vendas"}, "locale": "pt-BR"},
    )
    assert statuses(await send(gateway, [event], token=gateway.token("acme", "ana"))) == ["accepted"]
    found = gateway.ingest.events[-1]
    assert (found.id, found.tenant, found.user_id) == (id_bytes(event), "acme", "ana")
    assert (found.anonymous_id, found.session_id) == ("visitor-1", "s")
    assert found.occurred_at.ToJsonString() == "2026-11-25T15:00:00.500Z"
    assert found.properties["n"].int_value == 1
    assert found.properties["x"].double_value == 1.5
    assert found.properties["list"].list_value.values[1].map_value.fields["b"].WhichOneof("kind") is None
    assert (found.context.page.path, found.context.locale) == ("/vendas", "pt-BR")
    assert gateway.ingest.requests[-1].environment == "production"


async def test_each_event_has_a_result_of_its_own(gateway: GatewayServing) -> None:
    """Malformed ones, foreign ones and those that the catalogue refuses do not sink the others; order is kept."""
    batch = [
        new_event(),
        new_event() | {"id": "7"},
        new_event(tenant="other"),
        new_event("bad_event"),
        new_event(user_id="bia"),
        "no event",
        new_event(typo=1),
        {"name": "without_id"},
        new_event(properties={"half": "\ud800"}),
        new_event(properties={"big": 2**70}),
        new_event(),
    ]
    response = await send(gateway, {"events": batch, "sent_at": 1_800_000_000_000}, token=gateway.token())
    assert statuses(response) == ["accepted", *["rejected"] * 9, "accepted"]
    fields = [each.get("field") for each in response.json()["results"]]
    assert fields == [
        None, "id", "tenant", "properties.valor", "user_id", "", "typo", "id", "properties.half", "properties.big",
        None,
    ]  # fmt: skip
    assert gateway.ingest.requests[-1].sent_at.ToSeconds() == 1_800_000_000


async def test_without_a_token_nobody_is_named(gateway: GatewayServing) -> None:
    """A public key alone may send what concerns no tenant and no user, such as a page before the login."""
    response = await send(gateway, [new_event(), new_event(tenant="acme"), new_event(user_id="ana")])
    assert statuses(response) == ["accepted", "rejected", "rejected"]
    assert gateway.ingest.events[-1].tenant == ""


async def test_backends_name_whom_they_like(gateway: GatewayServing) -> None:
    """A secret key needs no token."""
    assert statuses(await send(gateway, new_event(tenant="any", user_id="who"), role="server")) == ["accepted"]
    assert (gateway.ingest.events[-1].tenant, gateway.ingest.events[-1].user_id) == ("any", "who")
    denied = await send(gateway, new_event(), role="reader")
    assert (denied.status_code, denied.json()["reason"]) == (403, "ROLE_DENIED")


async def test_beacons_carry_key_and_token_in_the_body(gateway: GatewayServing) -> None:
    """`sendBeacon` sends no header of ours, and may send gzip without saying so."""
    body = {"key": gateway.keys["browser"], "token": gateway.token("acme", "ana"), "events": [new_event()]}
    for content in (json.dumps(body).encode(), gzip.compress(json.dumps(body).encode())):
        response = await gateway.http.post(
            "/v1/events", content=content, headers={"content-type": "text/plain;charset=UTF-8", "origin": ORIGIN}
        )
        assert statuses(response) == ["accepted"]
        assert response.headers["access-control-allow-origin"] == ORIGIN
        assert gateway.ingest.events[-1].user_id == "ana"
    foreign = await gateway.http.post(
        "/v1/events", content=json.dumps(body), headers={"content-type": "text/plain", "origin": "https://evil.example"}
    )
    assert (foreign.status_code, foreign.json()["reason"]) == (403, "ORIGIN_DENIED")
    without = await gateway.http.post(
        "/v1/events", content=json.dumps([new_event()]), headers={"content-type": "text/plain"}
    )
    assert (without.status_code, without.json()["reason"]) == (401, "UNKNOWN_KEY")


async def test_packed_bodies_are_bounded_by_what_they_hold(gateway: GatewayServing) -> None:
    """A small body that unpacks to very much is refused, and little of it is ever in memory."""
    bomb = gzip.compress(b"[" + b" " * 200_000_000 + b"]")
    assert len(bomb) < 1_000_000
    response = await send(gateway, bomb, content_encoding="gzip")
    assert (response.status_code, response.json()["reason"]) == (413, "BODY_TOO_LARGE")
    for wrong in (b"no gzip", gzip.compress(b"[]")[:-3], gzip.compress(b"[]") * 2):
        refused = await send(gateway, wrong, content_encoding="gzip")
        assert (refused.status_code, refused.json()["reason"]) == (400, "INVALID_BODY")
    other = await send(gateway, zlib.compress(b"[]"), content_encoding="br")
    assert (other.status_code, other.json()["reason"]) == (415, "UNSUPPORTED_ENCODING")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"7", b"[]", b'{"events": {}}', b'{"events": [], "more": 1}', b'{"events": [1], "sent_at": "x"}',
     b'{"events": [1], "client_instance": 7}', b"[" * 100_000, json.dumps([{}] * 1_001).encode()],
    ids=["empty", "cut", "number", "none", "object", "unknown", "time", "instance", "deep", "many"],
)  # fmt: skip
async def test_malformed_batches_are_refused_whole(gateway: GatewayServing, body: bytes) -> None:
    """400 that names what is wrong; nothing was handed on."""
    before = len(gateway.ingest.requests)
    response = await send(gateway, body)
    assert (response.status_code, response.json()["reason"]) in {(400, "INVALID_BODY"), (400, "INVALID_REQUEST")}
    assert response.json()["detail"]
    assert len(gateway.ingest.requests) == before


async def test_content_types_other_than_json_and_text_are_refused(gateway: GatewayServing) -> None:
    """A form of another page cannot send events either: its types are not taken, its origin is checked."""
    for wrong in ("application/x-www-form-urlencoded", "multipart/form-data", ""):
        response = await send(gateway, [new_event()], content_type=wrong)
        assert (response.status_code, response.json()["reason"]) == (415, "UNSUPPORTED_TYPE")


async def test_tokens_of_strangers_are_refused(gateway: GatewayServing) -> None:
    """Forged, of another key, malformed: 401, and nothing is handed on."""
    stranger = backend().mint(environment="production", tenant="acme", user="ana")
    good = gateway.token()
    head, body, signature = good.split(".")
    for wrong in (stranger, f"{head}.{body}.{signature[:-4]}AAAA", "x", f"{head}.{body}.", "a.b.c", "é", "x" * 5_000):
        content = json.dumps({"key": gateway.keys["browser"], "token": wrong, "events": [new_event()]})
        response = await gateway.http.post("/v1/events", content=content, headers={"content-type": "text/plain"})
        assert response.status_code in {400, 401}, wrong
        assert response.json()["reason"] in {"INVALID_TOKEN", "INVALID_REQUEST"}


async def test_an_outage_of_telemetry_is_told_as_such(gateway: GatewayServing) -> None:
    """503 with a delay while it is away, 429 while it is full; its own words about our key stay here."""
    try:
        gateway.ingest.failure = grpc.StatusCode.UNAVAILABLE
        away = await send(gateway, [new_event()])
        assert (away.status_code, away.json()["reason"]) == (503, "STORE_UNAVAILABLE")
        assert int(away.headers["retry-after"]) >= 1
        gateway.ingest.failure = grpc.StatusCode.UNAUTHENTICATED
        assert (await send(gateway, [new_event()])).status_code == 503
        gateway.ingest.failure = grpc.StatusCode.RESOURCE_EXHAUSTED
        assert (await send(gateway, [new_event()])).status_code == 429
    finally:
        gateway.ingest.failure = None


async def test_traces_go_on_in_the_telemetry_service(gateway: GatewayServing) -> None:
    """The caller's trace id is that of the call."""
    trace = "0af7651916cd43dd8448eb211c80319c"
    await send(gateway, [new_event()], traceparent=f"00-{trace}-b7ad6b7169203331-01")
    assert trace in gateway.ingest.metadata[-1]["traceparent"]
