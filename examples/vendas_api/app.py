"""
The backend: `uvicorn --factory examples.vendas_api.app:create_app`.

Environment variables say where everything is; see README.md beside this file.
"""

import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from mirante import Mirante
from mirante.outbox import OutboxRelay

from examples.vendas_api.account_routes import add_account_routes
from examples.vendas_api.accounts import Accounts
from examples.vendas_api.caller import Caller
from examples.vendas_api.events import Client, Events
from examples.vendas_api.features import Features
from examples.vendas_api.page_routes import BUILT_PAGE, BrowserSide, add_page_routes
from examples.vendas_api.refusals import add_refusals
from examples.vendas_api.report_routes import add_report_routes
from examples.vendas_api.sales import MemorySales, Sales
from examples.vendas_api.sales_routes import add_sales_routes


def create_app(
    client: Client | None = None,
    sales: Sales | None = None,
    relay: OutboxRelay | None = None,
    browser: BrowserSide | None = None,
    page: Path = BUILT_PAGE,
) -> FastAPI:
    """
    Return the application; without a `client` everything is set up by the environment.

    The client works in every process that is forked off later, so a server may load the application before it forks.
    The relay is started in each of them. `page` is the folder of the built page.
    """
    own = client is None
    if client is None:
        client, sales, relay = _from_environment()
        browser = BrowserSide.from_environment()
    sales = sales or MemorySales()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        sales.prepare()
        if relay is not None:
            relay.start()
        yield
        if relay is not None:
            relay.stop()
        if own:
            client.close()

    app = FastAPI(title="vendas", lifespan=lifespan)
    features, events = Features(client), Events(client, relay)
    add_refusals(app, events)
    add_account_routes(app, Accounts(), events)
    add_sales_routes(app, features, sales, events)
    add_report_routes(app, features, sales, events)
    _add_process_route(app, client)
    add_page_routes(app, browser, page)
    return app


def _from_environment() -> tuple[Mirante, Sales, OutboxRelay | None]:
    cache = Path(os.environ.get("VENDAS_CACHE", tempfile.gettempdir()))
    client = Mirante.from_environment(
        name="vendas-api", cache_dir=cache / "vendas-api-flags", spool_dir=cache / "vendas-api-events"
    )
    database_url = os.environ.get("VENDAS_DATABASE_URL")
    if not database_url:
        return client, MemorySales(), None
    # Imported here so that nobody needs a driver who has no database.
    from examples.vendas_api.postgres_sales import PostgresSales  # noqa: PLC0415

    sales = PostgresSales(database_url)
    address = os.environ.get("MIRANTE_TELEMETRY_ADDRESS")
    if not address:
        return client, sales, None
    return client, sales, OutboxRelay(address, api_key=os.environ["MIRANTE_API_KEY"], connect=sales.connect)


def _add_process_route(app: FastAPI, client: Client) -> None:
    @app.get("/processo")
    async def describe_process(caller: Caller) -> dict[str, Any]:
        answer = client.details("nova_ui_vendas", caller, default=False)
        events = client.telemetry_status
        return {
            "pid": os.getpid(),
            "nova_ui_vendas": answer.value,
            "reason": answer.reason.name.lower(),
            "revision": answer.stamp.revision,
            "eventos": {"tracked": events.tracked, "sent": events.sent, "rejected": events.rejected},
        }
