"""Looking back: reports, and sales as a file."""

import csv
import io
from typing import Annotated, Any, Literal

from fastapi import FastAPI, HTTPException, Query
from fastapi.responses import JSONResponse, Response

from examples.vendas_api.caller import Caller, tenant_of
from examples.vendas_api.events import Events
from examples.vendas_api.features import Features
from examples.vendas_api.reports import project
from examples.vendas_api.sales import Sale, Sales, totals

Kind = Literal["totais", "projecao"]
Rounds = Annotated[int, Query(ge=1, le=100_000_000)]


def add_report_routes(app: FastAPI, features: Features, sales: Sales, events: Events) -> None:
    """Add the routes of reports and of files."""

    @app.get("/relatorios")
    def report(
        caller: Caller, tipo: Literal["totais", "projecao"] = "totais", rodadas: Rounds = 1_000
    ) -> dict[str, Any]:
        if not features.advanced_reports(caller):
            raise HTTPException(404, "no reports in your plan")
        with sales.transaction() as transaction:
            own = transaction.of(tenant_of(caller))
        content: dict[str, Any] = {"vendas": len(own), "totais": totals(own)}
        if tipo == "projecao":
            content = project([sale.taken for sale in own if sale.moeda == "BRL"], rodadas)
        events.report_made(caller, tipo)
        return content

    @app.get("/exportacoes")
    def export(caller: Caller, formato: Literal["csv", "json"] = "csv") -> Response:
        with sales.transaction() as transaction:
            own = [sale.model_dump(mode="json") for sale in transaction.of(tenant_of(caller))]
        events.exported(caller, formato)
        if formato == "json":
            return JSONResponse(own)
        file = io.StringIO()
        writer = csv.DictWriter(file, list(Sale.model_fields))
        writer.writeheader()
        writer.writerows(own)
        return Response(file.getvalue(), media_type="text/csv")
