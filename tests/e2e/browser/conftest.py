"""A real browser before a whole Mirante and a backend of vendas, once for all of these tests."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.support.browser import Complaints, opened, running_browser
from tests.support.browser_world import Shop, cookies_of, create_viewer, running_shop
from tests.support.built_pages import BuiltPages, built_pages
from tests.support.datastores import run_datastores
from tests.support.whole_mirante import WholeMirante, whole_mirante

OpenPage = Callable[..., Awaitable[Page]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of these tests share one loop, that of the browser; the first one waits for everything to be built."""
    for item in items:
        if item.path.parent.name == "browser":
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            item.add_marker(pytest.mark.timeout(400))


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> BuiltPages:
    """Build the dashboard and the page of vendas."""
    base = tmp_path_factory.getbasetemp()
    # Processes of one run have folders side by side.
    return built_pages(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A browser."""
    async with running_browser() as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def mirante(pages: BuiltPages) -> AsyncIterator[WholeMirante]:
    """All services, on datastores of their own: other tests empty and stop the shared ones."""
    settings = {"MIRANTE_DASHBOARD_DIR": str(pages.dashboard)}
    with run_datastores() as stores:
        async with whole_mirante(stores.postgres.url, stores.valkey.url, gateway=settings) as running:
            yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shop(
    mirante: WholeMirante, pages: BuiltPages, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shop]:
    """A backend of vendas."""
    async with running_shop(mirante, pages, tmp_path_factory.mktemp("shop")) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def admin(mirante: WholeMirante) -> list[dict[str, str]]:
    """Return cookies of the admin."""
    return await cookies_of(mirante, "admin", mirante.password)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def viewer(mirante: WholeMirante) -> list[dict[str, str]]:
    """Return cookies of somebody who may only look."""
    await create_viewer(mirante, "vera")
    return await cookies_of(mirante, "vera")


@pytest.fixture
def complaints() -> Complaints:
    """Return what the browser says against the pages of this test; it fails on what it does not expect."""
    return Complaints()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser, complaints: Complaints) -> AsyncIterator[OpenPage]:
    """Return what opens an address, in a profile of its own; options are those of `opened`."""
    async with AsyncExitStack() as stack:

        async def open_one(url: str, **options: Any) -> Page:
            page = await stack.enter_async_context(opened(browser, complaints, **options))
            await page.goto(url)
            return page

        yield open_one
