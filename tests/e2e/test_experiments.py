"""An experiment from its draft to the variant that everybody gets: events in through telemetry, the verdict out."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from mirante import Mirante
from mirante.api.telemetry.v1 import event_pb2
from mirante.wire import value_to_proto
from typer.testing import CliRunner

from services.cli.app import app
from tests.support.experiment_records import ARMS
from tests.support.serving import PATIENCE_SECONDS, eventually
from tests.support.telemetry_events import event_id
from tests.support.whole_mirante import WholeMirante, whole_mirante

EXPERIMENTS: Final = "mirante.api.metrics.v1.ExperimentService"
ROLLOUTS: Final = "mirante.api.flags.v1.RolloutService"
FLAGS: Final = "mirante.api.flags.v1.FlagAdminService"
KEY: Final = "recomendacao"
SOLD: Final = {2_000: (250, 316, 224), 5_000: (625, 790, 560)}
_BATCH: Final = 1_000
_DESIGNS: Final = Path(__file__).parents[2] / "examples" / "experiments"

DESIGN: Final[dict[str, Any]] = {
    "key": KEY,
    "hypothesis": "Recomendar o que outros compraram vende mais",
    "owner": "time-dados",
    "flagKey": KEY,
    "control": ARMS[0],
    "arms": [{"variant": arm, "weight": 1} for arm in ARMS],
    "primary": {"key": "conversao", "proportion": {"event": "venda_visualizada"}, "window": "1s"},
    "guardrails": [
        {
            "key": "erros",
            "name": "Erros na tela",
            "proportion": {"event": "erro_frontend"},
            "direction": "METRIC_DIRECTION_LOWER_IS_BETTER",
            "window": "1s",
            "margin": 0.01,
        }
    ],
    "rules": {
        "method": "DECISION_METHOD_ALWAYS_VALID",
        "plannedUnits": "5000",
        "minimumEffect": 0.02,
        "minimumDays": 0,
    },
}


async def test_the_worked_example(database_url: str, redis_url: str) -> None:
    """At 2,000 in each arm it keeps running, at 5,000 the winner ships to everybody, and what was learned stays."""
    async with whole_mirante(
        database_url, redis_url, MIRANTE_ANALYTICS="true", MIRANTE_ANALYTICS_SECONDS="0.2"
    ) as mirante:
        await _examples(mirante)
        await _flag(mirante)
        await mirante.ask(f"{EXPERIMENTS}/CreateExperiment", experiment=DESIGN)
        await eventually(lambda: _has_store(mirante))
        await _drawn_by_clients(mirante)
        record = (await mirante.ask(f"{EXPERIMENTS}/StartExperiment", experimentKey=KEY))["record"]
        assert _splits(await _serve(mirante)) == dict(zip(ARMS, (33_334, 33_333, 33_333), strict=True))
        started = datetime.fromisoformat(record["startedAt"])
        await eventually(lambda: _is_over(started + timedelta(seconds=0.5)))
        await _send(mirante, started, 0, 2_000)
        early = await _results(mirante, 2_000)
        assert early["verdict"]["kind"] == "VERDICT_KIND_KEEP_RUNNING"
        await _send(mirante, started, 2_000, 5_000)
        late = await _results(mirante, 5_000)
        assert (late["verdict"]["kind"], late["verdict"]["winner"]) == ("VERDICT_KIND_SHIP", "collaborative")
        collaborative, content = late["metrics"][0]["comparisons"]
        assert abs(collaborative["p"] / 1.25174e-4 - 1) < 1e-4
        assert abs(content["p"] / 0.519598 - 1) < 1e-4
        assert "Pode lançar a variante “collaborative”" in late["verdict"]["text"]
        assert late["health"].get("warnings", []) == []
        assert "Pode lançar" in await _told(mirante, "results", KEY)
        assert "exploratory, by library" in await _told(mirante, "results", KEY, "--by", "library")
        assert KEY in await _told(mirante, "list", "--flag", KEY)
        assert "control 33%" in await _told(mirante, "get", KEY)
        await _decided(mirante)


async def _examples(mirante: WholeMirante) -> None:
    """The designs that ship fit the flags and the catalogue that ship."""
    for file in sorted(_DESIGNS.glob("*.yaml")):
        assert "draft" in await _told(mirante, "create", str(file))
    listed = json.loads(await _told(mirante, "list", "--json"))["experiments"]
    keys = [each["experiment"]["key"] for each in listed]
    assert keys == ["algoritmo_desconto", "cta_nova_venda", "recomendacao_produtos"]


async def _is_over(moment: datetime) -> bool:
    return datetime.now(UTC) > moment


async def _drawn_by_clients(mirante: WholeMirante) -> None:
    """Clients draw as the experiment says, and whom they give an arm takes part: half of all people, here."""
    key = "recomendacao_produtos"
    started = (await mirante.ask(f"{EXPERIMENTS}/StartExperiment", experimentKey=key))["record"]
    version = (await mirante.ask(f"{FLAGS}/GetFlag", flagKey=key))["record"]["flag"]["version"]
    assert started["phases"][0]["coverage"] == 50_000
    given = await asyncio.to_thread(_evaluated, mirante, key, int(version))
    assert set(given) == {"v1", "v2", "off"}
    found: dict[str, int] = {}

    async def holds() -> bool:
        health = (await mirante.ask(f"{EXPERIMENTS}/GetResults", experimentKey=key))["results"]["health"]
        found.update({arm["variant"]: int(arm.get("units", 0)) for arm in health["arms"]})
        return sum(found.values()) == given["v1"] + given["v2"]

    await eventually(holds)
    assert found == {"v1": given["v1"], "v2": given["v2"]}
    changed = json.loads(await _told(mirante, "allocate", key, "v1=80", "v2=20", "--json"))
    assert [(phase["coverage"], phase["arms"][0]["weight"]) for phase in changed["phases"]] == [
        (50_000, 50),
        (50_000, 80),
    ]


def _evaluated(mirante: WholeMirante, key: str, version: int) -> Counter[str]:
    """Return how many of 200 people a client gives each variant, once it knows the flag; the exposures are sent."""
    given: Counter[str] = Counter()
    with Mirante(
        mirante.flags.address,
        api_key=mirante.keys["server"],
        environment="production",
        telemetry_address=mirante.telemetry.address,
    ) as client:
        assert client.wait_until_ready(PATIENCE_SECONDS)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while client.details(key).flag_version < version:
            assert time.monotonic() < deadline
        for number in range(200):
            given[client.details(key, {"targeting_key": f"p-{number}", "tenant_id": "acme"}).variant] += 1
        assert client.flush(PATIENCE_SECONDS) == 0
    return given


async def _decided(mirante: WholeMirante) -> None:
    shipping = {"experimentKey": KEY, "kind": "DECISION_KIND_SHIP", "rolloutTemplate": "canary"}
    decided = (await mirante.ask(f"{EXPERIMENTS}/DecideExperiment", **shipping))["record"]
    assert decided["decision"]["variant"] == "collaborative"
    assert not decided["decision"].get("againstVerdict", False)
    plan = {"rolloutId": decided["decision"]["rolloutId"]}
    begun = (await mirante.ask(f"{ROLLOUTS}/GetRollout", **plan))["rollout"]["plan"]
    assert (begun["origin"], [each["name"] for each in begun["guards"]]) == (KEY, ["erros"])
    for stage in range(2, 6):
        rollout = (await mirante.ask(f"{ROLLOUTS}/StepRollout", **plan, stage=stage))["rollout"]
    assert rollout["state"] == "ROLLOUT_STATE_COMPLETED"
    assert (await _serve(mirante))["variant"] == "collaborative"
    await mirante.ask(f"{EXPERIMENTS}/ArchiveExperiment", experimentKey=KEY)
    await mirante.ask(f"{FLAGS}/ArchiveFlag", flagKey=KEY)
    report = await _told(mirante, "report", KEY)
    assert "**Lançar**: todos ficam com “collaborative”" in report
    history = json.loads(await _told(mirante, "history", KEY, "--json"))["changes"]
    assert [each["action"] for each in history] == ["archive", "decide", "start", "create"]


async def _told(mirante: WholeMirante, *arguments: str) -> str:
    """Return what the command line says."""
    environment = {
        "MIRANTE_METRICS_ADDRESS": mirante.metrics.address,
        "MIRANTE_API_KEY": mirante.keys["admin"],
        "MIRANTE_HOME": str(mirante.home),
    }
    call = ["experiments", *arguments, "--environment", "production"]
    result = await asyncio.to_thread(CliRunner().invoke, app, call, env=environment)
    assert result.exit_code == 0, result.output
    return result.stdout


async def _flag(mirante: WholeMirante) -> None:
    variants = [{"name": arm, "value": {"stringValue": arm}} for arm in ARMS]
    flag = {
        "key": KEY,
        "type": "FLAG_TYPE_STRING",
        "variants": variants,
        "on": True,
        "offVariant": ARMS[0],
        "fallthrough": {"variant": ARMS[0]},
    }
    await mirante.ask(f"{FLAGS}/CreateFlag", flag=flag)


async def _serve(mirante: WholeMirante) -> dict[str, Any]:
    serve: dict[str, Any] = (await mirante.ask(f"{FLAGS}/GetFlag", flagKey=KEY))["record"]["flag"]["fallthrough"]
    return serve


def _splits(serve: dict[str, Any]) -> dict[str, int]:
    return {each["variant"]: each["weight"] for each in serve["rollout"]["splits"]}


async def _has_store(mirante: WholeMirante) -> bool:
    store = await mirante.ask("mirante.api.metrics.v1.AnalyticsStoreService/GetAnalyticsStore")
    return bool(store.get("store", {}).get("answering"))


async def _results(mirante: WholeMirante, units: int) -> dict[str, Any]:
    """Return the results once all of an arm's units were watched for their window."""
    found: dict[str, Any] = {}

    async def holds() -> bool:
        answer = await mirante.ask(f"{EXPERIMENTS}/GetResults", experimentKey=KEY)
        found.update(answer["results"])
        return all(int(arm.get("units", 0)) == units for arm in found["metrics"][0]["arms"])

    await eventually(holds)
    return found


async def _send(mirante: WholeMirante, started: datetime, first: int, end: int) -> None:
    events = list(_events(started, first, end))
    random.Random(end).shuffle(events)
    for at in range(0, len(events), _BATCH):
        statuses = await mirante.send(*events[at : at + _BATCH])
        assert set(statuses) == {"ACCEPTED"}


def _events(started: datetime, first: int, end: int) -> Iterator[event_pb2.Event]:
    """Yield exposures of people first to end of each arm, some of them twice, and what they bought."""
    earlier = SOLD.get(first, (0, 0, 0))
    for number, arm in enumerate(ARMS):
        sold = SOLD[end][number] - earlier[number]
        for person in range(first, end):
            user = f"{arm}-{person}"
            told = {"flag": KEY, "variant": arm, "version": 2, "reason": "SPLIT", "rule_id": "", "experiment": ""}
            seen = started + timedelta(milliseconds=100 + person % 300)
            yield _event("flag_exposta", user, seen, told)
            if person % 50 == 0:
                yield _event("flag_exposta", user, seen + timedelta(milliseconds=1), told)
            if person - first < sold:
                yield _event("venda_visualizada", user, seen + timedelta(milliseconds=20), {"venda_id": f"v-{user}"})


def _event(name: str, user: str, at: datetime, properties: dict[str, Any]) -> event_pb2.Event:
    event = event_pb2.Event(id=event_id(), name=name, tenant="acme", user_id=user)
    event.occurred_at.FromDatetime(at)
    for key, value in properties.items():
        event.properties[key].CopyFrom(value_to_proto(value))
    return event
