"""What is to be seen on pictures beside what the demo's shop does by itself: alerts, a killed flag, rejected events."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx
from mirante.telemetry.event_id import uuid7

TENANT: Final = "demo-farmacia-24h"
"""Never closes: there is something to see at any time of the day."""

_ALERTS: Final = "mirante.api.metrics.v1.AlertService"
_FLAGS: Final = "mirante.api.flags.v1.FlagAdminService"
_LIVE: Final = "mirante.api.metrics.v1.LiveMetricsService"
_HISTORY_SECONDS: Final = 1_200.0
_SALES: Final = 6
_COMPLETE: Final = "history is there"
# What the scene sells is above, so that there is an alert to look at, also at night.
_RULES: Final = (
    ("expedicao", "Mais vendas do que a expedição aguenta.", "vendas_hora", "5", "CRITICAL"),
    ("seguro-do-caixa", "Mais dinheiro no caixa do que o seguro cobre.", "receita_hora", "100", "WARNING"),
)


class Scene:
    """
    Asks the admin API.

    Args:
        http: in which an admin is logged in.
        server_key: with which a backend sends events.
        home: of the Mirante.
    """

    def __init__(self, http: httpx.AsyncClient, server_key: str, home: Path) -> None:
        self._http = http
        self._server_key = server_key
        self._shop_log = home / "logs/demo-shop.log"

    async def prepare(self) -> str:
        """Bring everything about that the pictures show; return the id of an alert."""
        await self._be_rejected()
        await self._until_the_history_is_there()
        await self._sell()
        alert = await self._until_there_is_an_alert()
        await self._kill("recomendacao_produtos", "recomendações lentas desde a versão 4.2")
        await self._kill("nova_ui_vendas", "erros no checkout")
        await self._ask(f"{_FLAGS}/RestoreFlag", flagKey="nova_ui_vendas", reason="corrigido na versão 4.2.1")
        return alert

    async def _kill(self, flag: str, reason: str) -> None:
        await self._ask(f"{_FLAGS}/KillFlag", flagKey=flag, reason=reason)

    async def _be_rejected(self) -> None:
        """Send sales that lack what the catalogue asks for."""
        for valor in ("muito", "12,50", ""):
            properties: dict[str, str | int] = {"venda_id": "v-81", "valor": valor, "moeda": "BRL"}
            await self._send(properties if valor else {"moeda": "BRL"})

    async def _sell(self) -> None:
        """Sell more than the rules of alerts allow: at night the shop alone would not."""
        for number in range(_SALES):
            sale: dict[str, str | int] = {"venda_id": f"v-{90 + number}", "valor": "64.00", "moeda": "BRL"}
            await self._send(sale | {"itens_count": 2, "metodo_pagamento": "pix"})

    async def _send(self, properties: Mapping[str, str | int]) -> None:
        event: Any = {"id": str(uuid7()), "name": "venda_criada", "tenant": TENANT, "user_id": "caixa-3"}
        headers = {"Authorization": f"Bearer {self._server_key}"}
        document = event | {"properties": properties}
        (await self._http.post("/v1/events", json=document, headers=headers)).raise_for_status()

    async def _until_the_history_is_there(self) -> None:
        deadline = time.monotonic() + _HISTORY_SECONDS
        while True:
            frame = (await self._ask(f"{_LIVE}/GetLiveMetrics", tenant=TENANT))["frame"]
            sales: Any = {each["metric"]: each for each in frame["metrics"]}.get("vendas_hora", {})
            # At night there may be no sale in this hour of last week, and nothing to compare with.
            told = bool(sales.get("lastWeek", {}).get("change")) or _COMPLETE in self._shop_log.read_text()
            if told and not frame["catchingUp"]:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"the history never came: {sales}")
            await asyncio.sleep(1)

    async def _until_there_is_an_alert(self) -> str:
        known = {each["rule"]["key"] for each in (await self._ask(f"{_ALERTS}/ListAlertRules"))["records"]}
        for key, description, metric, value, severity in _RULES:
            if key not in known:
                condition = {"comparison": "THRESHOLD_COMPARISON_ABOVE", "value": value}
                rule = {"key": key, "description": description, "metric": metric, "threshold": condition}
                rule |= {"tenants": [TENANT], "severity": f"ALERT_SEVERITY_{severity}"}
                await self._ask(f"{_ALERTS}/CreateAlertRule", rule=rule)
        deadline = time.monotonic() + _HISTORY_SECONDS
        while len(alerts := (await self._ask(f"{_ALERTS}/ListAlerts"))["alerts"]) < len(_RULES):
            if time.monotonic() > deadline:
                raise TimeoutError("no alert was raised")
            await asyncio.sleep(1)
        alert: str = alerts[-1]["id"]
        await self._ask(f"{_ALERTS}/AcknowledgeAlert", alertId=alert, note="Vou olhar.")
        return str(alerts[0]["id"])

    async def _ask(self, method: str, **fields: Any) -> Any:
        answer = await self._http.post(f"/api/{method}", json={"environment": "production", **fields})
        assert answer.status_code == 200, f"{method}: {answer.text}"
        return answer.json()
