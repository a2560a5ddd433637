"""Flags by OFREP over real sockets."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from mirante.api.common.v1 import value_pb2
from mirante.api.flags.v1 import flag_pb2

from tests.support import flag_messages
from tests.support.gateway_serving import GatewayServing, gateway_serving
from tests.support.gateway_tokens import ORIGIN
from tests.support.serving import PATIENCE_SECONDS, Serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


def draft(flag: flag_pb2.Flag) -> flag_pb2.Flag:
    """Return a flag as its author writes it: salts and versions are the service's."""
    flag.ClearField("bucketing")
    flag.ClearField("version")
    return flag


def bool_flag(key: str) -> flag_pb2.Flag:
    """See `flag_messages`."""
    return draft(flag_messages.bool_flag(key))


def visible(flag: flag_pb2.Flag) -> flag_pb2.Flag:
    """Return the flag, for browsers too."""
    flag.client_visible = True
    return flag


async def test_one_flag_is_answered_in_the_shape_of_ofrep(gateway: GatewayServing, flags: Serving) -> None:
    """Key, value, variant, reason and metadata; a double stays a double."""
    await flags.create(
        bool_flag("one_bool"),
        draft(flag_messages.value_flag("one_double", flag_pb2.FLAG_TYPE_DOUBLE, value_pb2.Value(double_value=1.0))),
    )
    await gateway.until_flag("one_double", variant="only")
    response = await gateway.evaluate("one_bool")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {
        "key": "one_bool",
        "value": True,
        "variant": "on",
        "reason": "STATIC",
        "metadata": {"flagVersion": 1, "reason": "STATIC"},
    }
    assert '"value":1.0' in (await gateway.evaluate("one_double")).text


async def test_a_killed_flag_serves_its_off_variant_as_disabled(gateway: GatewayServing, flags: Serving) -> None:
    """The change arrives without anybody asking for it."""
    await flags.create(bool_flag("to_kill"))
    await gateway.until_flag("to_kill", value=True)
    await flags.kill("to_kill")
    await gateway.until_flag("to_kill", value=False, variant="off", reason="DISABLED")


async def test_failures_carry_code_and_details(gateway: GatewayServing, flags: Serving) -> None:
    """404 for unknown flags, 400 for what the flag needs and the context lacks."""
    await flags.create(draft(flag_messages.percentage_flag("half", 50_000)))
    await gateway.until_flag("half", reason="SPLIT")
    unknown = await gateway.evaluate("no_such_flag")
    assert (unknown.status_code, unknown.json()["errorCode"]) == (404, "FLAG_NOT_FOUND")
    assert unknown.json()["errorDetails"]
    missing = await gateway.evaluate("half", {})
    assert (missing.status_code, missing.json()["errorCode"]) == (400, "TARGETING_KEY_MISSING")
    assert (missing.json()["key"], bool(missing.json()["errorDetails"])) == ("half", True)
    wrong = await gateway.evaluate("half", {"targetingKey": ["a"]})
    assert (wrong.status_code, wrong.json()["errorCode"]) == (400, "INVALID_CONTEXT")


async def test_an_empty_body_is_an_empty_context(gateway: GatewayServing, flags: Serving) -> None:
    """As in flagd."""
    await flags.create(bool_flag("without_context"))
    await gateway.until_flag("without_context", value=True)
    response = await gateway.http.post("/ofrep/v1/evaluate/flags/without_context", headers=gateway.bearer())
    assert (response.status_code, response.json()["value"]) == (200, True)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "PARSE_ERROR"),
        (b"[]", "PARSE_ERROR"),
        (b'{"context": {}, "more": 1}', "PARSE_ERROR"),
        (b'{"context": 7}', "INVALID_CONTEXT"),
        (b'{"context": {"a": NaN}}', "PARSE_ERROR"),
        (b"\xff\xfe", "PARSE_ERROR"),
        (b'{"context": {"a": ' + b"[" * 100_000, "PARSE_ERROR"),
        (b'{"context": {"a": ' + b"9" * 5_000 + b"}}", "PARSE_ERROR"),
        (b'{"context": {"a": ' + b"[" * 17 + b"]" * 17 + b"}}", "INVALID_CONTEXT"),
    ],
    ids=["cut", "list", "unknown", "no object", "nan", "no text", "deep", "digits", "levels"],
)
async def test_malformed_bodies_are_refused(gateway: GatewayServing, body: bytes, code: str) -> None:
    """400 with a problem that names the reason, and the words that OFREP's clients look at."""
    for path in ("/ofrep/v1/evaluate/flags/any", "/ofrep/v1/evaluate/flags"):
        response = await gateway.http.post(path, content=body, headers=gateway.bearer())
        if len(body) > 64 * 1024:
            assert response.status_code == 413
            continue
        assert response.status_code == 400
        found = response.json()
        assert (found["errorCode"], found["status"]) == (code, 400)
        assert found["errorDetails"] == found["detail"]
        assert found["reason"]


async def test_a_body_that_is_too_large_is_refused(gateway: GatewayServing) -> None:
    """Whether its length is declared or not."""

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 1_024

    for content in (b" " * 100_000, parts()):
        response = await gateway.http.post("/ofrep/v1/evaluate/flags/any", content=content, headers=gateway.bearer())
        assert (response.status_code, response.json()["reason"]) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize(
    ("headers", "status", "reason"),
    [
        ({}, 401, "UNKNOWN_KEY"),
        ({"authorization": "Bearer wrong"}, 401, "UNKNOWN_KEY"),
        ({"authorization": "Basic abc"}, 401, "UNKNOWN_KEY"),
        ({"x-api-key": "wrong"}, 401, "UNKNOWN_KEY"),
    ],
    ids=["none", "unknown", "scheme", "header"],
)
async def test_without_a_key_nothing_is_told(
    gateway: GatewayServing, headers: dict[str, str], status: int, reason: str
) -> None:
    """401 with a problem, and how to identify oneself."""
    response = await gateway.http.post("/ofrep/v1/evaluate/flags", json={}, headers=headers)
    assert (response.status_code, response.json()["reason"]) == (status, reason)
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.headers["content-type"] == "application/problem+json"


async def test_keys_open_their_own_environment_only(gateway: GatewayServing) -> None:
    """Another one is denied, whether it exists or not."""
    response = await gateway.http.post(
        "/ofrep/v1/evaluate/flags", json={}, headers=gateway.bearer() | {"x-mirante-environment": "staging"}
    )
    assert (response.status_code, response.json()["reason"]) == (403, "ENVIRONMENT_DENIED")


async def test_the_other_header_holds_a_key_too(gateway: GatewayServing, flags: Serving) -> None:
    """`X-API-Key`, as OFREP has it."""
    await flags.create(bool_flag("by_header"))
    await gateway.until_flag("by_header", value=True)
    response = await gateway.http.post(
        "/ofrep/v1/evaluate/flags/by_header", json={"context": {}}, headers={"x-api-key": gateway.keys["server"]}
    )
    assert response.json()["value"] is True


async def test_browsers_see_only_flags_for_clients(gateway: GatewayServing, flags: Serving) -> None:
    """Others are unknown to them, one by one and in bulk."""
    await flags.create(visible(bool_flag("for_all")), bool_flag("for_servers"))
    await gateway.until_flag("for_servers", value=True)
    assert (await gateway.evaluate("for_all", role="browser")).json()["value"] is True
    hidden = await gateway.evaluate("for_servers", role="browser")
    assert (hidden.status_code, hidden.json()["errorCode"]) == (404, "FLAG_NOT_FOUND")
    hidden_text, unknown = hidden.json(), (await gateway.evaluate("no_such", role="browser")).json()
    assert hidden_text | {"key": ""} == unknown | {"key": ""}
    keys = {each["key"] for each in (await gateway.evaluate_all(role="browser")).json()["flags"]}
    assert "for_all" in keys
    assert "for_servers" not in keys


async def test_the_etag_stands_for_the_result_and_who_asked(gateway: GatewayServing, flags: Serving) -> None:
    """304 while both are the same; any change of an answer, or another context, is a 200 with another tag."""
    await flags.create(visible(bool_flag("tagged")))
    await gateway.until_flag("tagged", value=True)
    first = await gateway.evaluate_all(role="browser")
    tag = first.headers["etag"]
    again = await gateway.evaluate_all(role="browser", headers={"if-none-match": f'W/{tag}, "other"'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = await gateway.evaluate_all({"targetingKey": "user-8"}, "browser", {"if-none-match": tag})
    assert other.status_code == 200
    await flags.create(bool_flag("unseen_by_browsers"))
    await gateway.until_flag("unseen_by_browsers", value=True)
    assert (await gateway.evaluate_all(role="browser", headers={"if-none-match": tag})).status_code == 304
    await flags.kill("tagged")
    await gateway.until_flag("tagged", value=False)
    changed = await gateway.evaluate_all(role="browser", headers={"if-none-match": tag})
    assert (changed.status_code, changed.headers["etag"] != tag) == (200, True)


async def test_a_schedule_changes_the_etag_and_is_told(gateway: GatewayServing, flags: Serving) -> None:
    """Nobody changes anything, yet the answer does: the tag differs and the stream says so."""
    flag = visible(bool_flag("ends_soon"))
    flag.ends_at.FromMilliseconds(int((time.time() + 2.0) * 1000))
    await flags.create(flag)
    await gateway.until_flag("ends_soon", value=True)
    bulk = await gateway.evaluate_all(role="browser")
    async with opened_stream(gateway, bulk) as stream:
        await stream.until_notice()
        await stream.until_notice()
    ended = await gateway.evaluate_all(role="browser", headers={"if-none-match": bulk.headers["etag"]})
    assert ended.status_code == 200
    found = {each["key"]: each for each in ended.json()["flags"]}
    assert (found["ends_soon"]["value"], found["ends_soon"]["reason"]) == (False, "DISABLED")


class opened_stream:  # noqa: N801 - reads as a function
    """An event stream, opened at the address that a bulk answer names."""

    def __init__(self, gateway: GatewayServing, bulk: httpx.Response, headers: dict[str, str] | None = None) -> None:
        (stream,) = bulk.json()["eventStreams"]
        assert stream["type"] == "sse"
        self._open = gateway.http.stream("GET", stream["endpoint"]["requestUri"], headers=headers)

    async def __aenter__(self) -> "opened_stream":
        self.response = await self._open.__aenter__()
        self._lines = self.response.aiter_lines()
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._open.__aexit__(*error)

    async def until_notice(self) -> str:
        """Return the id of the next notice."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            found = ""
            async for line in self._lines:
                if line.startswith("id: "):
                    found = line.removeprefix("id: ")
                if line.startswith("data: ") and '"refetchEvaluation"' in line:
                    return found
        raise AssertionError("the stream has ended")


async def test_changes_are_told_on_the_stream(gateway: GatewayServing, flags: Serving) -> None:
    """One notice at first, in case something changed meanwhile, then one for each change that the key may see."""
    await flags.create(visible(bool_flag("watched")))
    await gateway.until_flag("watched", value=True)
    bulk = await gateway.evaluate_all(role="browser")
    async with opened_stream(gateway, bulk) as stream:
        assert stream.response.headers["content-type"].startswith("text/event-stream")
        first = await stream.until_notice()
        await flags.kill("watched")
        last = await stream.until_notice()
        assert first != last
    async with opened_stream(gateway, bulk, {"last-event-id": last}) as stream:
        await flags.restore("watched")
        assert await stream.until_notice() != last


async def test_forged_tickets_open_no_stream(gateway: GatewayServing) -> None:
    """The address of a stream is a secret, and cannot be made up or changed."""
    bulk = await gateway.evaluate_all(role="browser")
    uri = bulk.json()["eventStreams"][0]["endpoint"]["requestUri"]
    for wrong in (uri[:-2], uri.replace("ticket=", "ticket=A"), "/ofrep/v1/events", "/ofrep/v1/events?ticket=é.x"):
        response = await gateway.http.get(wrong)
        assert (response.status_code, response.json()["reason"]) == (401, "UNKNOWN_KEY")


async def test_only_pages_of_the_environment_may_ask(gateway: GatewayServing) -> None:
    """Preflights and requests of other origins are refused; pages that may ask can read refusals too."""
    path = "/ofrep/v1/evaluate/flags"
    ask = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    allowed = await gateway.http.options(path, headers={"origin": ORIGIN} | ask)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (204, ORIGIN)
    assert "authorization" in allowed.headers["access-control-allow-headers"]
    refused = await gateway.http.options(path, headers={"origin": "https://evil.example"} | ask)
    assert (refused.status_code, "access-control-allow-origin" in refused.headers) == (403, False)
    for origin in ("https://evil.example", "null", "http://app.vendas.example", f"{ORIGIN}.evil.example"):
        found = await gateway.http.post(path, json={}, headers=gateway.bearer("browser") | {"origin": origin})
        assert (found.status_code, found.json()["reason"]) == (403, "ORIGIN_DENIED")
        assert "access-control-allow-origin" not in found.headers
    good = await gateway.http.post(path, json={}, headers=gateway.bearer("browser") | {"origin": ORIGIN})
    assert (good.status_code, good.headers["access-control-allow-origin"]) == (200, ORIGIN)
    assert "ETag" in good.headers["access-control-expose-headers"]
    unknown = await gateway.http.post(path, json={}, headers={"origin": ORIGIN})
    assert (unknown.status_code, unknown.headers["access-control-allow-origin"]) == (401, ORIGIN)


async def test_a_key_over_its_quota_is_told_when_to_come_back(flags: Serving, home: Path) -> None:
    """429, with seconds that OFREP's clients understand."""
    async with gateway_serving(flags, home, quota=1.0) as slow:
        answers = [await slow.evaluate_all() for _ in range(4)]
    refused = [each for each in answers if each.status_code == 429]
    assert refused
    assert all(int(each.headers["retry-after"]) >= 1 for each in refused)
    assert refused[0].json()["reason"] == "QUOTA_EXCEEDED"
