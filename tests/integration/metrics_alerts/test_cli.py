"""`mirante alerts` against a running service."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.cli.app import app
from tests.support.metrics_serving import MetricsServing, metrics_serving
from tests.support.serving import Datastores, eventually
from tests.support.telemetry_events import sale
from tests.support.webhook_receiver import webhook_receiver

Mirante = Callable[..., Awaitable[Result]]


@pytest.fixture
async def serving(stores: Datastores) -> AsyncIterator[MetricsServing]:
    """Yield a running service that may tell this machine."""
    async with metrics_serving(stores, private_addresses=True) as running:
        yield running


@pytest.fixture
def mirante(serving: MetricsServing, tmp_path: Path) -> Mirante:
    """Run the command line against the service, as an admin."""
    environment = {
        "MIRANTE_METRICS_ADDRESS": f"127.0.0.1:{serving.port}",
        "MIRANTE_API_KEY": "secret of admin",
        "MIRANTE_HOME": str(tmp_path),
        "TZ": "America/Sao_Paulo",
    }

    async def run(*arguments: str) -> Result:
        call = ["alerts", *arguments]
        return await asyncio.to_thread(CliRunner().invoke, app, call, env=environment, catch_exceptions=False)

    return run


async def told(mirante: Mirante, *arguments: str) -> Any:
    """Return what a command says to programs."""
    result = await mirante(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


async def test_from_a_rule_to_a_resolved_alert(serving: MetricsServing, mirante: Mirante) -> None:
    """Made, seen, taken care of, closed; and who did it."""
    made = await told(
        mirante, "rules", "set", "pico", "--metric", "vendas_hora", "--above", "1", "--severity", "critical"
    )
    assert (made["version"], made["rule"]["threshold"]["value"]) == (1, "1")
    await serving.telemetry.send(sale(venda_id="a"), sale(venda_id="b"))

    async def opened() -> bool:
        return bool((await told(mirante, "list", "--rule", "pico"))["alerts"])

    await eventually(opened)
    (alert,) = (await told(mirante, "list", "--rule", "pico"))["alerts"]
    assert (alert["tenant"], alert["state"], alert["observed"]) == ("acme", "open", "2")
    assert "vendas_hora of acme is 2, above 1" in (await mirante("show", alert["id"])).stdout
    taken = await told(mirante, "ack", alert["id"], "--note", "vendo")
    assert (taken["state"], taken["notes"][0]["text"]) == ("acknowledged", "vendo")
    assert "acknowledged" in (await mirante("resolve", alert["id"])).stdout
    assert (await told(mirante, "list"))["alerts"] == []
    assert [each["id"] for each in (await told(mirante, "list", "--all"))["alerts"]] == [alert["id"]]
    actions = [each["action"] for each in (await told(mirante, "changes"))["changes"]]
    assert actions == ["alert.resolve", "alert.acknowledge", "rule.create"]
    before = int(time.time() - 3 * 3600) * 1000
    await serving.telemetry.send(sale(venda_id="c", made_ms=before), sale(venda_id="d", made_ms=before))

    async def replayed() -> bool:
        return bool((await told(mirante, "replay", "pico", "--from", "1d"))["alerts"])

    await eventually(replayed)
    found = await told(mirante, "replay", "pico", "--from", "1d")
    assert [(each["tenant"], each["state"]) for each in found["alerts"]] == [("acme", "resolved")]
    assert (found["judged_hours"], found["tenants"], found["truncated"]) == (24, 1, False)


async def test_rules_are_changed_by_what_is_named(mirante: Mirante) -> None:
    """The rest stays; the history tells."""
    assert "vendas_hora" in (await mirante("rules", "list")).stdout
    changed = await told(mirante, "rules", "set", "vendas", "--sensitivity", "high", "--comment", "mais cedo")
    assert changed["rule"]["anomaly"]["sensitivity"] == "high"
    assert changed["rule"]["anomaly"]["minimum_share"] == 0.2
    await told(mirante, "rules", "disable", "vendas")
    assert (await told(mirante, "rules", "enable", "vendas"))["version"] == 4
    await told(mirante, "rules", "delete", "vendas", "--yes")
    versions = (await told(mirante, "rules", "history", "vendas"))["versions"]
    assert [(each["version"], each["deleted"], each["comment"]) for each in versions][-2:] == [
        (2, False, "mais cedo"),
        (1, False, ""),
    ]
    wrong = await mirante("rules", "set", "x", "--metric", "nada", "--above", "1", "--below", "2")
    assert wrong.exit_code == 2
    refused = await mirante("rules", "set", "x", "--metric", "nada", "--above", "1")
    assert (refused.exit_code, "rule.metric" in refused.stderr) == (1, True)


async def test_silences_and_webhooks(mirante: Mirante) -> None:
    """A secret is shown once; a test that fails is a refusal."""
    silence = await told(mirante, "silence", "add", "--tenant", "acme", "--for", "2h", "--reason", "migração")
    assert "migração" in (await mirante("silence", "list")).stdout
    await told(mirante, "silence", "end", silence["id"])
    assert (await told(mirante, "silence", "list"))["silences"] == []
    async with webhook_receiver() as receiver:
        created = await told(mirante, "webhooks", "create", receiver.url, "--event", "opened")
        webhook = created["webhook"]["id"]
        receiver.answers = [500]
        assert (await mirante("webhooks", "test", webhook)).exit_code == 1
        assert (await told(mirante, "webhooks", "test", webhook))["state"] == "delivered"
        assert receiver.messages[-1].is_signed_with(created["secret"])
        deliveries = (await told(mirante, "webhooks", "deliveries"))["deliveries"]
        assert [each["state"] for each in deliveries] == ["delivered", "failed"]
        assert created["secret"] not in (await mirante("webhooks", "list")).stdout
        assert (await told(mirante, "webhooks", "update", webhook, "--disable"))["disabled"] is True
        await told(mirante, "webhooks", "delete", webhook, "--yes")
        assert (await told(mirante, "webhooks", "list"))["webhooks"] == []
