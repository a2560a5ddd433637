"""Flags in the dashboard: who may kill one there, and what that does elsewhere."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from playwright.async_api import Locator, Page, expect

from tests.e2e.browser.conftest import OpenPage
from tests.support.browser import Complaints
from tests.support.browser_world import FLAGS, Shop
from tests.support.eventually import eventually
from tests.support.flag_service_process import ENVIRONMENT
from tests.support.gateway_people import MARK
from tests.support.whole_mirante import WholeMirante

FLAG = "nova_ui_vendas"
KILL = "Matar a flag"


@asynccontextmanager
async def restored(mirante: WholeMirante, flag: str = FLAG) -> AsyncIterator[None]:
    """Restore a flag at the end of the block, if it was killed."""
    try:
        yield
    finally:
        if await kill_of(mirante, flag) is not None:
            await mirante.ask(f"{FLAGS}/RestoreFlag", flagKey=flag, reason="fim do teste")


async def kill_of(mirante: WholeMirante, flag: str = FLAG) -> Any:
    """Return who killed a flag and why; None when nobody has."""
    return (await mirante.ask(f"{FLAGS}/GetFlag", flagKey=flag))["record"]["flag"].get("kill")


async def log_in(page: Page, login: str, password: str) -> None:
    """Log in by the login page."""
    await page.get_by_label("Usuário").fill(login)
    await page.get_by_label("Senha").fill(password)
    await page.get_by_role("button", name="Entrar", exact=True).click()


async def test_a_kill_flips_the_backend_and_its_page(
    mirante: WholeMirante, shop: Shop, open_page: OpenPage, complaints: Complaints
) -> None:
    """From the login to what customers see: the backend answers the old way, and the open page shows the old list."""
    # A browser in which nobody has logged in asks whether somebody has.
    complaints.expect("status of 401.*/api/session")
    shop.sell("acme", "ana", "10")
    desk = await open_page(shop.url)
    await desk.get_by_label("Entrar como").select_option("ana")
    await expect(desk.locator(".new-list")).to_be_visible()
    assert shop.list_format("acme", "ana") == 2

    page = await open_page(f"{mirante.url}/flags?env=production")
    await log_in(page, "admin", mirante.password)
    await page.get_by_label("Buscar por chave ou descrição").fill("nova_ui")
    await page.get_by_role("link", name=FLAG).click()
    async with restored(mirante):
        await page.get_by_role("button", name=KILL).click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_role("button", name=KILL).click()
        await expect(dialog.get_by_text("Diga por quê.")).to_be_visible()
        assert shop.list_format("acme", "ana") == 2
        await dialog.get_by_label("Motivo").fill("erros no checkout")
        await dialog.get_by_role("button", name=KILL).click()
        await expect(dialog.locator(".delivery[data-complete=true]")).to_be_visible()
        # All who are connected have said that they evaluate with it.
        assert shop.list_format("acme", "ana") == 1
        await expect(desk.locator("table.classic")).to_be_visible()
        found = await kill_of(mirante)
        assert (found["by"], found["reason"]) == ("admin", "erros no checkout")

        await dialog.get_by_role("button", name="Fechar").last.click()
        await page.get_by_role("button", name="Restaurar").click()
        await dialog.get_by_label("Motivo").fill("corrigido")
        await dialog.get_by_role("button", name="Restaurar").click()
        await expect(page.get_by_role("button", name=KILL)).to_be_visible()
        await expect(desk.locator(".new-list")).to_be_visible()
        assert eventually(lambda: shop.list_format("acme", "ana") == 2)


async def test_a_flag_is_killed_by_keyboard_alone(
    mirante: WholeMirante, open_page: OpenPage, complaints: Complaints
) -> None:
    """Log in, walk to the flag, think twice, give a reason, and leave the dialog again, without a mouse."""
    complaints.expect("status of 401.*/api/session")
    flag = "relatorios_avancados"
    page = await open_page(f"{mirante.url}/?env=production")
    await walk_to(page, page.get_by_label("Usuário"))
    await page.keyboard.type("admin")
    await page.keyboard.press("Tab")
    await page.keyboard.type(mirante.password)
    await page.keyboard.press("Enter")
    await walk_to(page, page.get_by_role("link", name="Flags", exact=True))
    await page.keyboard.press("Enter")
    await walk_to(page, page.get_by_role("link", name=flag))
    await page.keyboard.press("Enter")
    kill, dialog = page.get_by_role("button", name=KILL), page.get_by_role("dialog")
    async with restored(mirante, flag):
        await walk_to(page, kill)
        await page.keyboard.press("Enter")
        reason = dialog.get_by_label("Motivo")
        await expect(reason).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
        await expect(kill).to_be_focused()
        assert await kill_of(mirante, flag) is None

        await page.keyboard.press("Enter")
        await expect(reason).to_be_focused()
        await page.keyboard.type("relatórios lentos")
        await walk_to(page, dialog.get_by_role("button", name=KILL))
        await page.keyboard.press("Enter")
        await expect(dialog.get_by_role("button", name="Fechar").last).to_be_focused()
        assert (await kill_of(mirante, flag))["reason"] == "relatórios lentos"
        await page.keyboard.press("Enter")
        await expect(dialog).to_have_count(0)
        await walk_to(page, page.get_by_role("button", name="Restaurar"))


async def walk_to(page: Page, wanted: Locator) -> None:
    """Press Tab until something has the focus."""
    await expect(wanted).to_be_visible()
    for _ in range(80):
        if await wanted.evaluate("(element) => element === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard never comes to {wanted}")


async def test_a_viewer_sees_flags_and_changes_none(
    mirante: WholeMirante, open_page: OpenPage, viewer: list[Any]
) -> None:
    """There is no button, and who does without the page is refused by the service."""
    page = await open_page(f"{mirante.url}/flags/flag/{FLAG}?env=production", cookies=viewer)
    await expect(page.get_by_role("heading", name=FLAG)).to_be_visible()
    await expect(page.get_by_text("Quem pergunta recebe o que as regras dizem.")).to_be_visible()
    for name in (KILL, "Restaurar", "Arquivar"):
        await expect(page.get_by_role("button", name=name)).to_have_count(0)
    await expect(page.get_by_role("switch")).to_have_count(0)
    cookies = {cookie["name"]: cookie["value"] for cookie in viewer}
    async with httpx.AsyncClient(base_url=mirante.url, cookies=cookies, headers=MARK) as http:
        document = {"environment": ENVIRONMENT, "flagKey": FLAG, "reason": "por que não?"}
        answer = await http.post(f"/api/{FLAGS}/KillFlag", json=document)
    assert answer.status_code == 403, answer.text
    assert await kill_of(mirante) is None
