"""Who is let in, and to what: asked of every method of the contracts."""

import json
from typing import Any

import pytest
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2

from services.runtime.access import Role
from services.telemetry.roles import ROLES
from tests.support.serving import Metadata, bearer, eventually, refused
from tests.support.telemetry_events import sale
from tests.support.telemetry_methods import METHODS, encoded, outcome, request_for, texts_of
from tests.support.telemetry_serving import ACCEPTED, INGEST, TelemetryServing

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVERY = pytest.mark.parametrize("method", sorted(METHODS), ids=lambda method: method.rpartition("/")[2])
NOBODY = 0x80
"""A first byte that begins no message."""


async def everything(service: TelemetryServing) -> dict[str, int]:
    """How many rows each table has that callers can change."""
    tables = "events", "event_keys", "imports", "coverage", "dead_letters", "traits", "aliases", "tombstones"
    counts = [f"(SELECT count(*) FROM {each}) AS {each}" for each in tables]  # noqa: S608 - names of tables
    [row] = await service.fetch(f"SELECT {', '.join(counts)}")
    return dict(row)


@EVERY
async def test_the_roles_that_may_and_no_others(shared: TelemetryServing, method: str) -> None:
    """A refusal says which may; those that may are told that the key does not hold the environment."""
    for role in Role:
        found = await outcome(shared.channel, method, request_for(method, "staging"), shared.key(role.value))
        assert found.code == "PERMISSION_DENIED"
        if role in ROLES[method]:
            assert (found.reason, found.metadata) == ("ENVIRONMENT_DENIED", {"environment": "staging"}), role
        else:
            needed = ", ".join(sorted(each.value for each in ROLES[method]))
            assert (found.reason, found.metadata) == ("ROLE_DENIED", {"role": role.value, "needed": needed})


@EVERY
@pytest.mark.parametrize(
    "metadata",
    [(), bearer("no such key"), (("authorization", "Basic abc"),), (("authorization", "Bearer "),)],
    ids=["none", "unknown", "basic", "empty"],
)
async def test_strangers_are_turned_away(shared: TelemetryServing, method: str, metadata: Metadata) -> None:
    """By calls and streams alike, before anything they sent is looked at."""
    for request in (request_for(method, "production"), bytes((NOBODY,))):
        found = await outcome(shared.channel, method, request, metadata)
        assert (found.code, found.reason) == ("UNAUTHENTICATED", "UNKNOWN_KEY")
        assert found.message.startswith("authorization: ")


@EVERY
async def test_malformed_bytes_are_the_callers_fault(shared: TelemetryServing, method: str) -> None:
    """They are INVALID_ARGUMENT, not INTERNAL, and change nothing."""
    before = await everything(shared)
    for request in (b"\xff\xff\xff", bytes((NOBODY,)), request_for(method, "production")[:-1]):
        found = await outcome(shared.channel, method, request, shared.key("internal"))
        assert (found.code, found.reason, found.fields) == ("INVALID_ARGUMENT", "INVALID_REQUEST", ["request"])
    assert await everything(shared) == before


@EVERY
async def test_no_text_of_a_request_breaks_anything(shared: TelemetryServing, method: str) -> None:
    """NUL, what is no UTF-8 and a megabyte of it: refused or harmless in every field, and nothing of it is repeated."""
    before = await everything(shared)
    inside_events = {"events"}  # these have results of their own
    for path in texts_of(METHODS[method].input_type):
        if inside_events & {field.name for field in path}:
            continue
        name = ".".join(field.name for field in path)
        # With `last` the stream looks for what there was, too.
        asking = log_pb2.TailEventsRequest(last=1).SerializeToString() if method.endswith("/TailEvents") else b""
        for text in (b"segredo\x00", b"segredo\xff\xfe", b"segredo" * 150_000):
            found = await outcome(shared.channel, method, asking + encoded(path, text), shared.key("internal"))
            assert found.code not in {"INTERNAL", "UNKNOWN", "UNAVAILABLE"}, (name, text[:12])
            if text == b"segredo\xff\xfe":
                assert (found.code, found.fields) == ("INVALID_ARGUMENT", ["request"]), name
            elif path[-1].name != "environment":  # the refusal names the one that was asked for
                assert "segredo" not in f"{found.message} {json.dumps(found.metadata)}", name
    assert await everything(shared) == before


async def test_an_environment_that_does_not_exist_is_nobodys(shared: TelemetryServing) -> None:
    """Also not of a key for all environments, which has to name one."""
    everywhere = bearer("secret for all")
    for environment in ("production", "staging"):
        assert await shared.send(sale(), key=everywhere, environment=environment) == [ACCEPTED]
    nowhere = await outcome(shared.channel, INGEST, request_for(INGEST, "nowhere"), everywhere)
    assert (nowhere.code, nowhere.reason) == ("NOT_FOUND", "ENVIRONMENT_NOT_FOUND")
    assert nowhere.metadata == {"environment": "nowhere"}
    for key in ("secret for all", "secret for both"):
        unnamed = await outcome(shared.channel, INGEST, b"", bearer(key))
        assert (unnamed.code, unnamed.reason, unnamed.fields) == (
            "INVALID_ARGUMENT",
            "INVALID_REQUEST",
            ["environment"],
        )
    assert (await shared.fetch("SELECT DISTINCT environment FROM events ORDER BY 1")) == [("production",), ("staging",)]


async def test_a_new_key_is_let_in_and_a_revoked_one_turned_away(shared: TelemetryServing) -> None:
    """Within a poll of the flag service; its open streams end with the same reason."""
    metadata = bearer(shared.registry.add("a new key"))

    async def ends_as(code: str, reason: str = "") -> bool:
        found = await outcome(shared.channel, INGEST, b"", metadata)
        return (found.code, found.reason) == (code, reason)

    await eventually(lambda: ends_as("OK"))
    stream: Any = shared.ingest.IngestStream(metadata=metadata)
    shared.registry.revoke("a new key")
    await eventually(lambda: ends_as("UNAUTHENTICATED", "REVOKED_KEY"))
    assert (await stream.code()).name == "UNAUTHENTICATED"


async def test_an_unknown_method_is_unimplemented(shared: TelemetryServing) -> None:
    """Whatever key comes with it."""
    call: Any = shared.channel.unary_unary(f"{INGEST}Everything")
    assert (await refused(call(b"", metadata=shared.key("internal")))).code == "UNIMPLEMENTED"
