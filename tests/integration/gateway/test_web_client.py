"""The browser client, as it is built, against a real gateway: in Node, which has what it needs of a browser."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr

from services.gateway.app import running
from services.gateway.settings import GatewaySettings
from tests.integration.gateway.test_ofrep import bool_flag, draft, visible
from tests.support.fake_key_registry import INTERNAL_KEY
from tests.support.flag_messages import percentage_flag
from tests.support.gateway_live import live_frame
from tests.support.gateway_serving import GatewayServing
from tests.support.gateway_tokens import ORIGIN, backend
from tests.support.node_program import NodeProgram, build_web_client, node_program
from tests.support.serving import PATIENCE_SECONDS, Datastores, Serving
from tests.support.telemetry_serving import telemetry_serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANA = {"user": "ana", "tenant": "acme"}


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the build."""
    return build_web_client(tmp_path_factory.mktemp("web"))


@pytest_asyncio.fixture(loop_scope="module")
async def browser(build: Path) -> AsyncIterator[NodeProgram]:
    """Yield a program with the client in it."""
    async with node_program("web_client.mjs", str(build)) as program:
        yield program


async def test_flags_are_answered_and_followed(gateway: GatewayServing, flags: Serving, browser: NodeProgram) -> None:
    """Those that browsers may see, for whoever sits there; a kill arrives by itself; only what is used is recorded."""
    half = visible(draft(percentage_flag("web_half", 100_000)))
    await flags.create(visible(bool_flag("web_ui")), half, bool_flag("web_secret"))
    await gateway.until_flag("web_secret", value=True)
    await browser.ask("start", url=gateway.url, key=gateway.keys["browser"], person=ANA, token=gateway.token())
    found = await browser.ask("details", key="web_ui", fallback=False)
    assert (found["value"], found["variant"], found["reason"], found["version"]) == (True, "on", "STATIC", 1)
    assert (await browser.ask("details", key="web_half", fallback=False))["reason"] == "SPLIT"
    unseen = await browser.ask("details", key="web_secret", fallback=False)
    assert (unseen["value"], unseen["error"]) == (False, "FLAG_NOT_FOUND")

    await flags.kill("web_ui")
    changed = await browser.ask("untilFlag", key="web_ui", value=False)
    assert "web_ui" in changed["changed"]
    assert (await browser.ask("details", key="web_ui", fallback=True))["reason"] == "KILLED"

    assert (await browser.ask("flush"))["left"] == 0
    exposures = [event for event in gateway.ingest.events if event.properties["flag"].string_value.startswith("web_")]
    assert [
        (event.properties["flag"].string_value, event.properties["variant"].string_value) for event in exposures
    ] == [
        ("web_ui", "on"),
        ("web_half", "on"),
        ("web_ui", "off"),
    ]
    assert {(event.name, event.tenant, event.user_id) for event in exposures} == {("flag_exposta", "acme", "ana")}


async def test_live_metrics_are_followed(gateway: GatewayServing, browser: NodeProgram) -> None:
    """Snapshot and frames are merged; after the other side has ended, the client comes back by itself."""
    gateway.source.send(live_frame(1, value="1", series=("1", "2", "3")))
    await browser.ask("start", url=gateway.url, key=gateway.keys["browser"], person=ANA, token=gateway.token())
    await browser.ask("watch")
    first = await browser.ask("untilLive", status="live", value="1")
    assert first["metric"]["series"]["values"] == ["1", "2", "3"]
    gateway.source.send(live_frame(2, value="2", series=("9",), first_minute=3))
    then = await browser.ask("untilLive", status="live", value="2")
    assert then["metric"]["series"]["values"] == ["1", "2", "3", "9"]
    gateway.source.end()
    await browser.ask("untilLive", status="stale")
    gateway.source.send(live_frame(3, value="3"))
    await browser.ask("untilLive", status="live", value="3")


async def test_who_is_nobody_has_no_live_metrics_until_the_login(gateway: GatewayServing, browser: NodeProgram) -> None:
    """And those of the tenant from then on; none are left after the logout."""
    gateway.source.send(live_frame(7, "horizonte", value="70"))
    token = gateway.token("horizonte", "bia")
    await browser.ask("start", url=gateway.url, key=gateway.keys["browser"], token=token)
    await browser.ask("watch")
    assert (await browser.ask("untilLive", status="idle"))["metric"] is None
    await browser.ask("identify", person={"user": "bia", "tenant": "horizonte"})
    await browser.ask("untilLive", status="live", value="70")
    await browser.ask("reset")
    assert (await browser.ask("untilLive", status="idle"))["metric"] is None


async def test_events_are_in_the_log_once_each_in_the_right_name(
    browser: NodeProgram, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """Before the login nobody's, after it the person's; what the service refuses is told, and keeps nothing back."""
    tokens = backend()
    async with telemetry_serving(Datastores(database_url, redis_url, tmp_path)) as telemetry:
        telemetry.registry.allow("production", ORIGIN, token_keys=[tokens.jwk()])
        settings = GatewaySettings(
            home=tmp_path / "gateway",
            port=0,
            flags_address=telemetry.registry.address,
            telemetry_address=f"127.0.0.1:{telemetry.service.port}",
            internal_key=SecretStr(INTERNAL_KEY),
        )
        settings.home.mkdir()
        async with running(settings) as gateway:
            token = tokens.mint(environment="production", tenant="acme", user="ana")
            url = f"http://127.0.0.1:{gateway.port}"
            started = await browser.ask("start", url=url, key="secret of browser", token=token)
            await browser.ask("track", name="dashboard_acessado", properties={})
            await browser.ask("identify", person=ANA)
            await browser.ask(
                "track", name="filtro_aplicado", properties={"tipo": "status", "n": 1.5, "list": [1, None]}
            )
            await browser.ask("track", name="filtro_aplicado", properties={"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}})
            # The gateway has only just begun, and may not know the key yet.
            async with asyncio.timeout(PATIENCE_SECONDS):
                while (status := await browser.ask("flush"))["left"]:
                    await asyncio.sleep(0.05)
            assert (status["accepted"], status["rejected"]) == (2, 1)
            assert status["troubles"][-1]["kind"] == "event_rejected"
            stored = await telemetry.stored()
    assert [(each.event.name, each.event.tenant, each.event.user_id) for each in stored] == [
        ("dashboard_acessado", "", ""),
        ("filtro_aplicado", "acme", "ana"),
    ]
    assert {each.event.anonymous_id for each in stored} == {started["anonymous"]}
    assert len({each.event.session_id for each in stored}) == 1
    assert stored[1].event.properties["n"].double_value == 1.5
    assert stored[1].event.context.library.name == "mirante-web"


async def test_nobody_in_particular_has_answers_too(
    gateway: GatewayServing, flags: Serving, browser: NodeProgram
) -> None:
    """They are for the browser's own id."""
    await flags.create(visible(draft(percentage_flag("web_anonymous", 50_000))))
    await gateway.until_flag("web_anonymous", reason="SPLIT")
    started = await browser.ask("start", url=gateway.url, key=gateway.keys["browser"])
    found = await browser.ask("details", key="web_anonymous", fallback=False)
    asked = await gateway.evaluate("web_anonymous", {"targetingKey": started["anonymous"]})
    assert (found["value"], found["variant"]) == (asked.json()["value"], asked.json()["variant"])
