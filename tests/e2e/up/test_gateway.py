"""The gateway that `mirante up` runs, and through it the numbers of a tenant of the demo."""

import asyncio
import json
import time
from typing import Any

import httpx
from mirante.telemetry.event_id import uuid7
from websockets.asyncio.client import connect

from tests.support.gateway_people import Browser
from tests.support.gateway_tokens import allow_browsers, backend
from tests.support.running_up import PATIENCE_SECONDS, RunningUp


def gateway_of(running: RunningUp) -> str:
    """Return host:port as the terminal says it."""
    (line,) = [line for line in running.lines if line.startswith("dashboard")]
    return line.split()[1].removeprefix("http://")


def test_flags_are_answered_over_http(running: RunningUp) -> None:
    """As soon as everything is said to be ready."""
    keys = json.loads((running.home / "keys.json").read_text())
    with httpx.Client(base_url=f"http://{gateway_of(running)}") as http:
        found = http.post(
            "/ofrep/v1/evaluate/flags/nova_ui_vendas",
            json={"context": {"targetingKey": "ana"}},
            headers={"x-api-key": keys["server"]},
        )
        assert (found.status_code, found.json()["key"]) == (200, "nova_ui_vendas")
        assert http.get("/healthz").status_code == 200


async def test_a_sale_of_a_browser_changes_the_numbers_of_its_tenant(running: RunningUp) -> None:
    """From the page's event through the log and the metrics service to the page's socket."""
    address, tenant = gateway_of(running), f"loja-{time.time_ns()}"
    keys = json.loads((running.home / "keys.json").read_text())
    key, tokens = keys["browser"], backend()
    await allow_browsers(running.address, keys["admin"], tokens)
    token = tokens.mint(environment="production", tenant=tenant, user="ana")
    sale = {
        "id": str(uuid7()),
        "name": "venda_criada",
        "properties": {
            "venda_id": "v1", "valor": "150.00", "moeda": "BRL", "itens_count": 2, "metodo_pagamento": "pix",
        },
    }  # fmt: skip
    async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient(base_url=f"http://{address}") as http:
        while True:  # gateways look every second
            sent = await http.post("/v1/events", json={"key": key, "token": token, "events": [sale]})
            if sent.status_code == 200:
                break
            assert sent.json()["reason"] == "INVALID_TOKEN"
            await asyncio.sleep(0.1)
        assert sent.json()["results"] == [{"status": "accepted"}]
        async with connect(f"ws://{address}/ws/metrics") as socket:
            await socket.send(json.dumps({"type": "hello", "key": key, "token": token}))
            found: dict[str, Any] = {}
            while (found.get("vendas_hora"), found.get("receita_hora")) != ("1", "150.00"):
                message = json.loads(await socket.recv())
                assert message.get("tenant", tenant) == tenant
                found |= {each["metric"]: each["value"] for each in message.get("metrics", [])}


async def test_the_first_admin_watches_what_happens(running: RunningUp) -> None:
    """Through the JSON API, with the password of the first start: the tail of events and the numbers of a tenant."""
    address, tenant = gateway_of(running), f"loja-{time.time_ns()}"
    keys = json.loads((running.home / "keys.json").read_text())
    password = (running.home / "admin_password").read_text().strip()
    sale = {"id": str(uuid7()), "name": "venda_criada", "tenant": tenant, "user_id": "ana"} | {
        "properties": {"venda_id": "v1", "valor": "99.90", "moeda": "BRL", "itens_count": 1, "metodo_pagamento": "pix"}
    }
    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=PATIENCE_SECONDS) as http:
        admin = Browser(http)
        assert (await admin.log_in("admin", password)).json()["person"]["role"] == "admin"
        asked = {"environment": "production", "tenant": tenant}
        async with admin.stream("mirante.api.telemetry.v1.EventLogService/TailEvents", asked) as tail:
            sent = await http.post("/v1/events", json=[sale], headers={"x-api-key": keys["server"]})
            assert sent.json()["results"] == [{"status": "accepted"}]
            while not (found := (await tail.next())[1])["events"]:
                pass
        event = found["events"][0]["event"]
        assert (event["name"], event["properties"]["valor"]) == ("venda_criada", {"stringValue": "99.90"})
        watched = {"environment": "production", "tenants": [tenant]}
        async with admin.stream("mirante.api.metrics.v1.LiveMetricsService/WatchLiveMetrics", watched) as live:
            numbers: dict[str, str] = {}
            while numbers.get("receita_hora") != "99.90":
                name, message = await live.next()
                assert name == "message"
                for frame in message["frames"]:
                    numbers |= {each["metric"]: each["value"] for each in frame["metrics"]}
