"""Keys of a backend that signs browser tokens, and the requests that make gateways believe them."""

import grpc.aio
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2
from mirante.api.flags.v1.access_admin_service_pb2_grpc import AccessAdminServiceStub
from mirante.browser_tokens import BrowserTokens

ORIGIN = "https://app.vendas.example"


def ed25519_pem() -> bytes:
    """Return a new private key."""
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def p256_pem() -> bytes:
    """Return a new private key."""
    return generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def backend(key_id: str = "k1", pem: bytes | None = None) -> BrowserTokens:
    """Return a backend with a key of its own."""
    return BrowserTokens(pem or ed25519_pem(), key_id)


def access_request(
    *tokens: BrowserTokens, environment: str = "production", origins: tuple[str, ...] = (ORIGIN,)
) -> access_pb2.SetBrowserAccessRequest:
    """Return the request that opens an environment to these backends and origins alone."""
    return access_pb2.SetBrowserAccessRequest(
        environment=environment,
        origins=origins,
        token_keys=[access_pb2.TokenKey(**each.jwk()) for each in tokens],
    )


async def allow_browsers(address: str, admin_key: str, *tokens: BrowserTokens) -> None:
    """Open production of a flag service, at host:port, to these backends and the page of `ORIGIN`."""
    async with grpc.aio.insecure_channel(address) as channel:
        metadata = (("authorization", f"Bearer {admin_key}"),)
        await AccessAdminServiceStub(channel).SetBrowserAccess(access_request(*tokens), metadata=metadata)
