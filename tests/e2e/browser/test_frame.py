"""What all pages of the dashboard share: language, theme, sessions, and the banner of a lost connection."""

import re
from typing import Any

from playwright.async_api import expect

from tests.e2e.browser.conftest import OpenPage
from tests.support.browser import PHONE, Complaints, violations_of
from tests.support.browser_world import cookies_of
from tests.support.whole_mirante import WholeMirante

ACCOUNT = "Conta e preferências"


async def test_language_and_theme_are_chosen_and_kept(
    mirante: WholeMirante, open_page: OpenPage, admin: list[Any]
) -> None:
    """Portuguese until somebody switches; the page says its language, and is drawn dark at once and after a reload."""
    page = await open_page(f"{mirante.url}/?env=production", cookies=admin)
    background = "getComputedStyle(document.body).backgroundColor"
    await expect(page.get_by_role("link", name="Ao vivo")).to_be_visible()
    assert await page.evaluate("document.documentElement.lang") == "pt-BR"
    light = await page.evaluate(background)
    await page.get_by_role("button", name=ACCOUNT).click()
    await page.get_by_role("button", name="Escuro").click()
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("link", name="Live")).to_be_visible()
    dark = await page.evaluate(background)
    assert brightness(dark) < 80
    assert brightness(light) > 200
    await page.reload()
    await expect(page.get_by_role("link", name="Live")).to_be_visible()
    await expect(page).to_have_title(re.compile("Live"))
    assert await page.evaluate("document.documentElement.lang") == "en"
    assert await page.evaluate(background) == dark


async def test_on_a_phone_the_pages_that_the_menu_has_no_room_for_stand_behind_a_button(
    mirante: WholeMirante, open_page: OpenPage, admin: list[Any]
) -> None:
    """It opens and closes them, says that one of them is shown, and is not there where all have room."""
    page = await open_page(f"{mirante.url}/?env=production", cookies=admin, viewport=PHONE)
    more, rollouts = page.get_by_role("button", name="Mais"), page.get_by_role("link", name="Rollouts")
    await expect(page.get_by_role("link", name="Alertas")).to_be_visible()
    await expect(rollouts).to_be_hidden()
    await more.click()
    await expect(rollouts).to_be_visible()
    await expect(more).to_have_attribute("aria-expanded", "true")
    assert await violations_of(page) == []
    await page.keyboard.press("Escape")
    await expect(rollouts).to_be_hidden()
    await more.click()
    await rollouts.click()
    await expect(page.get_by_role("heading", name="Rollouts")).to_be_visible()
    await expect(rollouts).to_be_hidden()
    await page.set_viewport_size({"width": 1280, "height": 900})
    await expect(rollouts).to_be_visible()
    await expect(more).to_be_hidden()


def brightness(colour: str) -> int:
    """Return the brightest part of "rgb(1, 2, 3)"."""
    return max(int(part) for part in re.findall(r"\d+", colour)[:3])


async def test_who_logs_out_is_out(mirante: WholeMirante, open_page: OpenPage, complaints: Complaints) -> None:
    """The login page comes, also for who goes back."""
    complaints.expect("status of 401")
    cookies = await cookies_of(mirante, "admin", mirante.password)
    page = await open_page(f"{mirante.url}/?env=production", cookies=cookies)
    await page.get_by_role("button", name=ACCOUNT).click()
    await page.get_by_role("button", name="Sair").click()
    await expect(page.get_by_role("heading", name="Entrar no Mirante")).to_be_visible()
    await page.goto(f"{mirante.url}/flags?env=production")
    await expect(page.get_by_role("heading", name="Entrar no Mirante")).to_be_visible()
    await page.get_by_label("Usuário").fill("admin")
    await page.get_by_label("Senha").fill("not this one")
    await page.get_by_role("button", name="Entrar", exact=True).click()
    await expect(page.get_by_role("alert")).to_have_text("Usuário ou senha não conferem.")


async def test_a_banner_tells_of_a_gateway_that_is_gone(
    mirante: WholeMirante, open_page: OpenPage, admin: list[Any], complaints: Complaints
) -> None:
    """The last numbers stay below it; it goes when the gateway is back, and the numbers move again."""
    complaints.expect("net::ERR_|status of 50[0-9]")
    page = await open_page(f"{mirante.url}/?env=production&tenant=acme", cookies=admin)
    sales = page.locator("[data-metric=vendas_hora] .metric-value")
    await expect(sales).to_be_visible()
    banner = page.get_by_text("Conexão perdida. Reconectando…")
    await expect(banner).to_have_count(0)
    mirante.gateway.kill()
    try:
        await expect(banner).to_be_visible()
        await expect(sales).to_be_visible()
        await expect(page.get_by_text(re.compile("^parado desde"))).to_be_visible()
    finally:
        mirante.gateway.start()
        await mirante.gateway.serving()
    await expect(banner).to_have_count(0)
    await expect(page.get_by_text(re.compile("^atualizado às"))).to_be_visible()
