"""What browser tests look at: a whole Mirante that serves the dashboard, and a backend of vendas with its page."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import grpc.aio
import httpx
from mirante import Mirante
from mirante.api.flags.v1.access_admin_service_pb2_grpc import AccessAdminServiceStub

from examples.vendas_api.app import create_app
from examples.vendas_api.page_routes import BrowserSide
from tests.support.built_pages import BuiltPages
from tests.support.flag_service_process import ENVIRONMENT
from tests.support.gateway_people import MARK, PASSWORD
from tests.support.gateway_tokens import access_request, backend
from tests.support.vendas_backend import served
from tests.support.whole_mirante import WholeMirante

PEOPLE: Final = "mirante.api.flags.v1.PeopleAdminService"
FLAGS: Final = "mirante.api.flags.v1.FlagAdminService"


@dataclass(frozen=True)
class Shop:
    """A backend of vendas with a client of Mirante in it. Its page is at `url`."""

    client: Mirante
    connect: Callable[[], httpx.Client]

    @property
    def url(self) -> str:
        """Where the page is."""
        with self.connect() as http:
            return str(http.base_url)

    def sell(self, tenant: str, user: str, valor: str) -> Decimal:
        """Make a sale in somebody's name; return what it brings."""
        new = {"produto": "caderno", "valor": valor, "itens_count": 1, "metodo_pagamento": "pix"}
        sale = self._ask("POST", "/vendas", tenant, user, new)["venda"]
        return Decimal(sale["valor"]) - Decimal(sale["desconto"])

    def list_format(self, tenant: str, user: str) -> int:
        """Return in which format the backend lists sales: 1 as it always did, 2 with `nova_ui_vendas`."""
        return 2 if isinstance(self._ask("GET", "/vendas", tenant, user), dict) else 1

    def _ask(self, method: str, path: str, tenant: str, user: str, document: Any = None) -> Any:
        with self.connect() as http:
            answer = http.request(method, path, json=document, headers={"X-Tenant": tenant, "X-User": user})
        answer.raise_for_status()
        return answer.json()


@asynccontextmanager
async def running_shop(mirante: WholeMirante, pages: BuiltPages, folder: Path) -> AsyncIterator[Shop]:
    """Serve the backend and its page until the block ends; its page may use the gateway."""
    tokens = backend("vendas")
    client = Mirante(
        mirante.flags.address,
        api_key=mirante.keys["server"],
        name="vendas-api",
        telemetry_address=mirante.telemetry.address,
        cache_dir=folder / "flags",
        spool_dir=folder / "events",
    )
    try:
        assert client.wait_until_ready(60)
        side = BrowserSide(mirante.url, mirante.keys["browser"], ENVIRONMENT, tokens)
        with served(create_app(client, browser=side, page=pages.vendas)) as connect:
            shop = Shop(client, connect)
            request = access_request(tokens, origins=(shop.url.rstrip("/"),))
            async with grpc.aio.insecure_channel(mirante.flags.address) as channel:
                metadata = (("authorization", f"Bearer {mirante.keys['admin']}"),)
                await AccessAdminServiceStub(channel).SetBrowserAccess(request, metadata=metadata)
            yield shop
    finally:
        client.close()


async def cookies_of(mirante: WholeMirante, login: str, password: str = PASSWORD) -> list[dict[str, str]]:
    """Log somebody in; return the cookies of the session as a browser takes them."""
    async with httpx.AsyncClient(base_url=mirante.url, timeout=60) as http:
        answer = await http.post("/api/login", json={"login": login, "password": password}, headers=MARK)
    assert answer.status_code == 200, answer.text
    return [{"name": name, "value": value, "url": mirante.url} for name, value in answer.cookies.items()]


async def create_viewer(mirante: WholeMirante, login: str) -> None:
    """Create somebody who may only look, with the password of the tests."""
    fields = {"login": login, "name": login.title(), "role": "PERSON_ROLE_VIEWER", "password": PASSWORD}
    await mirante.ask(f"{PEOPLE}/CreatePerson", environment=None, **fields)
