"""Guarded rollouts: events in through telemetry, judged by metrics, acted on by the flag service, seen by a client."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

from mirante import Mirante
from mirante.api.telemetry.v1 import event_pb2
from mirante.wire import value_to_proto

from tests.support.serving import eventually
from tests.support.telemetry_events import event_id
from tests.support.whole_mirante import WholeMirante, whole_mirante

ROLLOUTS: Final = "mirante.api.flags.v1.RolloutService"
FLAGS: Final = "mirante.api.flags.v1.FlagAdminService"
_PEOPLE: Final = 40
_ERRORS: Final = {
    "name": "erros",
    "tripwire": {"measure": "TRIPWIRE_MEASURE_ACTOR_SHARE", "events": ["erro_frontend"], "limit": 0.05},
    "action": "GUARD_ACTION_KILL",
}


async def test_a_canary_that_throws_errors_kills_itself_and_a_harmless_one_reaches_everybody(
    database_url: str, redis_url: str
) -> None:
    """The bad one is off at a client, with evidence and an alert, until a person resumes it; the good one runs on."""
    async with whole_mirante(database_url, redis_url) as mirante:
        with Mirante(mirante.flags.address, api_key=mirante.keys["server"]) as client:
            good, bad = await _begin(mirante, "bom"), await _begin(mirante, "ruim")
            assert await asyncio.to_thread(client.wait_until_ready, 60)
            async with _traffic(mirante):
                await eventually(lambda: _is(mirante, bad, "BREACHED"))
                await eventually(lambda: _is(mirante, good, "COMPLETED"))
            record = await _get(mirante, bad)
            assert record["breach"]["guard"] == "erros"
            assert record["breach"]["observed"] > 0.05
            assert "erro_frontend" in record["reason"]
            assert record["breach"]["firstEventAt"] <= record["breach"]["detectedAt"]
            flag = (await mirante.ask(f"{FLAGS}/GetFlag", flagKey="ruim"))["record"]["flag"]
            assert "erro_frontend" in flag["kill"]["reason"]
            await eventually(lambda: _served(client, "ruim", expected=False))
            await eventually(lambda: _served(client, "bom", expected=True))
            await eventually(lambda: _has_alert(mirante))
            actions = [each["action"].removeprefix("ROLLOUT_ACTION_") for each in (await _get(mirante, good))["events"]]
            assert actions == ["COMPLETE", "ADVANCE", "START", "CREATE"]
            resumed = await mirante.ask(f"{ROLLOUTS}/ResumeRollout", rolloutId=bad, comment="consertado na 4.2.1")
            assert resumed["rollout"]["state"] == "ROLLOUT_STATE_RUNNING"
            assert not (await mirante.ask(f"{FLAGS}/GetFlag", flagKey="ruim"))["record"]["flag"].get("kill")


async def _begin(mirante: WholeMirante, key: str) -> str:
    """Create a flag that is off for everybody, and start a guarded plan of half of them and all; return its id."""
    variants = [{"name": name, "value": {"boolValue": name == "on"}} for name in ("on", "off")]
    flag = {"key": key, "type": "FLAG_TYPE_BOOL", "variants": variants, "on": True, "offVariant": "off"}
    await mirante.ask(f"{FLAGS}/CreateFlag", flag={**flag, "fallthrough": {"variant": "off"}})
    stages = [{"coverage": coverage, "soak": "2s", "minimumSample": "10"} for coverage in (50_000, 100_000)]
    plan = {"flagKey": key, "variant": "on", "stages": stages, "guards": [_ERRORS]}
    draft = (await mirante.ask(f"{ROLLOUTS}/CreateRollout", plan=plan))["rollout"]
    rollout_id: str = (await mirante.ask(f"{ROLLOUTS}/StartRollout", rolloutId=draft["id"]))["rollout"]["id"]
    return rollout_id


@contextlib.asynccontextmanager
async def _traffic(mirante: WholeMirante) -> AsyncIterator[None]:
    """Let some people use one feature, others the other one; whoever has the bad one meets errors."""
    task = asyncio.create_task(_use_for_ever(mirante))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _use_for_ever(mirante: WholeMirante) -> None:
    with Mirante(mirante.flags.address, api_key=mirante.keys["server"]) as client:
        await asyncio.to_thread(client.wait_until_ready, 60)
        while True:
            events = []
            for number in range(_PEOPLE):
                for key in ("bom", "ruim"):
                    user = f"{key}-{number}"
                    given = client.details(key, {"targeting_key": user}, default=False)
                    told = {
                        "flag": key,
                        "variant": given.variant,
                        "version": given.flag_version,
                        "reason": given.reason.value,
                        "rule_id": given.rule_id,
                    }
                    events.append(_event("flag_exposta", user, told))
                    if key == "ruim" and given.value:
                        events.append(_event("erro_frontend", user, {"tipo": "TypeError", "mensagem": "x"}))
            await mirante.send(*events)
            await asyncio.sleep(0.2)


def _event(name: str, user: str, properties: dict[str, Any]) -> event_pb2.Event:
    event = event_pb2.Event(id=event_id(), name=name, tenant="acme", user_id=user)
    event.occurred_at.GetCurrentTime()
    for key, value in properties.items():
        event.properties[key].CopyFrom(value_to_proto(value))
    return event


async def _get(mirante: WholeMirante, rollout_id: str) -> dict[str, Any]:
    record: dict[str, Any] = (await mirante.ask(f"{ROLLOUTS}/GetRollout", rolloutId=rollout_id))["rollout"]
    return record


async def _is(mirante: WholeMirante, rollout_id: str, state: str) -> bool:
    await asyncio.sleep(0.1)
    return bool((await _get(mirante, rollout_id))["state"] == f"ROLLOUT_STATE_{state}")


async def _served(client: Mirante, key: str, *, expected: bool) -> bool:
    contexts = [{"targeting_key": f"{key}-{number}"} for number in range(_PEOPLE)]
    return all(client.is_enabled(key, each, default=not expected) is expected for each in contexts)


async def _has_alert(mirante: WholeMirante) -> bool:
    alerts = (await mirante.ask("mirante.api.metrics.v1.AlertService/ListAlerts")).get("alerts", [])
    return any("erro_frontend" in each["evidence"] and "ruim" in each["metric"] for each in alerts)
