"""Selling: what is sold, shown, changed and undone."""

from typing import Any

from fastapi import FastAPI, HTTPException

from examples.vendas_api.caller import Caller, tenant_of
from examples.vendas_api.events import Events
from examples.vendas_api.features import Features
from examples.vendas_api.refusals import Forbidden, Unacceptable
from examples.vendas_api.sales import Change, NewSale, Sale, Sales, totals


def add_sales_routes(app: FastAPI, features: Features, sales: Sales, events: Events) -> None:
    """Add the routes of sales, and of what is recommended beside them."""

    @app.get("/vendas")
    def list_sales(caller: Caller, busca: str = "") -> Any:
        with sales.transaction() as transaction:
            own = transaction.of(tenant_of(caller))
        if busca:
            events.searched(caller, busca)
            own = [sale for sale in own if busca.lower() in sale.produto.lower()]
        if features.new_sales_format(caller):
            return {"formato": 2, "vendas": own, "totais": totals(own)}
        return own

    @app.post("/vendas", status_code=201)
    def make_sale(new: NewSale, caller: Caller) -> dict[str, Any]:
        if new.moeda != "BRL" and not features.foreign_currencies(caller):
            raise Unacceptable("moeda", "only BRL is available to you")
        variant, discount = features.discount(new.valor, caller)
        # The sale and its event are committed together, or neither is.
        with sales.transaction() as transaction:
            sale = transaction.add(tenant_of(caller), new, discount)
            events.sale_made(caller, sale, transaction.connection)
        events.committed()
        return {"venda": sale, "algoritmo_desconto": variant}

    @app.get("/vendas/{venda_id}")
    def show_sale(venda_id: int, caller: Caller) -> Sale:
        with sales.transaction() as transaction:
            sale = _found(transaction.find(tenant_of(caller), venda_id))
        events.sale_viewed(caller, sale)
        return sale

    @app.patch("/vendas/{venda_id}")
    def edit_sale(venda_id: int, change: Change, caller: Caller) -> Sale:
        with sales.transaction() as transaction:
            sale = _found(transaction.edit(tenant_of(caller), venda_id, change))
        events.sale_edited(caller, sale)
        return sale

    @app.delete("/vendas/{venda_id}")
    def cancel_sale(venda_id: int, caller: Caller) -> Sale:
        if caller.get("papel") != "gerente":
            raise Forbidden
        with sales.transaction() as transaction:
            sale = _found(transaction.cancel(tenant_of(caller), venda_id))
            events.sale_cancelled(caller, sale, transaction.connection)
        events.committed()
        return sale

    @app.get("/recomendacoes")
    async def recommend(produto: str, caller: Caller) -> dict[str, Any]:
        # In process an evaluation is a look-up and tracking waits for nothing: both have their place in an async route.
        variant, products = features.recommendations(produto, caller)
        if products:
            events.recommended(caller, variant, len(products))
        return {"variante": variant, "produtos": products}


def _found(sale: Sale | None) -> Sale:
    if sale is None:
        raise HTTPException(404, "no such sale")
    return sale
