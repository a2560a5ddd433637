"""Every page, on a desktop by day and on a phone by night: nothing is wider than the screen, and nobody is shut out."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browser.conftest import OpenPage
from tests.support.browser import DESKTOP, PHONE, Complaints, overflow_of, violations_of
from tests.support.browser_world import Shop
from tests.support.whole_mirante import WholeMirante

PAGES = (
    "/",
    "/?tenant=acme",
    "/analises",
    "/analises/painel/desempenho",
    "/analises/painel/negocio",
    "/analises/explorar",
    "/analises/explorar?q=%7B%22series%22:%7B%22selection%22:%7B%22event%22:%22venda_criada%22%7D%7D%7D",
    "/analises/relatorios",
    "/analises/cohorts",
    "/analises/sql",
    "/flags",
    "/flags/flag/nova_ui_vendas",
    "/flags/flag/nova_ui_vendas/regras",
    "/flags/flag/nova_ui_vendas/detalhes",
    "/flags/flag/nova_ui_vendas/avaliar",
    "/flags/flag/nova_ui_vendas/historico",
    "/flags/flag/nova_ui_vendas/promover",
    "/experimentos",
    "/experimentos/novo?flag=nova_ui_vendas",
    "/rollouts",
    "/rollouts?novo=nova_ui_vendas",
    "/programa",
    "/eventos",
    "/eventos/catalogo",
    "/eventos/catalogo/venda_criada",
    "/eventos/rejeitados",
    "/alertas",
    "/alertas/resolvidos",
    "/alertas/silencios",
    "/alertas/regras",
    "/alertas/webhooks",
    "/alertas/replay",
    "/nenhures",
)

LOOKS = pytest.mark.parametrize(
    "look",
    [{"viewport": DESKTOP, "theme": "light"}, {"viewport": PHONE, "theme": "dark"}],
    ids=["desktop by day", "phone by night"],
)


@LOOKS
async def test_no_page_of_the_dashboard_is_too_wide_or_shuts_anybody_out(
    mirante: WholeMirante, shop: Shop, open_page: OpenPage, admin: list[Any], look: dict[str, Any]
) -> None:
    """All of them with something on them; a browser's complaints about scripts and the content policy fail it too."""
    shop.sell("acme", "ana", "1234.50")
    page = await open_page("about:blank", cookies=admin, **look)
    wrong: dict[str, list[str]] = {}
    for path in PAGES:
        await page.goto(mirante.url + path)
        await drawn(page)
        wrong[path] = await faults_of(page)
    assert {path: found for path, found in wrong.items() if found} == {}


@LOOKS
async def test_neither_is_the_login_page_or_that_of_vendas(
    mirante: WholeMirante, shop: Shop, open_page: OpenPage, complaints: Complaints, look: dict[str, Any]
) -> None:
    """Where people come in, and the example."""
    complaints.expect("status of 401.*/api/session")
    page = await open_page(mirante.url, **look)
    await expect(page.get_by_label("Senha")).to_be_visible()
    wrong = {"login": await faults_of(page)}
    shop.sell("acme", "ana", "10")
    await page.goto(shop.url)
    await page.get_by_label("Entrar como").select_option("ana")
    await expect(page.locator(".new-list")).to_be_visible()
    await expect(page.get_by_text("ao vivo", exact=True)).to_be_visible()
    wrong["vendas"] = await faults_of(page)
    assert wrong == {"login": [], "vendas": []}


async def drawn(page: Page) -> None:
    """Return when a page has what it waits for."""
    await expect(page.locator("main h1, main .state, main .empty").first).to_be_visible()
    await expect(page.locator(".skeleton")).to_have_count(0)


async def faults_of(page: Page) -> list[str]:
    """Return what is wrong with how a page looks."""
    wider = await overflow_of(page)
    return ([f"{wider} px too wide"] if wider > 0 else []) + await violations_of(page)
