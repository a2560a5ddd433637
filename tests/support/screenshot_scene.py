"""What is to be seen on pictures beside what the demo's shop does by itself: alerts, a killed flag, rejected events."""

import asyncio
import time
from typing import Any, Final

import httpx
from mirante.telemetry.event_id import uuid7

TENANT: Final = "demo-farmacia-24h"
"""Never closes: there is something to see at any time of the day."""

_ALERTS: Final = "mirante.api.metrics.v1.AlertService"
_FLAGS: Final = "mirante.api.flags.v1.FlagAdminService"
_LIVE: Final = "mirante.api.metrics.v1.LiveMetricsService"
_HISTORY_SECONDS: Final = 1_200.0
# The live number of the shop that never closes is always above, so that there is an alert to look at.
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
    """

    def __init__(self, http: httpx.AsyncClient, server_key: str) -> None:
        self._http = http
        self._server_key = server_key

    async def prepare(self) -> str:
        """Bring everything about that the pictures show; return the id of an alert."""
        await self._be_rejected()
        await self._until_the_history_is_there()
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
            properties = {"venda_id": "v-81", "valor": valor, "moeda": "BRL"}
            event: Any = {"id": str(uuid7()), "name": "venda_criada", "tenant": TENANT, "user_id": "caixa-3"}
            document = event | {"properties": properties if valor else {"moeda": "BRL"}}
            headers = {"Authorization": f"Bearer {self._server_key}"}
            (await self._http.post("/v1/events", json=document, headers=headers)).raise_for_status()

    async def _until_the_history_is_there(self) -> None:
        deadline = time.monotonic() + _HISTORY_SECONDS
        while True:
            frame = (await self._ask(f"{_LIVE}/GetLiveMetrics", tenant=TENANT))["frame"]
            sales: Any = {each["metric"]: each for each in frame["metrics"]}.get("vendas_hora", {})
            if sales.get("lastWeek", {}).get("change") and not frame["catchingUp"]:
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
