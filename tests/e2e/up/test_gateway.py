"""The gateway that `mirante up` runs, and through it the numbers of a tenant of the demo."""

import asyncio
import json
import time
from typing import Any

import httpx
from mirante.telemetry.event_id import uuid7
from websockets.asyncio.client import connect

from tests.support.gateway_tokens import allow_browsers, backend
from tests.support.running_up import PATIENCE_SECONDS, RunningUp


def gateway_of(running: RunningUp) -> str:
    """Return host:port as the terminal says it."""
    (line,) = [line for line in running.lines if line.startswith("gateway")]
    return line.split()[1]


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
