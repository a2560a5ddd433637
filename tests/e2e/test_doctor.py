"""`mirante doctor` looks at running services, and says what is wrong once something is."""

import asyncio
import json
from typing import Any

from typer.testing import CliRunner

from services.cli.app import app
from tests.support.whole_mirante import WholeMirante, whole_mirante


async def examined(mirante: WholeMirante, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the command; return its exit code and answer."""
    environment = {
        "MIRANTE_ADDRESS": mirante.flags.address,
        "MIRANTE_TELEMETRY_ADDRESS": mirante.telemetry.address,
        "MIRANTE_METRICS_ADDRESS": mirante.metrics.address,
        "MIRANTE_GATEWAY_URL": mirante.url,
        "MIRANTE_API_KEY": mirante.keys["admin"],
        "MIRANTE_HOME": str(mirante.home),
    }
    result = await asyncio.to_thread(CliRunner().invoke, app, ["doctor", "--json", *arguments], env=environment)
    return result.exit_code, json.loads(result.stdout)


def states(answer: dict[str, Any]) -> dict[str, set[str]]:
    """The states that each check found."""
    found: dict[str, set[str]] = {}
    for each in answer["findings"]:
        found.setdefault(each["check"], set()).add(each["state"])
    return found


async def test_a_deployment_is_examined(database_url: str, redis_url: str) -> None:
    """A first start with its password and its demo; then with another password, and without telemetry."""
    async with whole_mirante(database_url, redis_url) as mirante:
        code, answer = await examined(mirante)
        found = states(answer)
        assert (code, answer["state"]) == (1, "fail")
        assert found.pop("people") == {"fail"}, "the first password"
        assert found.pop("demo") == {"warn"}
        for check in ("reachable", "gateway", "versions", "clocks", "migrations", "redis", "folders", "revisions"):
            assert found[check] == {"ok"}, check
        # The Postgres of the tests saves itself the trouble, and that is found.
        assert {each["reason"] for each in answer["findings"] if each["check"] == "postgres"} == {"fsync is off"}
        (mirante.home / "admin_password").write_text("outra\n")
        mirante.telemetry.kill()
        code, answer = await examined(mirante, "--quiet")
        assert code == 1
        assert "people" not in states(answer)
        (lost,) = [each for each in answer["findings"] if each["check"] == "reachable"]
        assert lost["subject"] == "telemetry"
        assert lost["reason"].startswith(f"nobody answers at {mirante.telemetry.address}")
