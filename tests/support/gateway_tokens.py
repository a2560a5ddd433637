"""Keys of a backend that signs browser tokens, and the gateway's file that names them."""

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
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


def access_document(
    *tokens: BrowserTokens, environment: str = "production", origins: tuple[str, ...] = (ORIGIN,)
) -> dict[str, Any]:
    """Return the content of the file for one environment."""
    return {"environments": {environment: {"origins": list(origins), "keys": [each.jwk() for each in tokens]}}}


def write_access(path: Path, document: dict[str, Any]) -> Path:
    """Write the file; return where."""
    path.write_text(json.dumps(document), encoding="utf-8")
    return path
