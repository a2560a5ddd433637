"""A real Chromium of this machine, and pages that notice whatever a browser complains about."""

import asyncio
import json
import re
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect

_ROOT: Final = Path(__file__).parents[2]
_AXE: Final = _ROOT / "node_modules/axe-core/axe.min.js"
_ARGUMENTS: Final = (
    "--no-sandbox",  # Root has no sandbox.
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)

PATIENCE_MS: Final = 30_000
"""Far more than anything needs, so that only a fault meets it."""
DESKTOP: Final = {"width": 1280, "height": 900}
PHONE: Final = {"width": 390, "height": 844}

# Waits for what is said, whatever it is that says it.
expect.set_options(timeout=PATIENCE_MS)


def browser_path() -> str:
    """Return the path of a browser; the test fails, and is not skipped, where there is none."""
    done = subprocess.run([str(_ROOT / "scripts/browser.sh")], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.fail(done.stderr.strip(), pytrace=False)
    return done.stdout.strip()


@asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    """Run a browser until the block ends."""
    path = browser_path()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, headless=True, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


class Complaints:
    """What a browser says against its pages: errors of scripts, refusals of the content policy, failed requests."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._expected: list[re.Pattern[str]] = []

    def expect(self, pattern: str) -> None:
        """Forgive complaints that match, those that came already included."""
        self._expected.append(re.compile(pattern))

    @property
    def unexpected(self) -> list[str]:
        """What nobody forgave."""
        return [each for each in self.found if not any(pattern.search(each) for pattern in self._expected)]

    def listen(self, page: Page) -> None:
        """Note what is said against a page."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.found.append(f"error: {error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.found.append(f"console: {message.text} ({message.location.get('url', '')})")


@asynccontextmanager
async def opened(
    browser: Browser,
    complaints: Complaints,
    *,
    cookies: Sequence[Any] = (),
    viewport: Any = DESKTOP,
    theme: Literal["light", "dark"] = "light",
    scale: float = 1,
) -> AsyncIterator[Page]:
    """Open a page in a profile of its own; fails when the browser complains of what nobody expected."""
    context: BrowserContext = await browser.new_context(
        viewport=viewport,
        color_scheme=theme,
        locale="pt-BR",
        timezone_id="America/Sao_Paulo",
        reduced_motion="reduce",
        device_scale_factor=scale,
        is_mobile=viewport == PHONE,
        has_touch=viewport == PHONE,
    )
    context.set_default_timeout(PATIENCE_MS)
    context.on("page", complaints.listen)
    try:
        await context.add_cookies(cookies)
        yield await context.new_page()
    finally:
        await context.close()
    assert complaints.unexpected == [], complaints.unexpected


async def violations_of(page: Page, *, impacts: Sequence[str] = ("serious", "critical")) -> list[str]:
    """Return what axe-core finds hard for people who see, hear or move otherwise, of the impacts that count."""
    if not _AXE.exists():
        pytest.fail("these tests need the packages of the browser parts: run scripts/with_node.sh npm ci")
    # Evaluated by the debugger: as a script of the page the content policy would refuse it.
    await page.evaluate(_AXE.read_text(encoding="utf-8") + "; 0")
    found: dict[str, Any] = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {each['help']}: {json.dumps([node['html'][:160] for node in each['nodes']][:5])}"
        for each in found["violations"]
        if each["impact"] in impacts
    ]


async def fits(page: Page) -> None:
    """Wait until a page is no wider than its window: charts follow a change of it by some frames."""
    # `wait_for_function` is a script of the page, which the content policy refuses.
    async with asyncio.timeout(PATIENCE_MS / 1_000):
        while await overflow_of(page) > 0:
            await page.wait_for_timeout(50)


async def overflow_of(page: Page) -> int:
    """Return by how many pixels a page is wider than its window."""
    return int(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
