"""Environments and API keys: who may give what to whom."""

import hashlib
from collections.abc import Iterable

import pytest
from mirante.api.flags.v1 import access_admin_service_pb2 as pb2

from services.runtime.access import Caller, Role
from services.runtime.errors import AlreadyExists, PermissionDenied
from tests.support.flag_desk import ANA, BIA, Desk, fields, reason

SERVER = pb2.ROLE_SERVER
READER = Caller("key-rui", "rui", Role.READER, frozenset({"*"}))


async def _create(desk: Desk, name: str, environments: Iterable[str], caller: Caller = ANA) -> pb2.CreateApiKeyResponse:
    request = pb2.CreateApiKeyRequest(name=name, role=pb2.ROLE_SERVER, environments=environments)
    return await desk.call(desk.access.CreateApiKey, request, caller)


async def _keys(desk: Desk, caller: Caller = ANA) -> list[pb2.ApiKey]:
    return list((await desk.call(desk.access.ListApiKeys, pb2.ListApiKeysRequest(), caller)).api_keys)


async def test_a_secret_is_shown_once_and_stored_as_a_hash(desk: Desk) -> None:
    """The secret names its role and nothing else; what is stored cannot be turned back."""
    request = pb2.CreateApiKeyRequest(
        name="vendas-api", role=pb2.ROLE_SERVER, environments=["staging", "production"], quota_per_second=50
    )
    created = await desk.call(desk.access.CreateApiKey, request)
    assert created.secret.startswith("mir_server_")
    assert len(created.secret) == len("mir_server_") + 43
    key = created.api_key
    assert (key.name, key.role, list(key.environments), key.quota_per_second, key.created_by) == (
        "vendas-api",
        pb2.ROLE_SERVER,
        ["production", "staging"],
        50,
        "ana",
    )
    assert not key.HasField("revoked_at")
    assert await _keys(desk) == [key]
    (stored,) = await desk.store.rules.api_keys()
    assert stored.secret_hash == hashlib.sha256(created.secret.encode()).digest()
    assert created.secret not in repr(stored)
    assert desk.key_changes == 1


async def test_a_revoked_key_stays_revoked(desk: Desk) -> None:
    """A second revocation answers the same and wakes nobody."""
    created = await _create(desk, "a", ["production"])
    request = pb2.RevokeApiKeyRequest(key_id=created.api_key.id)
    first = (await desk.call(desk.access.RevokeApiKey, request)).api_key
    second = (await desk.call(desk.access.RevokeApiKey, request)).api_key
    assert first.HasField("revoked_at")
    assert second == first
    assert await _keys(desk) == [first]
    assert desk.key_changes == 2


async def test_a_key_sees_and_revokes_only_what_it_holds(desk: Desk) -> None:
    """Keys of other environments are not listed, and are not there when they are named."""
    own = await _create(desk, "own", ["production"])
    both = await _create(desk, "both", ["production", "staging"])
    every = await _create(desk, "every", ["*"])
    assert [key.id for key in await _keys(desk, BIA)] == [own.api_key.id]
    assert len(await _keys(desk)) == 3
    for other in (both, every):
        request = pb2.RevokeApiKeyRequest(key_id=other.api_key.id)
        error = await desk.refused(desk.access.RevokeApiKey, request, BIA)
        assert (reason(error), error.metadata) == ("API_KEY_NOT_FOUND", {"key_id": other.api_key.id})


@pytest.mark.parametrize("environments", [["staging"], ["*"], ["production", "staging"]])
async def test_a_key_gives_only_what_it_holds(desk: Desk, environments: list[str]) -> None:
    """An administrator of one environment makes no key for another, nor for all."""
    request = pb2.CreateApiKeyRequest(name="a", role=pb2.ROLE_SERVER, environments=environments)
    error = await desk.refused(desk.access.CreateApiKey, request, BIA)
    assert (type(error), reason(error)) == (PermissionDenied, "ENVIRONMENT_DENIED")
    assert (await _create(desk, "b", ["production"], BIA)).api_key.created_by == "bia"


async def test_only_who_holds_all_environments_makes_a_key_for_services(desk: Desk) -> None:
    """It is told the keys of all environments, and acts in anybody's name."""
    request = pb2.CreateApiKeyRequest(name="a", role=pb2.ROLE_INTERNAL, environments=["production"])
    error = await desk.refused(desk.access.CreateApiKey, request, BIA)
    assert (type(error), reason(error), error.metadata) == (
        PermissionDenied,
        "ENVIRONMENT_DENIED",
        {"environment": "*"},
    )
    assert (await desk.call(desk.access.CreateApiKey, request)).api_key.role == pb2.ROLE_INTERNAL


async def test_a_reader_manages_no_keys(desk: Desk) -> None:
    """The refusal names both roles."""
    create = pb2.CreateApiKeyRequest(name="a", role=pb2.ROLE_SERVER, environments=["production"])
    error = await desk.refused(desk.access.CreateApiKey, create, READER)
    assert (reason(error), error.metadata) == ("ROLE_DENIED", {"role": "reader", "needed": "admin"})
    revoke = pb2.RevokeApiKeyRequest(key_id="x")
    assert reason(await desk.refused(desk.access.RevokeApiKey, revoke, READER)) == "ROLE_DENIED"


BAD_KEYS = {
    "no name": (pb2.CreateApiKeyRequest(role=SERVER, environments=["production"]), "name"),
    "a name of two lines": (
        pb2.CreateApiKeyRequest(name="a\nb", role=SERVER, environments=["production"]),
        "name",
    ),
    "a long name": (pb2.CreateApiKeyRequest(name="x" * 101, role=SERVER, environments=["production"]), "name"),
    "no role": (pb2.CreateApiKeyRequest(name="a", environments=["production"]), "role"),
    "a role of the future": (pb2.CreateApiKeyRequest(name="a", role=99, environments=["production"]), "role"),  # type: ignore[arg-type]  # on purpose
    "no environments": (pb2.CreateApiKeyRequest(name="a", role=SERVER), "environments"),
    "all and one": (pb2.CreateApiKeyRequest(name="a", role=SERVER, environments=["*", "production"]), "environments"),
    "a NUL": (pb2.CreateApiKeyRequest(name="a", role=SERVER, environments=["production", "\0"]), "environments[1]"),
    "too many": (pb2.CreateApiKeyRequest(name="a", role=SERVER, environments=["production"] * 101), "environments"),
    "an absurd quota": (
        pb2.CreateApiKeyRequest(name="a", role=SERVER, environments=["production"], quota_per_second=4_000_000_000),
        "quota_per_second",
    ),
}


@pytest.mark.parametrize(("request_", "field"), BAD_KEYS.values(), ids=BAD_KEYS.keys())
async def test_keys_that_are_refused(desk: Desk, request_: pb2.CreateApiKeyRequest, field: str) -> None:
    """The refusal names the field, and no key is made."""
    error = await desk.refused(desk.access.CreateApiKey, request_)
    assert (reason(error), fields(error)) == ("INVALID_REQUEST", [field])
    assert desk.key_changes == 0


async def test_a_key_for_nowhere(desk: Desk) -> None:
    """An environment that does not exist cannot be given."""
    request = pb2.CreateApiKeyRequest(name="a", role=pb2.ROLE_SERVER, environments=["nowhere"])
    error = await desk.refused(desk.access.CreateApiKey, request)
    assert (reason(error), error.metadata) == ("ENVIRONMENT_NOT_FOUND", {"environment": "nowhere"})


@pytest.mark.parametrize("key_id", ["nowhere", "\0"])
async def test_a_key_that_is_not_there(desk: Desk, key_id: str) -> None:
    """It cannot be revoked."""
    error = await desk.refused(desk.access.RevokeApiKey, pb2.RevokeApiKeyRequest(key_id=key_id))
    assert reason(error) == ("API_KEY_NOT_FOUND" if key_id == "nowhere" else "INVALID_REQUEST")


async def test_environments_are_created_once(desk: Desk) -> None:
    """The new one is empty, told of, and its key is taken from then on."""
    request = pb2.CreateEnvironmentRequest(environment="qa", description="testes")
    created = (await desk.call(desk.access.CreateEnvironment, request)).environment
    assert (created.key, created.description, created.revision) == ("qa", "testes", 0)
    assert desk.commits == [("qa", 0, created.lineage)]
    error = await desk.refused(desk.access.CreateEnvironment, request)
    assert (type(error), error.metadata) == (AlreadyExists, {"key": "qa"})


async def test_environments_are_listed_to_those_who_hold_them(desk: Desk) -> None:
    """By key."""
    request = pb2.ListEnvironmentsRequest()
    for caller, expected in ((ANA, ["production", "staging"]), (BIA, ["production"])):
        found = (await desk.call(desk.access.ListEnvironments, request, caller)).environments
        assert [environment.key for environment in found] == expected


@pytest.mark.parametrize("key", ["", "QA", "q a", "q" * 64, "ção", "a\n"])
async def test_environments_that_are_refused(desk: Desk, key: str) -> None:
    """The key of an environment has its own grammar."""
    error = await desk.refused(desk.access.CreateEnvironment, pb2.CreateEnvironmentRequest(environment=key))
    assert (reason(error), fields(error)) == ("INVALID_REQUEST", ["environment"])


async def test_an_environment_needs_a_key_that_holds_all(desk: Desk) -> None:
    """Or else its creator could not even look at it."""
    request = pb2.CreateEnvironmentRequest(environment="qa")
    error = await desk.refused(desk.access.CreateEnvironment, request, BIA)
    assert (type(error), reason(error)) == (PermissionDenied, "ENVIRONMENT_DENIED")


async def test_a_hint_that_fails_fails_nothing(desk: Desk) -> None:
    """The key is made and answered though nobody could be told."""
    desk.hints_fail = True
    created = await _create(desk, "a", ["production"])
    assert await _keys(desk) == [created.api_key]
