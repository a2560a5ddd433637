"""Which browsers an environment is open to: who may say so, and what is refused."""

import asyncio
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm
from mirante.api.flags.v1 import access_admin_service_pb2 as pb2
from mirante.api.flags.v1 import key_registry_service_pb2 as registry_pb2

from services.flags.key_registry_servicer import KeyRegistryServicer
from services.runtime.errors import EtagMismatch, NotFound, PermissionDenied, ServiceError
from tests.support.flag_desk import ANA, BIA, Desk, fields, reason

ED25519: dict[str, Any] = OKPAlgorithm.to_jwk(Ed25519PrivateKey.generate().public_key(), as_dict=True)
P256: dict[str, Any] = ECAlgorithm.to_jwk(generate_private_key(SECP256R1()).public_key(), as_dict=True)
P384: dict[str, Any] = ECAlgorithm.to_jwk(generate_private_key(SECP384R1()).public_key(), as_dict=True)


def token_key(jwk: dict[str, Any] = ED25519, **members: str) -> pb2.TokenKey:
    """Return a key with an id; `members` replace what it has."""
    return pb2.TokenKey(
        **{name: jwk[name] for name in ("kty", "crv", "x", "y") if name in jwk} | {"kid": "a"} | members
    )


def setting(**members: Any) -> pb2.SetBrowserAccessRequest:
    """Return a request for production."""
    return pb2.SetBrowserAccessRequest(**{"environment": "production", **members})


async def stored(desk: Desk, environment: str = "production") -> pb2.BrowserAccess:
    """Return what is stored."""
    request = pb2.GetBrowserAccessRequest(environment=environment)
    return (await desk.call(desk.access.GetBrowserAccess, request)).browser_access


async def registered(desk: Desk, known_version: int = 0) -> registry_pb2.GetKeysResponse:
    """Return what gateways are told."""
    registry = KeyRegistryServicer(desk.store.rules, desk.store.browsers)
    return await desk.call(registry.GetKeys, registry_pb2.GetKeysRequest(known_version=known_version))


async def test_what_is_set_is_there_and_gateways_learn_it(desk: Desk) -> None:
    """Origins in the browsers' own spelling and each once; a gateway that knows the version is not told again."""
    before = await registered(desk)
    assert list(before.browser_access) == []
    assert await stored(desk) == pb2.BrowserAccess(environment="production")
    origins = [
        "HTTPS://App.Vendas.example:443",
        "https://app.vendas.example",
        "http://localhost:3000",
        "http://[::1]:80",
    ]
    keys = [token_key(), token_key(P256, kid="b", alg="ES256", use="sig")]
    found = (await desk.call(desk.access.SetBrowserAccess, setting(origins=origins, token_keys=keys))).browser_access
    assert list(found.origins) == ["https://app.vendas.example", "http://localhost:3000", "http://[::1]"]
    assert list(found.token_keys) == keys
    assert (found.version, found.updated_by, found.HasField("updated_at")) == (1, "ana", True)
    assert await stored(desk) == found
    assert desk.key_changes == 1
    after = await registered(desk, before.version)
    assert after.version > before.version
    assert list(after.browser_access) == [found]
    assert list((await registered(desk, after.version)).browser_access) == []


async def test_a_change_replaces_the_whole(desk: Desk) -> None:
    """Of its environment alone; a hint that is lost does not fail it."""
    await desk.call(desk.access.SetBrowserAccess, setting(origins=["https://a.example"], token_keys=[token_key()]))
    desk.hints_fail = True
    await desk.call(desk.access.SetBrowserAccess, setting(environment="staging", origins=["https://b.example"]))
    found = (await desk.call(desk.access.SetBrowserAccess, setting())).browser_access
    assert (found.version, list(found.origins), list(found.token_keys)) == (2, [], [])
    assert [each.environment for each in (await registered(desk)).browser_access] == ["production", "staging"]


async def test_a_change_from_an_old_version_is_refused(desk: Desk) -> None:
    """Of changes that were made from one version at once, one is taken."""

    async def attempt(number: int) -> ServiceError | None:
        request = setting(origins=[f"https://{number}.example"], expected_version=0)
        try:
            await desk.call(desk.access.SetBrowserAccess, request)
        except EtagMismatch as refused:
            return refused
        return None

    refusals = [each for each in await asyncio.gather(*map(attempt, range(4))) if each is not None]
    assert [refusal.metadata for refusal in refusals] == [{"etag": "1"}] * 3
    await desk.call(desk.access.SetBrowserAccess, setting(expected_version=1))
    assert (await stored(desk)).version == 2


@pytest.mark.parametrize(
    "origin",
    [
        *("", "app.example", "https://", "https://app.example/", "https://u@app.example", "ftp://a", "*", "null"),
        *("https://a.example:99999", "https://é.example", "https://a b", "https://a\nb", "https://" + "a" * 300),
    ],
)
async def test_what_is_no_origin_is_refused(desk: Desk, origin: str) -> None:
    """The refusal names its place."""
    error = await desk.refused(desk.access.SetBrowserAccess, setting(origins=["https://a.example", origin]))
    assert set(fields(error)) == {"origins[1]"}


@pytest.mark.parametrize(
    ("key", "field"),
    [
        (token_key(kid=""), "token_keys[0].kid"),
        (token_key(kid="x" * 301), "token_keys[0].kid"),
        (token_key(P384), "token_keys[0]"),
        (token_key(kty="RSA"), "token_keys[0]"),
        (token_key(x="AAAA"), "token_keys[0]"),
        (token_key(x="é"), "token_keys[0]"),
        (token_key(P256, y=P256["x"]), "token_keys[0]"),
        (token_key(P256, y=""), "token_keys[0]"),
        (token_key(alg="HS256"), "token_keys[0].alg"),
        (token_key(use="enc"), "token_keys[0].use"),
        (token_key(y="AAAA"), "token_keys[0].y"),
    ],
)
async def test_what_is_no_token_key_is_refused(desk: Desk, key: pb2.TokenKey, field: str) -> None:
    """The refusal names its place."""
    assert fields(await desk.refused(desk.access.SetBrowserAccess, setting(token_keys=[key]))) == [field]


async def test_too_much_is_refused(desk: Desk) -> None:
    """Gateways hold all of it in memory."""
    origins = [f"https://{number}.example" for number in range(101)]
    assert fields(await desk.refused(desk.access.SetBrowserAccess, setting(origins=origins))) == ["origins"]
    keys = [token_key(kid=str(number)) for number in range(21)]
    assert fields(await desk.refused(desk.access.SetBrowserAccess, setting(token_keys=keys))) == ["token_keys"]
    twice = setting(token_keys=[token_key(), token_key(P256)])
    assert fields(await desk.refused(desk.access.SetBrowserAccess, twice)) == ["token_keys[1].kid"]


async def test_an_environment_that_the_key_does_not_hold_is_closed(desk: Desk) -> None:
    """And one that is not there is not found."""
    for caller, environment, kind, why in (
        (BIA, "staging", PermissionDenied, "ENVIRONMENT_DENIED"),
        (ANA, "nowhere", NotFound, "ENVIRONMENT_NOT_FOUND"),
    ):
        asked = pb2.GetBrowserAccessRequest(environment=environment)
        for error in (
            await desk.refused(desk.access.GetBrowserAccess, asked, caller),
            await desk.refused(desk.access.SetBrowserAccess, setting(environment=environment), caller),
        ):
            assert (type(error), reason(error)) == (kind, why)
