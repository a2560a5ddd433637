"""Reports in the dashboard say what the analytics service says."""

import asyncio
import contextlib
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import grpc.aio
from google.protobuf import json_format
from mirante.api.metrics.v1 import analytics_service_pb2 as pb2
from mirante.api.metrics.v1 import report_pb2
from mirante.api.metrics.v1.analytics_service_pb2_grpc import AnalyticsServiceStub
from mirante.api.telemetry.v1 import event_pb2
from playwright.async_api import Page, expect

from tests.e2e.browser.conftest import OpenPage
from tests.support.flag_service_process import ENVIRONMENT
from tests.support.telemetry_events import event_id, sale
from tests.support.whole_mirante import WholeMirante

TENANT: Final = "funil"
STEPS: Final = ("login_sucesso", "dashboard_acessado", "venda_criada")
ZONE: Final = ZoneInfo("America/Sao_Paulo")
_DAY_MS: Final = 86_400_000
_STORE_SECONDS: Final = 120.0


class Reports:
    """Asks the analytics service over gRPC."""

    def __init__(self, mirante: WholeMirante) -> None:
        self._mirante = mirante

    async def levels(self, **scope: Any) -> list[int]:
        """Return how many reached each step of the funnel."""
        async with grpc.aio.insecure_channel(self._mirante.metrics.address) as channel:
            request = pb2.RunReportRequest(environment=ENVIRONMENT, question=_question(scope))
            response = await AnalyticsServiceStub(channel).RunReport(request, metadata=self._key, timeout=60)
        return [step.actors for step in response.answer.result.funnel.steps]

    async def until(self, wanted: list[int], **scope: Any) -> None:
        """Return when the store has everything that was sent; before, it may not even know the events."""
        deadline = time.monotonic() + _STORE_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(grpc.aio.AioRpcError):
                if await self.levels(**scope) == wanted:
                    return
            await asyncio.sleep(0.1)
        raise AssertionError(f"the store never said {wanted}")

    async def csv(self, **scope: Any) -> bytes:
        """Return the funnel as a file."""
        async with grpc.aio.insecure_channel(self._mirante.metrics.address) as channel:
            request = pb2.ExportReportRequest(environment=ENVIRONMENT, question=_question(scope))
            response = await AnalyticsServiceStub(channel).ExportReport(request, metadata=self._key, timeout=60)
        content: bytes = response.content
        return content

    @property
    def _key(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self._mirante.keys['admin']}"),)


def _question(scope: dict[str, Any]) -> report_pb2.Question:
    funnel = {"steps": [{"event": name} for name in STEPS], "window": "604800s"}
    document = {"scope": {"tenant": TENANT, **scope}, "funnel": funnel}
    return json_format.ParseDict(document, report_pb2.Question())


def _did(user: str, steps: int, at_ms: int) -> list[event_pb2.Event]:
    """Return what somebody did who got so far, a second apart."""
    events = []
    for index, name in enumerate(STEPS[:steps]):
        made_ms = at_ms + 1_000 * index
        event = event_pb2.Event(id=event_id(made_ms), name=name, tenant=TENANT, user_id=user)
        event.occurred_at.FromMilliseconds(made_ms)
        if name == "venda_criada":
            event = sale(TENANT, user, made_ms=made_ms, venda_id=f"v-{user}")
        events.append(event)
    return events


async def _numbers(page: Page) -> list[int]:
    """Return what the page says of each step."""
    return [
        int(each) for each in await page.locator("[data-step]").evaluate_all("all => all.map(e => e.dataset.value)")
    ]


async def test_a_funnel_is_built_read_and_exported(
    mirante: WholeMirante, open_page: OpenPage, admin: list[Any], tmp_path: Path
) -> None:
    """Its numbers, those of another period, and its file are what gRPC answers; the address brings it back."""
    reports, now_ms = Reports(mirante), time.time_ns() // 1_000_000 - 60_000
    sent = _did("ana", 3, now_ms) + _did("bia", 2, now_ms) + _did("caio", 1, now_ms)
    await mirante.send(*sent, *_did("davi", 3, now_ms - 4 * _DAY_MS), *_did("eva", 2, now_ms - 4 * _DAY_MS))

    month: dict[str, Any] = {"last": {"count": 30}}
    await reports.until([5, 4, 2], **month)

    page = await open_page(f"{mirante.url}/analises/explorar?env=production&tenant={TENANT}", cookies=admin)
    await page.get_by_role("button", name="Acrescentar etapa").click()
    for number, name in enumerate(STEPS, 1):
        await page.get_by_label(f"Etapa {number}", exact=True).fill(name)
    await page.get_by_role("button", name="Executar").click()
    first = page.locator("[data-step='1']")
    await expect(first).to_have_attribute("data-value", "5")
    assert await _numbers(page) == await reports.levels(**month) == [5, 4, 2]

    today = datetime.now(ZONE).date()
    await page.get_by_role("button", name="Outro").click()
    await page.get_by_label("De", exact=True).fill((today - timedelta(days=1)).isoformat())
    await expect(first).to_have_attribute("data-value", "3")
    midnights = [datetime.combine(today + timedelta(days=each), datetime.min.time(), ZONE) for each in (-1, 1)]
    lately = dict(zip(("start", "end"), (each.isoformat() for each in midnights), strict=True))
    assert await _numbers(page) == await reports.levels(**lately) == [3, 2, 1]

    await page.get_by_role("button", name="Exportar").click()
    async with page.expect_download() as download:
        await page.get_by_role("button", name="CSV").click()
    file = tmp_path / "funnel.csv"
    await (await download.value).save_as(file)
    assert file.read_bytes() == await reports.csv(**lately)
    assert b"dashboard_acessado" in file.read_bytes()

    await page.reload()
    await expect(first).to_have_attribute("data-value", "3")
    await expect(page.get_by_label("Etapa 2", exact=True)).to_have_value(STEPS[1])
    await page.get_by_role("button", name="1 pessoa parou aqui").first.click()
    await expect(page.get_by_role("dialog").get_by_role("row", name="caio")).to_be_visible()
