"""A small OpenID Connect provider on loopback: strict about the code flow, and at a test's command about the rest."""

import asyncio
import base64
import hashlib
import json
import secrets
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CLIENT_ID = "mirante"
CLIENT_SECRET = "provider-secret"


class OidcProvider:
    """
    Lets everybody in as `claims` says, at once.

    `token` is changed into the id token, `userinfo` is what that endpoint adds, `methods` is how clients may show their
    secret. `asked` counts requests by path.
    """

    def __init__(self, issuer: str, redirect_uri: str) -> None:
        self.issuer = issuer
        self.redirect_uri = redirect_uri
        self.claims: dict[str, Any] = {}
        self.token: dict[str, Any] = {}
        self.userinfo: dict[str, Any] | None = None
        self.methods = ["client_secret_basic"]
        self.asked: dict[str, int] = {}
        self._codes: dict[str, dict[str, str]] = {}
        self.new_key()

    def new_key(self) -> None:
        """Sign with another key from now on, and tell only that one."""
        self.key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        self.key_id = secrets.token_hex(4)

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        return [
            Route("/.well-known/openid-configuration", self._configuration),
            Route("/keys", self._keys),
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
            Route("/userinfo", self._userinfo),
        ]

    async def _configuration(self, request: Request) -> Response:
        self._count(request)
        document: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": self.methods,
        }
        if self.userinfo is not None:
            document["userinfo_endpoint"] = f"{self.issuer}/userinfo"
        return JSONResponse(document)

    async def _keys(self, request: Request) -> Response:
        self._count(request)
        jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return JSONResponse({"keys": [jwk | {"kid": self.key_id, "use": "sig", "alg": "RS256"}]})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["redirect_uri"] == self.redirect_uri
        assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT_ID)
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        location = f"{self.redirect_uri}?{urlencode({'code': code, 'state': asked['state']})}"
        return Response(status_code=302, headers={"Location": location})

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        if self.methods == ["client_secret_basic"]:
            sent = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        else:
            sent = f"{form['client_id']}:{form['client_secret']}"
        asked = self._codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        good = sent == f"{CLIENT_ID}:{CLIENT_SECRET}" and form["redirect_uri"] == self.redirect_uri
        if asked is None or not good or asked["code_challenge"] != challenge:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        token = jwt.encode(claims | self.claims | self.token, self.key, "RS256", headers={"kid": self.key_id})
        return JSONResponse({"access_token": "access", "token_type": "Bearer", "id_token": token})

    async def _userinfo(self, request: Request) -> Response:
        assert request.headers["authorization"] == "Bearer access"
        return JSONResponse({"sub": self.claims.get("sub")} | (self.userinfo or {}))

    def _count(self, request: Request) -> None:
        path = request.url.path
        self.asked[path] = self.asked.get(path, 0) + 1


def query_of(address: str) -> dict[str, str]:
    """Return the parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@asynccontextmanager
async def oidc_provider(redirect_uri: str) -> AsyncIterator[OidcProvider]:
    """Run it until the block ends."""
    listening = socket.create_server(("127.0.0.1", 0))
    provider = OidcProvider(f"http://127.0.0.1:{listening.getsockname()[1]}", redirect_uri)
    config = uvicorn.Config(Starlette(routes=provider.routes()), log_config=None, lifespan="off")
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield provider
    finally:
        server.should_exit = True
        await task


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield
