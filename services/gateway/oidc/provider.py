"""The identity provider, as OpenID Connect Core 1.0 and Discovery 1.0 have it."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import jwt

from services.gateway.http.problems import Problem
from services.gateway.oidc.attempts import Attempt

_SECONDS: Final = 10.0
_KNOWN_SECONDS: Final = 3_600.0
"""How long what the provider says about itself stands."""
_KEYS_AGAIN_SECONDS: Final = 30.0
"""How often unknown keys make us ask again for all: forged tokens are not to become a flood there."""
_MOST_BYTES: Final = 512 * 1024
_LEEWAY_SECONDS: Final = 30
_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""None with a shared secret: then anybody who knows it could say who somebody is."""

UNAVAILABLE: Final = "PROVIDER_UNAVAILABLE"
Claims = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Registration:
    """What we are at the provider. `redirect_uri` is where it leads back to."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: str
    redirect_uri: str


class Provider:
    """Asks the provider, which need not be there before somebody logs in through it."""

    def __init__(
        self,
        registration: Registration,
        http: httpx.AsyncClient,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._registration = registration
        self._http = http
        self._clock = clock
        self._asking = asyncio.Lock()
        self._found: Mapping[str, Any] = {}
        self._found_at = -_KNOWN_SECONDS
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._keys_at = -_KNOWN_SECONDS

    async def login_address(self, attempt: Attempt) -> str:
        """Return where a browser goes to log in; raise Problem when the provider does not answer."""
        found = await self._discovered()
        parameters = {
            "response_type": "code",
            "client_id": self._registration.client_id,
            "redirect_uri": self._registration.redirect_uri,
            "scope": self._registration.scopes,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        address = str(found["authorization_endpoint"])
        return f"{address}{'&' if '?' in address else '?'}{urlencode(parameters)}"

    async def claims(self, code: str, attempt: Attempt, *, is_enough: Callable[[Claims], bool]) -> Claims:
        """
        Return the verified claims of who has logged in.

        Args:
            code: that the provider sent back.
            attempt: that the code belongs to.
            is_enough: whether the claims of the token alone say all that is asked for; else the provider is asked more.

        Raises:
            Problem: PROVIDER_UNAVAILABLE, or LOGIN_FAILED when the code or its token are worth nothing.
        """
        found = await self._discovered()
        tokens = await self._redeemed(found, code, attempt)
        claims = await self._verified(str(tokens.get("id_token", "")), attempt)
        if not is_enough(claims) and "userinfo_endpoint" in found:
            headers = {"Authorization": f"Bearer {tokens.get('access_token', '')}"}
            more = await self._json("GET", found["userinfo_endpoint"], headers=headers)
            if more.get("sub") != claims["sub"]:
                raise _failed("the provider's claims are about somebody else")
            claims = more | claims
        return claims

    async def _redeemed(self, found: Mapping[str, Any], code: str, attempt: Attempt) -> Mapping[str, Any]:
        own = self._registration
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": own.redirect_uri,
            "code_verifier": attempt.verifier,
        }
        methods = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        basic = "client_secret_basic" in methods
        if not basic:
            form |= {"client_id": own.client_id, "client_secret": own.client_secret}
        auth = httpx.BasicAuth(own.client_id, own.client_secret) if basic else None
        return await self._json("POST", found["token_endpoint"], data=form, auth=auth)

    async def _verified(self, token: str, attempt: Attempt) -> Claims:
        try:
            key = await self._key(jwt.get_unverified_header(token).get("kid"))
            claims: Claims = jwt.decode(
                token,
                key,
                algorithms=_ALGORITHMS,
                audience=self._registration.client_id,
                issuer=self._registration.issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except jwt.PyJWTError as error:
            raise _failed(f"the provider's token is refused: {type(error).__name__}") from None
        if claims.get("nonce") != attempt.nonce:
            raise _failed("the provider's token is for another login")
        if claims.get("azp", self._registration.client_id) != self._registration.client_id:
            raise _failed("the provider's token is for another client")
        return claims

    async def _key(self, key_id: str | None) -> jwt.PyJWK:
        async with self._asking:
            age = self._clock() - self._keys_at
            if age > _KNOWN_SECONDS or (key_id not in self._keys and age > _KEYS_AGAIN_SECONDS):
                document = await self._json("GET", self._found["jwks_uri"])
                self._keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(dict(document)).keys}
                self._keys_at = self._clock()
        # A provider with one key need not name it.
        only = next(iter(self._keys.values())) if len(self._keys) == 1 and key_id is None else None
        key = self._keys.get(key_id, only)
        if key is None:
            raise _failed("the provider's token is signed by a key that it does not tell")
        return key

    async def _discovered(self) -> Mapping[str, Any]:
        async with self._asking:
            if self._clock() - self._found_at > _KNOWN_SECONDS:
                issuer = self._registration.issuer
                found = await self._json("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
                needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
                if found.get("issuer") != issuer or not all(isinstance(found.get(name), str) for name in needed):
                    raise Problem(503, UNAVAILABLE, "the identity provider calls itself something else")
                self._found, self._found_at = found, self._clock()
        return self._found

    async def _json(self, method: str, address: str, **options: Any) -> dict[str, Any]:
        headers = {"Accept": "application/json"} | options.pop("headers", {})
        try:
            async with self._http.stream(method, address, headers=headers, timeout=_SECONDS, **options) as response:
                body = await _bounded(response)
            document = json.loads(body)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            detail = f"the identity provider does not answer: {type(error).__name__}"
            raise Problem(503, UNAVAILABLE, detail, retry_seconds=1.0) from error
        if method == "POST" and response.status_code in {400, 401, 403}:
            raise _failed("the provider does not take the code, or does not know this client")
        if response.status_code != 200 or not isinstance(document, dict):
            raise Problem(503, UNAVAILABLE, f"the identity provider answers {response.status_code}", retry_seconds=1.0)
        return document


async def _bounded(response: httpx.Response) -> bytes:
    body = b""
    async for part in response.aiter_bytes():
        body += part
        if len(body) > _MOST_BYTES:
            raise ValueError("the provider's answer is too long")
    return body


def _failed(detail: str) -> Problem:
    return Problem(401, "LOGIN_FAILED", detail)
