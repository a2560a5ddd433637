"""
Tokens by which a backend says who sits at a browser: `pip install "mirante[tokens]"`.

    tokens = BrowserTokens(Path("browser-tokens.pem").read_bytes(), key_id="2026-11")
    token = tokens.mint(environment="production", tenant="acme", user="user-7")

The page gets the token from the backend's own, authenticated route and shows it to Mirante's gateway; there it opens
this tenant's live metrics and sends events in this user's name. The gateway is told the public key: `tokens.jwk()`.
"""

import datetime
import time
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm

from mirante.errors import InvalidSettings

AUDIENCE: Final = "mirante"
LONGEST: Final = datetime.timedelta(hours=1)

_MOST_BYTES: Final = {"tenant": 100, "user": 200}


class BrowserTokens:
    """Signs tokens with one private key: Ed25519 (EdDSA) or P-256 (ES256)."""

    def __init__(self, private_key: bytes, key_id: str, *, password: bytes | None = None) -> None:
        """
        Read the key.

        Args:
            private_key: in PEM.
            key_id: names it, so that keys can be changed: register the new one, sign with it, take the old one away.
            password: of the PEM, if it has one.

        Raises:
            InvalidSettings: the key is of another kind or cannot be read, or the id is empty.
        """
        if not key_id:
            raise InvalidSettings("key_id: must not be empty")
        try:
            key = load_pem_private_key(private_key, password)
        except (ValueError, TypeError):
            raise InvalidSettings("private_key: cannot be read as PEM") from None
        self._key: Ed25519PrivateKey | EllipticCurvePrivateKey
        if isinstance(key, Ed25519PrivateKey):
            self._key, self._algorithm = key, "EdDSA"
        elif isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1):
            self._key, self._algorithm = key, "ES256"
        else:
            raise InvalidSettings("private_key: must be an Ed25519 or a P-256 key")
        self._key_id = key_id

    def mint(
        self,
        *,
        environment: str,
        tenant: str,
        user: str,
        lifetime: datetime.timedelta = datetime.timedelta(minutes=10),
        now: float | None = None,
    ) -> str:
        """
        Return a token.

        Args:
            environment: of Mirante, for instance "production".
            tenant: the customer company that the user belongs to: whoever holds the token sees its numbers.
            user: the user's id.
            lifetime: at most an hour; a token cannot be taken back.
            now: seconds since 1970; None for the clock's time.

        Raises:
            ValueError: one of them cannot be what it is.
        """
        if not environment:
            raise ValueError("environment: must not be empty")
        for name, value in (("tenant", tenant), ("user", user)):
            if not isinstance(value, str) or not 0 < len(value.encode()) <= _MOST_BYTES[name]:
                raise ValueError(f"{name}: must be a text of 1 to {_MOST_BYTES[name]} bytes")
        if not datetime.timedelta(seconds=1) <= lifetime <= LONGEST:
            raise ValueError("lifetime: must be between a second and an hour")
        issued = int(time.time() if now is None else now)
        claims = {
            "aud": AUDIENCE,
            "iat": issued,
            "exp": issued + int(lifetime.total_seconds()),
            "env": environment,
            "tenant": tenant,
            "sub": user,
        }
        return jwt.encode(claims, self._key, self._algorithm, headers={"kid": self._key_id})

    def jwk(self) -> dict[str, Any]:
        """Return the public key as a JSON Web Key, as Mirante's browser access has it."""
        public: Any = self._key.public_key()
        found = (OKPAlgorithm if self._algorithm == "EdDSA" else ECAlgorithm).to_jwk(public, as_dict=True)
        return {**found, "kid": self._key_id, "alg": self._algorithm, "use": "sig"}
