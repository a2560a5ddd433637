"""
The backend: `uvicorn --factory examples.vendas_api.app:create_app`.

MIRANTE_ADDRESS and MIRANTE_API_KEY say where the flags come from; see README.md beside this file.
"""

import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException
from mirante import Mirante
from mirante.client.reader import FlagReader

from examples.vendas_api.caller import Caller
from examples.vendas_api.features import Features
from examples.vendas_api.sales import NewSale, Sale, Sales


def create_app(flags: FlagReader | None = None) -> FastAPI:
    """
    Return the application; without `flags` it has a client of its own, set up by the environment.

    The client works in every process that is forked off later, so a server may load the application before it forks.
    """
    client = None
    if flags is None:
        cache = Path(os.environ.get("VENDAS_CACHE", tempfile.gettempdir())) / "vendas-api-flags"
        flags = client = Mirante.from_environment(name="vendas-api", cache_dir=cache)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        if client is not None:
            client.close()

    app = FastAPI(title="vendas", lifespan=lifespan)
    _add_routes(app, Features(flags), Sales(), flags)
    return app


def _add_routes(app: FastAPI, features: Features, sales: Sales, flags: FlagReader) -> None:
    @app.get("/vendas")
    async def list_sales(caller: Caller) -> Any:
        # In process an evaluation is a look-up, so it has its place in an async route.
        own = sales.of(_tenant(caller))
        if features.new_sales_format(caller):
            return {"formato": 2, "vendas": own, "totais": sales.totals(_tenant(caller))}
        return own

    @app.post("/vendas", status_code=201)
    def make_sale(new: NewSale, caller: Caller) -> dict[str, Any]:
        if new.moeda != "BRL" and not features.foreign_currencies(caller):
            raise HTTPException(422, f"moeda {new.moeda}: only BRL is available to you")
        variant, discount = features.discount(new.valor, caller)
        sale: Sale = sales.add(_tenant(caller), new, discount)
        return {"venda": sale, "algoritmo_desconto": variant}

    @app.get("/recomendacoes")
    async def recommend(produto: str, caller: Caller) -> dict[str, Any]:
        variant, products = features.recommendations(produto, caller)
        return {"variante": variant, "produtos": products}

    @app.get("/relatorios")
    def report(caller: Caller) -> dict[str, Any]:
        if not features.advanced_reports(caller):
            raise HTTPException(404, "no reports in your plan")
        return {"vendas": len(sales.of(_tenant(caller))), "totais": sales.totals(_tenant(caller))}

    @app.get("/processo")
    async def describe_process(caller: Caller) -> dict[str, Any]:
        answer = flags.details("nova_ui_vendas", caller, default=False)
        return {
            "pid": os.getpid(),
            "nova_ui_vendas": answer.value,
            "reason": answer.reason.name.lower(),
            "revision": answer.stamp.revision,
        }


def _tenant(caller: Caller) -> str:
    return str(caller.get("tenant_id", ""))
