"""A sale, from the client of Mirante in a backend to the screens of its company."""

import re
import time
from decimal import Decimal
from typing import Any

from playwright.async_api import Page, expect

from tests.e2e.browser.conftest import OpenPage
from tests.support.browser_world import Shop
from tests.support.sql_recount import Numbers, recounted
from tests.support.telemetry_events import sale
from tests.support.whole_mirante import WholeMirante

SALE: dict[str, Any] = {"moeda": "BRL", "itens_count": 1, "metodo_pagamento": "pix"}
REVENUE = "[data-metric=receita_hora] .metric-value"


async def open_desk(open_page: OpenPage, shop: Shop, user: str) -> Page:
    """Open the page of vendas, and come in as somebody."""
    page = await open_page(shop.url)
    await page.get_by_label("Entrar como").select_option(user)
    return page


def card_of_vendas(page: Page, title: str) -> Any:
    """Return the number of a card of the page of vendas."""
    return page.locator(".card", has=page.get_by_role("heading", name=title)).locator(".number")


async def test_a_sale_is_seen_by_its_company_and_by_nobody_else(
    mirante: WholeMirante, shop: Shop, open_page: OpenPage, admin: list[Any]
) -> None:
    """On the dashboard of its tenant and on its own page of vendas; another one sees only what was sold there."""
    ours = await open_page(f"{mirante.url}/?env=production&tenant=acme", cookies=admin)
    theirs = await open_page(f"{mirante.url}/?env=production&tenant=horizonte", cookies=admin)
    our_desk, their_desk = [await open_desk(open_page, shop, user) for user in ("ana", "carla")]
    # Whatever was sold before.
    before, others = await until_equal(mirante, ours, "acme"), await until_equal(mirante, theirs, "horizonte")
    for page in (our_desk, their_desk):
        await expect(page.get_by_text("ao vivo", exact=True)).to_be_visible()

    brought = before.get(("receita_hora", "BRL"), Decimal(0)) + shop.sell("acme", "ana", "1234.50")
    await expect(ours.locator(REVENUE)).to_have_text(in_reais(brought))
    await expect(card_of_vendas(our_desk, "Receita na última hora")).to_have_text(in_reais(brought))

    # What comes to the others later says that nothing of ours came before it.
    less = others.get(("receita_hora", "BRL"), Decimal(0)) + shop.sell("horizonte", "carla", "10")
    await expect(theirs.locator(REVENUE)).to_have_text(in_reais(less))
    await expect(card_of_vendas(their_desk, "Receita na última hora")).to_have_text(in_reais(less))
    sold = others["vendas_hora", ""] + 1
    await expect(theirs.locator("[data-metric=vendas_hora] .metric-value")).to_have_text(f"{sold}")
    await expect(ours.locator(REVENUE)).to_have_text(in_reais(brought))


async def test_the_four_cards_are_what_sql_counts(
    mirante: WholeMirante, shop: Shop, open_page: OpenPage, admin: list[Any]
) -> None:
    """Sales of two currencies, one cancelled, one sent twice, one that comes late, and people who only look."""
    page = await open_page(f"{mirante.url}/?env=production&tenant=ipe", cookies=admin)
    now_ms = time.time_ns() // 1_000_000
    twice = sale("ipe", "davi", venda_id="v-1", valor="0.10")
    late = sale("ipe", "eva", made_ms=now_ms - 30 * 60_000, venda_id="v-2", valor="1999.99")
    too_late = sale("ipe", "eva", made_ms=now_ms - 90 * 60_000, venda_id="v-3", valor="5000.00")
    await mirante.send(twice, late, too_late, sale("ipe", "fabio", venda_id="v-4", valor="12.30", moeda="USD"))
    await mirante.send(twice)
    shop.client.track("venda_criada", SALE | {"venda_id": "v-5", "valor": "0.20"}, user_id="gil", tenant="ipe")
    shop.client.track("venda_criada", SALE | {"venda_id": "v-6", "valor": "777.77"}, user_id="hugo", tenant="ipe")
    undone = {"venda_id": "v-6", "valor": "777.77", "moeda": "BRL"}
    shop.client.track("venda_cancelada", undone, user_id="hugo", tenant="ipe")
    shop.client.track("dashboard_acessado", user_id="iara", tenant="ipe")
    shop.client.track("pagina_vista", {"caminho": "/"}, anonymous_id="b-1", tenant="ipe")
    shop.client.flush(30)

    numbers = await until_equal(mirante, page, "ipe")
    assert numbers["vendas_hora", ""] == 4
    assert numbers["receita_hora", "BRL"] == Decimal("2000.29")
    assert numbers["receita_hora", "USD"] == Decimal("12.30")
    assert numbers["usuarios_online", ""] == 7
    await expect(page.locator(REVENUE)).to_have_text("R$\N{NO-BREAK SPACE}2.000,29")
    await expect(page.locator("[data-metric=receita_hora] [data-currency=USD]")).to_have_text(re.compile(r"12,30$"))
    rate = numbers["conversao_rate", ""]
    await expect(page.locator("[data-metric=conversao_rate] .metric-value")).to_contain_text(f"{rate * 100:.0f}")


async def until_equal(mirante: WholeMirante, page: Page, tenant: str) -> Numbers:
    """Return the numbers of the cards once they are those that SQL counts for the minute in progress."""
    deadline = time.monotonic() + 60
    while True:
        minute = int(time.time()) // 60
        counted = (await recounted(mirante.database_url, [tenant], minute))[tenant]
        shown = await cards_of(page)
        if shown == counted:
            return counted
        assert time.monotonic() < deadline, (shown, counted)
        await page.wait_for_timeout(50)


async def cards_of(page: Page) -> Numbers:
    """Return what the four cards say, from where they keep the decimal texts that they have drawn."""
    found = await page.evaluate("""
        [...document.querySelectorAll("[data-metric]")].flatMap((card) =>
            [...card.querySelectorAll("[data-value]")].map((each) =>
                [card.dataset.metric, each.dataset.currency ?? "", each.dataset.value]))
    """)
    numbers = {(metric, currency): Decimal(value) for metric, currency, value in found if value}
    # The first currency of a card is not named beside its number.
    if ("receita_hora", "") in numbers:
        first = numbers.pop(("receita_hora", ""))
        if first:
            numbers["receita_hora", "BRL"] = first
    return numbers


def in_reais(amount: Decimal) -> str:
    """Return money as people in Brazil write it."""
    whole, cents = f"{amount:,.2f}".split(".")
    return f"R$\N{NO-BREAK SPACE}{whole.replace(',', '.')},{cents}"
