"""Each bad input has its own status, reason and message naming the field, and changes nothing."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from mirante.api.common.v1 import value_pb2
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2
from mirante.api.flags.v1 import evaluation_service_pb2 as pb2
from mirante.api.flags.v1 import flag_pb2
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2

from services.flags import flag_sync_servicer
from tests.support.flag_store import bool_flag
from tests.support.serving import PRODUCTION, Refused, Serving, Watcher, bearer, refused

EVALUATION = "/mirante.api.flags.v1.EvaluationService"


def percentage_flag() -> flag_pb2.Flag:
    """A flag that asks for somebody's tenant."""
    flag = bool_flag("half")
    flag.fallthrough.rollout.bucket_by = "tenant_id"
    flag.fallthrough.rollout.splits.add(variant="on", weight=50_000)
    flag.fallthrough.rollout.splits.add(variant="off", weight=50_000)
    return flag


def ask(flag_key: str = "plain", **fields: Any) -> pb2.EvaluateFlagRequest:
    """A question."""
    return pb2.EvaluateFlagRequest(flag_key=flag_key, **fields)


def large() -> pb2.EvaluationContext:
    """A context of more than 64 KiB."""
    return pb2.EvaluationContext(attributes={"cargo": value_pb2.Value(string_value="x" * 70_000)})


def deep() -> pb2.EvaluationContext:
    """A context of more than 16 levels."""
    value = value_pb2.Value(int_value=1)
    for _ in range(20):
        value = value_pb2.Value(list_value=value_pb2.ListValue(values=[value]))
    return pb2.EvaluationContext(attributes={"carga": value})


def list_of_tenants() -> pb2.EvaluationContext:
    """A context in which the attribute of the percentage is a list."""
    return pb2.EvaluationContext(attributes={"tenant_id": value_pb2.Value(list_value=value_pb2.ListValue())})


@pytest.fixture(autouse=True)
async def flags(service: Serving) -> None:
    """Two flags to ask for."""
    await service.create(bool_flag("plain"), percentage_flag())


@pytest.mark.parametrize(
    ("request_made", "code", "reason", "fields", "metadata"),
    [
        (lambda: ask("missing"), "NOT_FOUND", "FLAG_NOT_FOUND", [], {"flag_key": "missing"}),
        (lambda: ask(""), "INVALID_ARGUMENT", "INVALID_REQUEST", ["flag_key"], {}),
        (
            lambda: ask(expected_type=flag_pb2.FLAG_TYPE_STRING),
            "INVALID_ARGUMENT",
            "TYPE_MISMATCH",
            ["expected_type"],
            {"flag_key": "plain", "type": "bool"},
        ),
        (lambda: ask(expected_type=99), "INVALID_ARGUMENT", "INVALID_REQUEST", ["expected_type"], {}),
        (
            lambda: ask("half"),
            "INVALID_ARGUMENT",
            "TARGETING_KEY_MISSING",
            ["context.tenant_id"],
            {"attribute": "tenant_id"},
        ),
        (
            lambda: ask("half", context=list_of_tenants()),
            "INVALID_ARGUMENT",
            "INVALID_CONTEXT",
            ["context.tenant_id"],
            {},
        ),
        (lambda: ask(context=large()), "INVALID_ARGUMENT", "INVALID_CONTEXT", ["context"], {}),
        (lambda: ask(context=deep()), "INVALID_ARGUMENT", "INVALID_CONTEXT", ["context.carga"], {}),
        (
            lambda: ask(environment="staging"),
            "PERMISSION_DENIED",
            "ENVIRONMENT_DENIED",
            [],
            {"environment": "staging"},
        ),
    ],
)
async def test_a_bad_question_is_refused(  # noqa: PLR0917 - one column each
    service: Serving,
    request_made: Callable[[], pb2.EvaluateFlagRequest],
    code: str,
    reason: str,
    fields: list[str],
    metadata: dict[str, str],
) -> None:
    """Every field is named as the contract names it."""
    found = await refused(service.evaluation.EvaluateFlag(request_made(), metadata=service.key("server")))
    assert (found.code, found.reason, found.fields) == (code, reason, fields)
    assert metadata.items() <= found.metadata.items()


async def test_a_key_of_all_environments_has_to_name_one(service: Serving) -> None:
    """And one that exists."""
    unnamed = await refused(service.evaluation.EvaluateFlag(ask(), metadata=service.admin))
    assert (unnamed.code, unnamed.fields) == ("INVALID_ARGUMENT", ["environment"])
    elsewhere = await refused(service.evaluation.EvaluateFlag(ask(environment="nowhere"), metadata=service.admin))
    assert (elsewhere.code, elsewhere.reason, elsewhere.metadata) == (
        "NOT_FOUND",
        "ENVIRONMENT_NOT_FOUND",
        {"environment": "nowhere"},
    )


async def test_too_many_flags_at_once_are_refused(service: Serving) -> None:
    """A thousand may be asked for."""
    request = pb2.EvaluateFlagsRequest(flag_keys=["plain"] * 1_000)
    assert len((await service.evaluation.EvaluateFlags(request, metadata=service.key("server"))).evaluations) == 1_000
    request.flag_keys.append("plain")
    found = await refused(service.evaluation.EvaluateFlags(request, metadata=service.key("server")))
    assert (found.code, found.fields) == ("INVALID_ARGUMENT", ["flag_keys"])


@pytest.mark.parametrize("method", ["EvaluateFlag", "EvaluateFlags"])
async def test_malformed_bytes_are_the_callers_fault(service: Serving, method: str) -> None:
    """They get INVALID_ARGUMENT, not INTERNAL."""
    call: Any = service.channel.unary_unary(f"{EVALUATION}/{method}")
    found = await refused(call(b"\xff\xff\xff", metadata=service.key("server")))
    assert (found.code, found.reason, found.fields) == ("INVALID_ARGUMENT", "INVALID_REQUEST", ["request"])


@pytest.mark.parametrize("method", [f"{EVALUATION}/EvaluateStream", "/mirante.api.flags.v1.FlagSyncService/WatchFlags"])
async def test_malformed_bytes_on_a_stream_end_it(service: Serving, method: str) -> None:
    """With the same status."""
    call: Any = service.channel.stream_stream(method)(metadata=service.key("server"))
    await call.write(b"\xff\xff\xff")
    assert await ended(call) == Refused(
        "INVALID_ARGUMENT",
        "INVALID_REQUEST",
        "request: these bytes are not the message that the method takes",
        fields=["request"],
    )


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ((), "UNKNOWN_KEY"),
        ((("authorization", "Bearer wrong"),), "UNKNOWN_KEY"),
        ((("authorization", "Basic abc"),), "UNKNOWN_KEY"),
    ],
)
async def test_strangers_are_turned_away(service: Serving, metadata: tuple[tuple[str, str], ...], reason: str) -> None:
    """By calls and by streams alike."""
    call = await refused(service.evaluation.EvaluateFlag(ask(), metadata=metadata))
    assert (call.code, call.reason) == ("UNAUTHENTICATED", reason)
    assert call.message.startswith("authorization: ")
    stream = await Watcher.open(service, metadata)
    end = await stream.end()
    assert (end.code, end.reason) == ("UNAUTHENTICATED", reason)


async def test_a_wrong_role_is_denied(service: Serving) -> None:
    """The refusal says which roles may."""
    request = access_pb2.CreateEnvironmentRequest(environment="mine")
    found = await refused(service.access.CreateEnvironment(request, metadata=service.key("server")))
    assert (found.code, found.reason) == ("PERMISSION_DENIED", "ROLE_DENIED")
    assert found.metadata == {"role": "server", "needed": "admin, internal"}
    end = await (await service.watch("browser")).end()
    assert (end.code, end.reason) == ("PERMISSION_DENIED", "ROLE_DENIED")
    environments = await service.access.ListEnvironments(access_pb2.ListEnvironmentsRequest(), metadata=service.admin)
    assert [each.key for each in environments.environments] == [PRODUCTION]


async def test_a_revoked_key_is_told_so(service: Serving) -> None:
    """It is no stranger."""
    created = await service.access.CreateApiKey(
        access_pb2.CreateApiKeyRequest(name="x", role=access_pb2.ROLE_SERVER, environments=[PRODUCTION]),
        metadata=service.admin,
    )
    metadata = bearer(created.secret)
    await service.evaluation.EvaluateFlag(ask(), metadata=metadata)
    await service.access.RevokeApiKey(access_pb2.RevokeApiKeyRequest(key_id=created.api_key.id), metadata=service.admin)
    found = await refused(service.evaluation.EvaluateFlag(ask(), metadata=metadata))
    assert (found.code, found.reason) == ("UNAUTHENTICATED", "REVOKED_KEY")


async def test_an_unknown_method_is_unimplemented(service: Serving) -> None:
    """Whatever key comes with it."""
    call: Any = service.channel.unary_unary(f"{EVALUATION}/EvaluateEverything")
    found = await refused(call(b""))
    assert found.code == "UNIMPLEMENTED"


async def ended(call: Any) -> Refused:
    """How a stream ended."""
    async with asyncio.timeout(60):
        code = await call.code()
    return Refused.of(code, await call.details(), await call.trailing_metadata())


@pytest.mark.parametrize("token", [b"nonsense", b"\0" * 60, b"x" * 1_000])
async def test_a_forged_resume_token_is_refused(service: Serving, token: bytes) -> None:
    """The refusal names the field."""
    end = await (await service.watch(resume_token=token)).end()
    assert (end.code, end.reason, end.fields) == (
        "INVALID_ARGUMENT",
        "INVALID_RESUME_TOKEN",
        ["subscribe.resume_token"],
    )


async def test_a_watch_begins_with_subscribe(service: Serving) -> None:
    """And has one only."""
    call = service.sync.WatchFlags(metadata=service.key("server"))
    await call.write(sync_pb2.WatchFlagsRequest(applied=sync_pb2.Applied(revision=1)))
    first = await ended(call)
    assert (first.code, first.fields) == ("INVALID_ARGUMENT", ["subscribe"])
    watcher = await service.watch()
    await watcher.transfer()
    await watcher.send(subscribe=sync_pb2.Subscribe())
    second = await watcher.end()
    assert (second.code, second.fields) == ("INVALID_ARGUMENT", ["applied"])


async def test_a_watch_that_says_nothing_is_ended(service: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may not hold a stream for nothing."""
    monkeypatch.setattr(flag_sync_servicer, "_FIRST_SECONDS", 0.05)
    silent = service.sync.WatchFlags(metadata=service.key("server"))
    found = await ended(silent)
    assert (found.code, found.fields) == ("INVALID_ARGUMENT", ["subscribe"])
    half_closed = service.sync.WatchFlags(metadata=service.key("server"))
    await half_closed.done_writing()
    assert (await ended(half_closed)).fields == ["subscribe"]


async def test_a_revision_that_was_never_sent_cannot_be_acknowledged(service: Serving) -> None:
    """The stream ends with the field's name."""
    watcher = await service.watch()
    await watcher.transfer()
    await watcher.send(applied=sync_pb2.Applied(revision=10**6))
    end = await watcher.end()
    assert (end.code, end.fields) == ("INVALID_ARGUMENT", ["applied.revision"])


@pytest.mark.parametrize("name", ["client_name", "client_instance", "client_version"])
async def test_names_of_subscribers_are_bounded(service: Serving, name: str) -> None:
    """They are kept in memory for as long as the stream is open."""
    end = await (await service.watch(**{name: "x" * 201})).end()
    assert (end.code, end.fields) == ("INVALID_ARGUMENT", [f"subscribe.{name}"])
