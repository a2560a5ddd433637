"""An experiment in the dashboard: from its design to the verdict and to the plan that ships the winner."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from mirante.api.telemetry.v1 import event_pb2
from mirante.wire import value_to_proto
from playwright.async_api import Locator, Page, expect

from tests.e2e.browser.conftest import OpenPage
from tests.support.browser import fits, violations_of
from tests.support.browser_world import FLAGS
from tests.support.serving import eventually
from tests.support.telemetry_events import event_id
from tests.support.whole_mirante import WholeMirante

EXPERIMENTS: Final = "mirante.api.metrics.v1.ExperimentService"
KEY: Final = "botao_comprar"
ARMS: Final = ("control", "novo")
PEOPLE: Final = 300
SOLD: Final = {"control": 30, "novo": 90}
ERRORS: Final = 15
VERDICT_MS: Final = 120_000


async def test_from_the_design_to_the_plan_that_ships_the_winner(
    mirante: WholeMirante, open_page: OpenPage, admin: list[Any]
) -> None:
    """The wizard stores what was written, the page says what the service says, and deciding begins a rollout."""
    await _flag(mirante)
    await _send(mirante, _past())
    await _store_answers(mirante)
    page = await open_page(f"{mirante.url}/experimentos?env=production", cookies=admin)
    await page.get_by_role("link", name="Novo experimento").click()
    await _design(mirante, page)
    await expect(page.get_by_role("heading", name=KEY)).to_be_visible()
    stored = (await mirante.ask(f"{EXPERIMENTS}/GetExperiment", experimentKey=KEY))["record"]["experiment"]
    assert [arm["variant"] for arm in stored["arms"]] == list(ARMS)
    assert stored["primary"]["proportion"]["event"] == "venda_visualizada"
    assert (stored["primary"]["window"], stored["guardrails"][0]["margin"]) == ("1s", 0.2)
    assert (stored["rules"]["minimumEffect"], stored["rules"]["minimumDays"]) == (0.05, 0)
    assert int(stored["rules"]["plannedUnits"]) > 0

    await page.get_by_role("button", name="Começar").click()
    await page.get_by_role("dialog").get_by_role("button", name="Começar").click()
    await expect(page.get_by_text("Rodando", exact=True).first).to_be_visible()
    await _send(mirante, await _present(mirante))
    verdict = page.locator("[data-verdict=VERDICT_KIND_SHIP]")
    await expect(verdict).to_have_attribute("data-winner", "novo", timeout=VERDICT_MS)
    results = (await mirante.ask(f"{EXPERIMENTS}/GetResults", experimentKey=KEY))["results"]
    reason = results["verdict"]["arms"][0]["reasons"][0]["text"]
    await expect(verdict.get_by_text(reason)).to_be_visible()
    primary = page.locator("[data-metric=principal]")
    await expect(primary.get_by_role("row", name="control")).to_contain_text("10%")
    await expect(primary.get_by_role("row", name="novo")).to_contain_text("+20 p.p.")
    await expect(primary.locator("[data-variant=novo]").get_by_role("img")).to_be_visible()
    await expect(page.get_by_text("Exploratório")).to_be_visible()
    assert await violations_of(page) == []
    await page.set_viewport_size({"width": 390, "height": 844})
    await fits(page)
    await page.set_viewport_size({"width": 1280, "height": 900})

    await page.get_by_role("button", name="Decidir").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("Variante", exact=True)).to_have_value("novo")
    await dialog.get_by_label("Li o veredito").check()
    await dialog.get_by_role("button", name="Lançar").click()
    await expect(page.get_by_text("Lançada: novo")).to_be_visible()
    await page.get_by_role("tab", name="Relatório").click()
    await expect(page.locator("article").get_by_text("todos ficam com “novo”")).to_be_visible()
    await page.get_by_role("tab", name="Resultado").click()
    await page.get_by_role("link", name="Ver o plano de rollout").click()
    await expect(page.locator(".timeline > li")).to_have_count(4)
    await expect(page.get_by_text(f"Veio do experimento {KEY}")).to_be_visible()


async def _store_answers(mirante: WholeMirante) -> None:
    """Wait for the analytics store of a metrics service that was just started: plans are made from it."""
    async with asyncio.timeout(60):
        while True:
            found = await mirante.ask("mirante.api.metrics.v1.AnalyticsStoreService/GetAnalyticsStore")
            if "answering" in found.get("store", {}):
                return
            await asyncio.sleep(0.2)


async def _design(mirante: WholeMirante, page: Page) -> None:
    """Go through the wizard."""
    forward = page.get_by_role("button", name="Continuar")
    await page.get_by_label("Hipótese").fill("Um botão que diz comprar vende mais")
    await page.get_by_label("Flag", exact=True).select_option(KEY)
    await expect(page.get_by_label("Chave", exact=True)).to_have_value(KEY)
    await expect(page.get_by_label("control participa")).to_be_checked()
    await forward.click()
    await expect(page.get_by_role("heading", name="Público")).to_be_focused()
    await forward.click()
    await _measure(page.get_by_role("group", name="Métrica principal"), "venda_visualizada")
    await page.get_by_role("button", name="Acrescentar proteção").click()
    guardrail = page.get_by_role("group", name="Métrica protecao")
    await _measure(guardrail, "erro_frontend")
    await guardrail.get_by_label("Margem aceita").fill("0,2")
    await forward.click()

    await eventually(lambda: _has_a_past(mirante))
    await page.get_by_label("Efeito mínimo").fill("0,05")
    plan = page.locator("[data-plan]")
    await expect(plan).to_contain_text("Para achar o efeito mínimo com poder de 80%")
    needed = await plan.get_attribute("data-plan")
    await plan.get_by_role("button").click()
    await expect(page.get_by_label("Unidades por variante", exact=True)).to_have_value(str(needed))
    await page.get_by_label("Tamanho planejado por variante").press("ArrowRight")
    await expect(page.get_by_label("Unidades por variante", exact=True)).not_to_have_value(str(needed))
    await page.get_by_label("Como se testa").select_option("DECISION_METHOD_ALWAYS_VALID")
    await page.get_by_label("Mínimo por variante").fill("100")
    await page.get_by_label("Mínimo de dias completos").fill("0")
    await forward.click()
    await expect(page.get_by_text("Quem teve venda_visualizada em 1 s")).to_be_visible()
    await page.get_by_role("button", name="Salvar rascunho").click()


async def _measure(metric: Locator, event: str) -> None:
    """Write what a metric is over."""
    await metric.get_by_label("Evento").fill(event)
    await metric.get_by_label("Unidade de tempo").select_option("1")
    await metric.get_by_label("Quanto").fill("1")


async def _has_a_past(mirante: WholeMirante) -> bool:
    """Return whether the store knows what people did before."""
    metric = {"key": "principal", "proportion": {"event": "venda_visualizada"}, "window": "1s"}
    arms = [{"variant": arm, "weight": 1} for arm in ARMS]
    design = {"key": KEY, "hypothesis": "-", "flagKey": KEY, "control": ARMS[0], "arms": arms, "primary": metric}
    plan = (await mirante.ask(f"{EXPERIMENTS}/PlanExperiment", experiment=design))["plan"]
    return bool(plan["primary"].get("baseline"))


async def _flag(mirante: WholeMirante) -> None:
    variants = [{"name": arm, "value": {"stringValue": arm}} for arm in ARMS]
    flag = {"key": KEY, "type": "FLAG_TYPE_STRING", "variants": variants, "on": True, "offVariant": ARMS[0]}
    await mirante.ask(f"{FLAGS}/CreateFlag", flag={**flag, "fallthrough": {"variant": ARMS[0]}})


def _past() -> Iterator[event_pb2.Event]:
    """Yield what people did in the last days, one in five of whom bought at once."""
    for person in range(200):
        user, seen = f"antes-{person}", datetime.now(UTC) - timedelta(days=1 + person % 6)
        yield _event("login_sucesso", user, seen, {})
        if person % 5 == 0:
            yield _event("venda_visualizada", user, seen + timedelta(milliseconds=20), {"venda_id": f"v-{user}"})


async def _present(mirante: WholeMirante) -> list[event_pb2.Event]:
    """Return who saw which variant and who bought then, once that lies behind."""
    record = (await mirante.ask(f"{EXPERIMENTS}/GetExperiment", experimentKey=KEY))["record"]
    started = datetime.fromisoformat(record["startedAt"])

    async def is_over() -> bool:
        await asyncio.sleep(0.05)
        return datetime.now(UTC) > started + timedelta(seconds=0.5)

    await eventually(is_over)
    events = []
    for arm in ARMS:
        for person in range(PEOPLE):
            user, seen = f"{arm}-{person}", started + timedelta(milliseconds=100 + person)
            told = {"flag": KEY, "variant": arm, "version": 2, "reason": "SPLIT", "rule_id": "", "experiment": ""}
            events.append(_event("flag_exposta", user, seen, told))
            if person < ERRORS:
                seen_error = {"tipo": "TypeError", "mensagem": "x"}
                events.append(_event("erro_frontend", user, seen + timedelta(milliseconds=10), seen_error))
            if person < SOLD[arm]:
                events.append(
                    _event("venda_visualizada", user, seen + timedelta(milliseconds=20), {"venda_id": f"v-{user}"})
                )
    return events


async def _send(mirante: WholeMirante, events: Iterator[event_pb2.Event] | list[event_pb2.Event]) -> None:
    assert set(await mirante.send(*events)) == {"ACCEPTED"}


def _event(name: str, user: str, at: datetime, properties: dict[str, Any]) -> event_pb2.Event:
    event = event_pb2.Event(id=event_id(), name=name, tenant="acme", user_id=user)
    event.occurred_at.FromDatetime(at)
    for key, value in properties.items():
        event.properties[key].CopyFrom(value_to_proto(value))
    return event
