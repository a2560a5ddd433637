"""A rollout in the dashboard: made on the flag's page, led by a person, and stopped by a guard."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

from mirante import Mirante
from mirante.api.telemetry.v1 import event_pb2
from mirante.wire import value_to_proto
from playwright.async_api import Page, expect

from tests.e2e.browser.conftest import OpenPage
from tests.support.browser import violations_of
from tests.support.browser_world import FLAGS
from tests.support.telemetry_events import event_id
from tests.support.whole_mirante import WholeMirante

ROLLOUTS: Final = "mirante.api.flags.v1.RolloutService"
FLAG: Final = "pix_parcelado"
PEOPLE: Final = 40
BREACH_MS: Final = 120_000


async def test_a_plan_is_made_led_and_stopped_by_its_guard(
    mirante: WholeMirante, open_page: OpenPage, admin: list[Any]
) -> None:
    """What a person does there is done, and a breach stands on the page with its evidence until somebody resumes."""
    await _flag(mirante)
    page = await open_page(f"{mirante.url}/flags/flag/{FLAG}?env=production", cookies=admin)
    await page.get_by_role("link", name="Novo plano").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("Variante que chega a todos")).to_have_value("on")
    await expect(dialog.get_by_role("group", name="Etapa 4")).to_be_visible()
    await dialog.get_by_role("group", name="Etapa 2").get_by_label("precisa de aprovação").check()
    await dialog.get_by_label("Parcela da etapa 2").fill("50")
    await dialog.get_by_role("button", name="Remover a etapa 3").click()
    await dialog.get_by_role("button", name="Acrescentar proteção").click()
    await dialog.get_by_label("Nome da proteção 1").fill("erros")
    await dialog.get_by_label("Eventos, erros").fill("erro_frontend")
    await dialog.get_by_label("Eventos, erros").press("Enter")
    await dialog.get_by_role("button", name="Criar rascunho").click()
    await expect(page.get_by_text("Rascunho", exact=True)).to_be_visible()

    await _do(page, "Começar")
    current = page.locator("[data-standing=current]")
    await expect(current).to_contain_text("10% de todos")
    await _do(page, "Aprovar a etapa 2")
    await _do(page, "Ir à etapa 2")
    await expect(current).to_contain_text("50% de todos")
    await _do(page, "Pausar")
    await expect(page.get_by_text("Pausado", exact=True).first).to_be_visible()
    await _do(page, "Retomar")
    await expect(page.get_by_text("Em andamento", exact=True)).to_be_visible()
    record = (await mirante.ask(f"{ROLLOUTS}/ListRollouts", flagKey=FLAG))["rollouts"][0]
    assert (record["state"], record["stage"], record["approvedStage"]) == ("ROLLOUT_STATE_RUNNING", 2, 2)
    assert record["plan"]["guards"][0]["tripwire"]["events"] == ["erro_frontend"]

    async with _traffic(mirante):
        await expect(page.get_by_text("A proteção erros quebrou")).to_be_visible(timeout=BREACH_MS)
    await expect(page.locator("[data-action=ROLLOUT_ACTION_BREACH]")).to_be_visible()
    assert await violations_of(page) == []
    assert (await mirante.ask(f"{FLAGS}/GetFlag", flagKey=FLAG))["record"]["flag"]["kill"]
    await page.get_by_role("button", name="Retomar").click()
    await dialog.get_by_role("button", name="Retomar").click()
    await expect(dialog.get_by_text("Diga por quê.")).to_be_visible()
    await dialog.get_by_label("Motivo").fill("corrigido na versão 4.2.1")
    await dialog.get_by_role("button", name="Retomar").click()
    await expect(page.get_by_text("Em andamento", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Voltar atrás").click()
    await dialog.get_by_label("Como antes do plano").check()
    await dialog.get_by_label("Motivo").fill("fim do teste")
    await dialog.get_by_role("button", name="Voltar atrás").click()
    await expect(page.get_by_text("Revertido", exact=True).first).to_be_visible()


async def _do(page: Page, deed: str) -> None:
    """Press a button, and the same one in the dialog that asks once more."""
    await page.get_by_role("button", name=deed).click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name=deed).click()
    await expect(dialog).to_have_count(0)


async def _flag(mirante: WholeMirante) -> None:
    variants = [{"name": name, "value": {"boolValue": name == "on"}} for name in ("on", "off")]
    flag = {"key": FLAG, "type": "FLAG_TYPE_BOOL", "variants": variants, "on": True, "offVariant": "off"}
    await mirante.ask(f"{FLAGS}/CreateFlag", flag={**flag, "fallthrough": {"variant": "off"}})


@contextlib.asynccontextmanager
async def _traffic(mirante: WholeMirante) -> AsyncIterator[None]:
    """Let people use the feature for the time of the block; whoever has it meets an error."""
    task = asyncio.create_task(_use_for_ever(mirante))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _use_for_ever(mirante: WholeMirante) -> None:
    with Mirante(mirante.flags.address, api_key=mirante.keys["server"]) as client:
        await asyncio.to_thread(client.wait_until_ready, 60)
        while True:
            events = []
            for number in range(PEOPLE):
                user = f"pix-{number}"
                given = client.details(FLAG, {"targeting_key": user}, default=False)
                told = {"flag": FLAG, "variant": given.variant, "version": given.flag_version}
                told |= {"reason": given.reason.value, "rule_id": given.rule_id}
                events.append(_event("flag_exposta", user, told))
                if given.value:
                    events.append(_event("erro_frontend", user, {"tipo": "TypeError", "mensagem": "x"}))
            await mirante.send(*events)
            await asyncio.sleep(0.3)


def _event(name: str, user: str, properties: dict[str, Any]) -> event_pb2.Event:
    event = event_pb2.Event(id=event_id(), name=name, tenant="acme", user_id=user)
    event.occurred_at.GetCurrentTime()
    for key, value in properties.items():
        event.properties[key].CopyFrom(value_to_proto(value))
    return event
