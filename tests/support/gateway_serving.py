"""A gateway in this process beside a real flag service, asked over real sockets."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc.aio
import httpx
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2
from mirante.api.telemetry.v1 import ingest_service_pb2_grpc as ingest_grpc
from mirante.browser_tokens import BrowserTokens
from mirante.telemetry.event_id import uuid7
from websockets.asyncio.client import ClientConnection, connect

from services.gateway.app import Gateway, running
from services.gateway.settings import GatewaySettings
from tests.support.gateway_live import FakeLiveSource
from tests.support.gateway_tokens import access_request, backend
from tests.support.serving import PATIENCE_SECONDS, Serving

TOKENS = backend()
"""One for all gateways: those of a module share a flag service, which holds one browser access."""


class FakeIngest(ingest_grpc.IngestServiceServicer):
    """Takes events; one whose name begins with "bad" is rejected. `failure` is what calls fail with."""

    def __init__(self) -> None:
        self.requests: list[ingest_pb2.IngestRequest] = []
        self.metadata: list[dict[str, Any]] = []
        self.failure: grpc.StatusCode | None = None

    async def Ingest(self, request: ingest_pb2.IngestRequest, context: Any) -> ingest_pb2.IngestResponse:  # noqa: N802 - the contract's name
        """Take a batch."""
        if self.failure is not None:
            await context.abort(self.failure, "as the test wants it")
        self.requests.append(request)
        self.metadata.append(dict(context.invocation_metadata()))
        response = ingest_pb2.IngestResponse()
        for index, event in enumerate(request.events):
            bad = event.name.startswith("bad")
            response.statuses.append(ingest_pb2.EVENT_STATUS_REJECTED if bad else ingest_pb2.EVENT_STATUS_ACCEPTED)
            if bad:
                response.problems.add(
                    index=index, reason=reasons.ERROR_REASON_CATALOGUE_VIOLATION, field="properties.valor", message="no"
                )
        return response

    def IngestStream(self, _requests: object, _context: object) -> AsyncIterator[ingest_pb2.IngestStreamResponse]:  # noqa: N802 - as above
        """Not here."""
        raise NotImplementedError

    async def ImportEvents(self, _request: object, _context: object) -> ingest_pb2.ImportEventsResponse:  # noqa: N802 - as above
        """Not here."""
        raise NotImplementedError

    async def GetImport(self, _request: object, _context: object) -> ingest_pb2.GetImportResponse:  # noqa: N802 - as above
        """Not here."""
        raise NotImplementedError

    @property
    def events(self) -> list[Any]:
        """All events that came."""
        return [event for request in self.requests for event in request.events]


@asynccontextmanager
async def fake_ingest() -> AsyncIterator[tuple[FakeIngest, str]]:
    """Run it until the block ends; yield it and its address."""
    fake, server = FakeIngest(), grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    ingest_grpc.add_IngestServiceServicer_to_server(fake, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield fake, f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


@dataclass
class GatewayServing:
    """A running gateway, and what is around it."""

    gateway: Gateway
    http: httpx.AsyncClient
    keys: dict[str, str]
    tokens: BrowserTokens
    source: FakeLiveSource
    ingest: FakeIngest
    flags: Serving
    _sockets: list[ClientConnection] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.gateway.port}"

    def bearer(self, role: str = "server") -> dict[str, str]:
        """Return the header of a role's key."""
        return {"authorization": f"Bearer {self.keys[role]}"}

    def token(self, tenant: str = "acme", user: str = "ana", **fields: Any) -> str:
        """Return a browser token."""
        return self.tokens.mint(environment="production", tenant=tenant, user=user, **fields)

    async def evaluate(self, key: str, context: Any = None, role: str = "server", **extra: Any) -> httpx.Response:
        """Ask for one flag."""
        body = {"context": {"targetingKey": "user-7"} if context is None else context}
        return await self.http.post(f"/ofrep/v1/evaluate/flags/{key}", json=body, headers=self.bearer(role), **extra)

    async def evaluate_all(
        self, context: Any = None, role: str = "server", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Ask for all flags."""
        body = {"context": {"targetingKey": "user-7"} if context is None else context}
        return await self.http.post("/ofrep/v1/evaluate/flags", json=body, headers=self.bearer(role) | (headers or {}))

    async def until_flag(self, key: str, **expected: Any) -> None:
        """Return when a flag is answered with these fields."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                found = (await self.evaluate(key)).json()
                if expected.items() <= found.items():
                    return
                await asyncio.sleep(0.01)

    async def socket(self, **options: Any) -> ClientConnection:
        """Open a socket, and say nothing yet."""
        return await connect(f"ws://127.0.0.1:{self.gateway.port}/ws/metrics", **options)

    async def watching(self, tenant: str = "acme", user: str = "ana", **hello: Any) -> ClientConnection:
        """Open a socket and say hello."""
        socket = await self.socket()
        await socket.send(self.hello(tenant, user, **hello))
        return socket

    def hello(self, tenant: str = "acme", user: str = "ana", **fields: Any) -> str:
        """Return a first message."""
        document = {"type": "hello", "key": self.keys["browser"], "token": self.token(tenant, user)} | fields
        return json.dumps(document)


async def said(socket: ClientConnection) -> dict[str, Any]:
    """Return the next message."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        found: dict[str, Any] = json.loads(await socket.recv())
    return found


def new_event(name: str = "pagina_vista", **fields: Any) -> dict[str, Any]:
    """Return an event as a browser writes it."""
    return {"id": str(uuid7()), "name": name, "anonymous_id": "visitor-1", **fields}


def id_bytes(event: dict[str, Any]) -> bytes:
    """Return an event's id as the log has it."""
    return uuid.UUID(event["id"]).bytes


@asynccontextmanager
async def gateway_serving(flags: Serving, home: Path, **settings: Any) -> AsyncIterator[GatewayServing]:
    """Run a gateway beside a flag service; settings are those of `GatewaySettings`."""
    async with AsyncExitStack() as stack:
        ingest, address = await stack.enter_async_context(fake_ingest())
        tokens, source = TOKENS, FakeLiveSource()
        home.mkdir(exist_ok=True)
        await flags.access.SetBrowserAccess(access_request(tokens), metadata=flags.admin)
        chosen: dict[str, Any] = {
            "home": home,
            "port": 0,
            "drain_seconds": 2.0,
            "flags_address": f"127.0.0.1:{flags.service.port}",
            "telemetry_address": address,
            "internal_key": flags.keys["internal"],
        }
        gateway = await stack.enter_async_context(running(GatewaySettings(**(chosen | settings)), source))
        http = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}", timeout=PATIENCE_SECONDS)
        )
        serving = GatewayServing(gateway, http, flags.keys, tokens, source, ingest, flags)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await http.get("/readyz")).status_code != 200:
                await asyncio.sleep(0.01)
        yield serving
