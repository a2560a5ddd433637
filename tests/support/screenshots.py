"""
Takes the pictures of `docs/screenshots`: `python -m tests.support.screenshots [FOLDER] [--home HOME]`.

Starts everything with the demo and its history in a temporary home, on free ports, and waits until there is something
to see. With `--home` it takes the pictures of a Mirante that runs already, whose gateway is at `--url`.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

import httpx
from playwright.async_api import Page, expect

from tests.support.browser import PHONE, Complaints, opened, running_browser
from tests.support.built_pages import built_pages
from tests.support.experiment_scene import ExperimentScene
from tests.support.gateway_people import MARK
from tests.support.running_up import free_port, running_up
from tests.support.screenshot_scene import TENANT, Scene

_ROOT: Final = Path(__file__).parents[2]
_SCREENS: Final = {"desktop": {"width": 1280, "height": 860}, "phone": PHONE}
_EVENTS_MS: Final = 120_000
_REPORTS_MS: Final = 120_000
_FUNNEL: Final = {
    "scope": {"last": {"count": 7, "unit": "CALENDAR_UNIT_DAY"}, "compare": True},
    "funnel": {
        "steps": [{"event": name} for name in ("login_sucesso", "botao_nova_venda_clicado", "venda_criada")],
        "window": "86400s",
    },
}
_THEMES: Final[Sequence[Literal["light", "dark"]]] = ("light", "dark")

_PAGES: Final[Mapping[str, str]] = {
    "overview": "/",
    "live": "/?tenant={tenant}",
    "board-journey": "/analises/painel/jornada",
    "board-adoption": "/analises/painel/adocao-de-recursos",
    "board-performance": "/analises/painel/desempenho",
    "board-business": "/analises/painel/negocio",
    "explore": "/analises/explorar?q={funnel}",
    "flags": "/flags",
    "flag": "/flags/flag/nova_ui_vendas",
    "flag-rules": "/flags/flag/multi_moeda/regras",
    "flag-evaluate": "/flags/flag/nova_ui_vendas/avaliar",
    "flag-history": "/flags/flag/nova_ui_vendas/historico",
    "experiments": "/experimentos",
    "experiment": "/experimentos/experimento/{experiment}",
    "experiment-design": "/experimentos/experimento/{draft}/editar",
    "rollouts": "/rollouts",
    "rollout": "/rollouts/plano/{rollout}",
    "rollout-breached": "/rollouts/plano/{breached}",
    "programme": "/programa",
    "events": "/eventos?tenant={tenant}",
    "catalogue": "/eventos/catalogo",
    "dead-letters": "/eventos/rejeitados",
    "alerts": "/alertas",
    "alert": "/alertas/alerta/{alert}",
    "alert-rules": "/alertas/regras",
}


async def take(url: str, home: Path, folder: Path) -> None:
    """Take all pictures of a dashboard whose Mirante has this home."""
    login = {"login": "admin", "password": (home / "admin_password").read_text().strip()}
    server_key = json.loads((home / "keys.json").read_text())["server"]
    async with httpx.AsyncClient(base_url=url, timeout=60, headers=MARK) as http:
        answer = (await http.post("/api/login", json=login)).raise_for_status()
        cookies: list[Any] = [{"name": name, "value": value, "url": url} for name, value in answer.cookies.items()]
        places = {"tenant": TENANT, "alert": await Scene(http, server_key, home).prepare()}
        places["funnel"] = quote(json.dumps(_FUNNEL))
        places |= await ExperimentScene(http, server_key, home).prepare()
    folder.mkdir(parents=True, exist_ok=True)
    complaints = Complaints()
    complaints.expect("status of 401.*/api/session")
    async with running_browser() as browser:
        for theme, (screen, viewport) in product(_THEMES, _SCREENS.items()):
            async with opened(browser, complaints, viewport=viewport, theme=theme) as page:
                await page.goto(url)
                await expect(page.get_by_label("Senha")).to_be_visible()
                await _shoot(page, folder / f"login-{theme}-{screen}.png")
                await page.context.add_cookies(cookies)
                for name, path in _PAGES.items():
                    await page.goto(url + path.format(**places))
                    await _drawn(page, path)
                    await _size(page, viewport["width"], await _height(page, path) or viewport["height"])
                    await _shoot(page, folder / f"{name}-{theme}-{screen}.png")
                    await _size(page, viewport["width"], viewport["height"])


async def _drawn(page: Page, path: str) -> None:
    """Return when nothing is missing on a page. Events come in when they do."""
    await expect(page.locator("main h1").first).to_be_visible()
    await expect(page.locator(".skeleton")).to_have_count(0, timeout=_REPORTS_MS)
    if path.endswith("/avaliar"):
        await page.get_by_role("button", name="Avaliar", exact=True).click()
        await expect(page.locator(".result-value")).to_be_visible()
    if path.endswith("/editar"):
        await page.get_by_role("button", name="Tamanho").click()
        await expect(page.locator("[data-plan]")).to_be_visible()
    if path == "/experimentos":
        await expect(page.locator("td", has_text="…")).to_have_count(0, timeout=_REPORTS_MS)
    if path.startswith("/eventos?"):
        await expect(page.locator(".tail > li").nth(8)).to_be_visible(timeout=_EVENTS_MS)


async def _height(page: Page, path: str) -> int:
    """Return how high the screen has to be for all of a page that tells one whole story; 0 for all others."""
    if not path.startswith(("/analises/painel", "/experimentos/", "/rollouts/", "/programa")):
        return 0
    height: int = await page.evaluate("document.documentElement.scrollHeight")
    return height


async def _size(page: Page, width: int, height: int) -> None:
    await page.set_viewport_size({"width": width, "height": height})


async def _shoot(page: Page, file: Path) -> None:
    await page.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame))")
    await page.screenshot(path=file, animations="disabled", caret="hide")
    sys.stdout.write(f"{file.name} {file.stat().st_size // 1024} kB\n")


def main() -> None:
    """Read the arguments, start what is to be seen, and take the pictures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, nargs="?", default=_ROOT / "docs/screenshots")
    parser.add_argument("--home", type=Path, help="of a Mirante that runs")
    parser.add_argument("--url", help="of its gateway")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        home, url = arguments.home, arguments.url
        if home is None:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mirante-screenshots-")))
            home, port = scratch / "home", free_port()
            environment = {
                "MIRANTE_DASHBOARD_DIR": str(built_pages(scratch).dashboard),
                "MIRANTE_HTTP_PORT": str(port),
                "MIRANTE_DEMO_HISTORY_DAYS": "35",
            }
            command = [str(Path(sys.executable).with_name("mirante")), "up"]
            stack.enter_context(running_up(command, home, environment=environment)).until("ready")
            url = f"http://127.0.0.1:{port}"
        asyncio.run(take(url, home, arguments.folder))


if __name__ == "__main__":
    main()
