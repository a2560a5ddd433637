"""Browser tokens: signed by the client library, read by the gateway."""

import datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2
from mirante.browser_tokens import BrowserTokens
from mirante.errors import InvalidSettings

from services.gateway.access.browser_access import EnvironmentAccess, browser_access_of
from services.gateway.access.browser_tokens import read_token
from services.gateway.http.problems import Problem
from tests.support.gateway_tokens import access_request, backend, ed25519_pem, p256_pem

NOW = 1_800_000_000.0
CLAIMS = {"aud": "mirante", "iat": int(NOW), "exp": int(NOW) + 600, "env": "production", "tenant": "acme", "sub": "ana"}


def access_of(*tokens: BrowserTokens) -> EnvironmentAccess:
    """Return what the flag service tells of these backends."""
    told = access_pb2.BrowserAccess(environment="production", token_keys=access_request(*tokens).token_keys)
    return browser_access_of([told]).of("production")


@pytest.mark.parametrize("pem", [ed25519_pem(), p256_pem()], ids=["EdDSA", "ES256"])
def test_what_is_minted_is_read(pem: bytes) -> None:
    """Environment, tenant, user and end, by the key that the token names among several."""
    tokens = backend("k1", pem)
    token = tokens.mint(environment="production", tenant="acme", user="ana", now=NOW)
    visitor = read_token(token, access_of(backend("k0"), tokens), "production", NOW + 300)
    assert (visitor.environment, visitor.tenant, visitor.user) == ("production", "acme", "ana")
    assert visitor.expires_at >= NOW + 600
    with pytest.raises(Problem) as caught:
        read_token(token, access_of(tokens), "production", NOW + 700)
    assert (caught.value.status, caught.value.reason) == (401, "TOKEN_EXPIRED")


def signed(claims: dict[str, Any], pem: bytes, key_id: str | None = "k1", algorithm: str = "EdDSA") -> str:
    """Return a token that somebody has signed."""
    key: Any = load_pem_private_key(pem, None)
    return jwt.encode(claims, key, algorithm, headers={} if key_id is None else {"kid": key_id})


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"aud": "another"}, 403),
        ({"aud": None}, 401),
        ({"env": "staging"}, 403),
        ({"env": None}, 401),
        ({"tenant": None}, 401),
        ({"tenant": ""}, 401),
        ({"tenant": 7}, 401),
        ({"tenant": "a" * 101}, 401),
        ({"tenant": "a\0b"}, 401),
        ({"sub": None}, 401),
        ({"sub": ""}, 401),
        ({"exp": None}, 401),
        ({"iat": None}, 401),
        ({"exp": int(NOW) + 3_601}, 401),
        ({"exp": "soon"}, 401),
        ({"exp": True}, 401),
        ({"exp": 1e300}, 401),
        ({"iat": int(NOW) + 60}, 401),
        ({"nbf": int(NOW) + 60}, 401),
    ],
)
def test_wrong_claims_are_refused(change: dict[str, Any], status: int) -> None:
    """Well signed, yet not for here, not now, or not whole."""
    pem = ed25519_pem()
    claims = {name: value for name, value in (CLAIMS | change).items() if value is not None}
    with pytest.raises(Problem) as caught:
        read_token(signed(claims, pem), access_of(backend("k1", pem)), "production", NOW)
    assert (caught.value.status, caught.value.reason) == (status, "INVALID_TOKEN")
    assert "acme" not in caught.value.detail


def test_forged_tokens_are_refused() -> None:
    """Another key under the same name, no name, no signature, the public key as a shared secret."""
    pem = ed25519_pem()
    access = access_of(backend("k1", pem))
    good = signed(CLAIMS, pem)
    public = backend("k1", pem).jwk()["x"]
    head, body, signature = good.split(".")
    other_body = signed(CLAIMS | {"tenant": "other"}, ed25519_pem()).split(".")[1]
    assert read_token(good, access, "production", NOW).tenant == "acme"
    for forged in (
        signed(CLAIMS, ed25519_pem()),
        signed(CLAIMS, pem, None),
        signed(CLAIMS, pem, "k2"),
        signed(CLAIMS, p256_pem(), algorithm="ES256"),
        jwt.encode(CLAIMS, "", "none", headers={"kid": "k1"}),
        jwt.encode(CLAIMS, public * 2, "HS256", headers={"kid": "k1"}),
        f"{head}.{other_body}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        "",
        "...",
        "\0",
        "é.é.é",
        "x" * 10_000,
    ):
        with pytest.raises(Problem) as caught:
            read_token(forged, access, "production", NOW)
        assert (caught.value.status, caught.value.reason) == (401, "INVALID_TOKEN")


def test_what_cannot_be_minted_is_refused_at_once() -> None:
    """By the name of what is wrong."""
    tokens = backend()
    wrong = {"environment": "", "tenant": "", "user": "u" * 201, "lifetime": datetime.timedelta(hours=2)}
    for field, value in wrong.items():
        fields: dict[str, Any] = {"environment": "production", "tenant": "acme", "user": "ana"}
        with pytest.raises(ValueError, match=field):
            tokens.mint(**(fields | {field: value}))


def test_keys_that_cannot_sign_are_refused() -> None:
    """RSA, rubbish, and a key without a name."""
    key = rsa.generate_private_key(65537, 2_048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for pem, key_id in ((key, "k"), (b"rubbish", "k"), (ed25519_pem(), "")):
        with pytest.raises(InvalidSettings):
            BrowserTokens(pem, key_id)


def test_the_registered_key_is_public() -> None:
    """Nothing of the private key leaves the backend."""
    for pem in (ed25519_pem(), p256_pem()):
        assert "d" not in backend("k1", pem).jwk()
