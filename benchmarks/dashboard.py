"""
How long does the dashboard take from an address to the first number on screen?

`mirante up` with its demo, a day of history and the built dashboard (`make run` builds it), and a real Chromium on the
same machine. Cold is a browser that has never been there, logged in; warm has its files cached. Milliseconds from the
beginning of the navigation until the first card of a tenant, or the first row of all tenants, shows a number.
"""

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
from playwright.async_api import Browser, async_playwright

from benchmarks.measuring import median, report, spread
from benchmarks.services_under_test import free_port
from services.cli.up.processes import SERVICES

ROOT = Path(__file__).parents[1]
FILL_SECONDS = 60.0
"""For the history of a day to come in, and for the machine to be still."""
PAGES = {"all tenants": ("/", "table td"), "one tenant": ("/?tenant=TENANT", ".metric-value[data-value]")}
_WATCH = """
const look = () => {
  const shown = [...document.querySelectorAll("SELECTOR")].some(each => /[0-9]/.test(each.textContent));
  if (shown) window.shownAt = performance.now(); else requestAnimationFrame(look);
};
look();
"""


@contextmanager
def _up(home: Path, port: int) -> Iterator[None]:
    environment = {
        **os.environ,
        **{service.port_variable: str(free_port()) for service in SERVICES if service.serves},
        "MIRANTE_HOME": str(home),
        "MIRANTE_HTTP_PORT": str(port),
        "MIRANTE_DEMO_HISTORY_DAYS": "1",
        "MIRANTE_DASHBOARD_DIR": str(ROOT / "clients/dashboard/dist"),
    }
    command = [str(Path(sys.executable).parent / "mirante"), "up"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


async def _cookies(url: str, home: Path) -> list[dict[str, str]]:
    """Return those of the admin, once everything serves."""
    async with asyncio.timeout(180), httpx.AsyncClient(base_url=url) as http:
        while True:
            try:
                if (await http.get("/readyz")).status_code == 200 and (home / "admin_password").exists():
                    break
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.5)
        answer = await http.post(
            "/api/login",
            json={"login": "admin", "password": (home / "admin_password").read_text().strip()},
            headers={"X-Mirante-Request": "1"},
        )
        answer.raise_for_status()
        return [{"name": name, "value": value, "url": url} for name, value in http.cookies.items()]


def _browser_path() -> str:
    return subprocess.run([ROOT / "scripts/browser.sh"], capture_output=True, text=True, check=True).stdout.strip()


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=_browser_path(), args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        await browser.close()


async def _measured(url: str, home: Path, rounds: int) -> dict[str, object]:
    cookies = await _cookies(url, home)
    await asyncio.sleep(FILL_SECONDS)
    found: dict[str, list[float]] = {}
    async with _browser() as browser:
        tenant = ""
        for number in range(rounds + 1):
            for name, (path, selector) in PAGES.items():
                context = await browser.new_context()
                await context.add_cookies(cookies)  # type: ignore[arg-type]  # what it takes
                for visit in ("cold", "warm"):
                    page = await context.new_page()
                    await page.add_init_script(_WATCH.replace("SELECTOR", selector))
                    await page.goto(url + path.replace("TENANT", tenant), wait_until="commit")
                    await page.locator(selector, has_text=re.compile("[0-9]")).first.wait_for()
                    milliseconds = await page.evaluate("window.shownAt")
                    if number:
                        found.setdefault(f"{name}, {visit}", []).append(milliseconds)
                    tenant = tenant or (await page.locator("table tbody tr").first.inner_text()).split()[0]
                    await page.close()
                await context.close()
    return {name: {"median": median(each), "spread": spread(each)} for name, each in found.items()}


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, _up(Path(folder) / "home", port):
        figures = await _measured(f"http://localhost:{port}", Path(folder) / "home", arguments.rounds)
    report("from an address to the first number on screen", {"milliseconds": figures})


if __name__ == "__main__":
    asyncio.run(main())
