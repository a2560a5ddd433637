"""What pictures of experiments and rollouts show: a test with a winner, a draft, and a guarded plan on its way."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
from mirante.telemetry.event_id import uuid7

_EXPERIMENTS: Final = "mirante.api.metrics.v1.ExperimentService"
_ROLLOUTS: Final = "mirante.api.flags.v1.RolloutService"
_FLAGS: Final = "mirante.api.flags.v1.FlagAdminService"
_KEY: Final = "recomendacoes_na_venda"
_ARMS: Final = ("control", "collaborative", "content")
_PEOPLE: Final = 1_500
_SOLD: Final = (188, 260, 168)
_ERRORS: Final = 30
_BATCH: Final = 500
_PATIENCE_SECONDS: Final = 600.0


class ExperimentScene:
    """
    Asks the admin API.

    Args:
        http: in which an admin is logged in.
        server_key: with which a backend sends events.
    """

    def __init__(self, http: httpx.AsyncClient, server_key: str) -> None:
        self._http = http
        self._server_key = server_key

    async def prepare(self) -> dict[str, str]:
        """Bring everything about that the pictures show; return where it stands."""
        await self._flag(_KEY, "FLAG_TYPE_STRING", [(arm, {"stringValue": arm}) for arm in _ARMS])
        design = _design(_KEY)
        await self._ask(f"{_EXPERIMENTS}/CreateExperiment", experiment=design)
        record = (await self._ask(f"{_EXPERIMENTS}/StartExperiment", experimentKey=_KEY))["record"]
        started = datetime.fromisoformat(record["startedAt"])
        while datetime.now(UTC) < started + timedelta(seconds=2):
            await asyncio.sleep(0.1)
        events = list(_events(started))
        for at in range(0, len(events), _BATCH):
            await self._send(events[at : at + _BATCH])
        draft = f"{_KEY}_2"
        await self._ask(f"{_EXPERIMENTS}/CreateExperiment", experiment=design | {"key": draft})
        rollout = await self._rollout()
        await self._until_all_are_counted()
        return {"experiment": _KEY, "draft": draft, "rollout": rollout}

    async def _rollout(self) -> str:
        """Return the id of a plan at its second stage."""
        await self._flag(
            "pix_parcelado", "FLAG_TYPE_BOOL", [(name, {"boolValue": name == "on"}) for name in ("off", "on")]
        )
        stages = [
            {"name": f"{percent} %", "coverage": percent * 1_000, "soak": "172800s", "needsApproval": percent == 50}
            for percent in (10, 25, 50, 100)
        ]
        tripwire = {"measure": "TRIPWIRE_MEASURE_ACTOR_SHARE", "events": ["erro_frontend"], "limit": 0.05}
        guards: list[dict[str, Any]] = [
            {"name": "erros", "tripwire": tripwire, "action": "GUARD_ACTION_KILL"},
            {"name": "vendas", "guardrail": {"events": ["venda_criada"], "harm": "HARM_DIRECTION_LESS"}},
            {"name": "sorteio", "sampleRatio": {}},
        ]
        plan = {"flagKey": "pix_parcelado", "variant": "on", "stages": stages, "guards": guards}
        made = (await self._ask(f"{_ROLLOUTS}/CreateRollout", plan=plan))["rollout"]
        await self._ask(f"{_ROLLOUTS}/StartRollout", rolloutId=made["id"])
        step = {"rolloutId": made["id"], "stage": 2, "comment": "nenhum erro no piloto"}
        served = (await self._ask(f"{_ROLLOUTS}/StepRollout", **step))["rollout"]
        await self._send(list(_uses(int(served["flagVersion"]))))
        return str(made["id"])

    async def _flag(self, key: str, kind: str, variants: list[tuple[str, Any]]) -> None:
        named = [{"name": name, "value": value} for name, value in variants]
        off = variants[0][0]
        flag = {"key": key, "type": kind, "variants": named, "on": True, "offVariant": off}
        await self._ask(f"{_FLAGS}/CreateFlag", flag=flag | {"fallthrough": {"variant": off}})

    async def _until_all_are_counted(self) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            results = (await self._ask(f"{_EXPERIMENTS}/GetResults", experimentKey=_KEY))["results"]
            if all(int(arm.get("units", 0)) == _PEOPLE for arm in results["metrics"][0]["arms"]):
                return
            if time.monotonic() > deadline:
                raise TimeoutError("the experiment never had its people")
            await asyncio.sleep(1)

    async def _send(self, events: list[dict[str, Any]]) -> None:
        headers = {"Authorization": f"Bearer {self._server_key}"}
        (await self._http.post("/v1/events", json={"events": events}, headers=headers)).raise_for_status()

    async def _ask(self, method: str, **fields: Any) -> Any:
        answer = await self._http.post(f"/api/{method}", json={"environment": "production", **fields})
        assert answer.status_code == 200, f"{method}: {answer.text}"
        return answer.json()


def _design(key: str) -> dict[str, Any]:
    errors = {"key": "erros", "name": "Viu um erro", "proportion": {"event": "erro_frontend"}, "window": "1s"}
    return {
        "key": key,
        "hypothesis": "Recomendar o que outros compraram junto vende mais do que recomendar os mais vendidos",
        "owner": "time-dados",
        "flagKey": _KEY,
        "control": _ARMS[0],
        "arms": [{"variant": arm, "weight": 1} for arm in _ARMS],
        "primary": {
            "key": "conversao",
            "name": "Abriu uma venda",
            "proportion": {"event": "venda_visualizada"},
            "window": "1s",
        },
        "guardrails": [errors | {"direction": "METRIC_DIRECTION_LOWER_IS_BETTER", "margin": 0.02}],
        "rules": {
            "method": "DECISION_METHOD_HYBRID",
            "plannedUnits": "1200",
            "minimumEffect": 0.02,
            "minimumDays": 0,
        },
    }


def _events(started: datetime) -> Iterator[dict[str, Any]]:
    """Yield who saw which variant, who bought, and who met an error."""
    for arm, sold in zip(_ARMS, _SOLD, strict=True):
        for person in range(_PEOPLE):
            user, seen = f"{arm}-{person}", started + timedelta(milliseconds=100 + person % 300)
            told = {"flag": _KEY, "variant": arm, "version": 2, "reason": "SPLIT", "rule_id": "", "experiment": ""}
            yield _event("flag_exposta", user, seen, told)
            # Spread over all people, so that errors and sales are not those of the same ones.
            if person * sold // _PEOPLE != (person + 1) * sold // _PEOPLE:
                yield _event("venda_visualizada", user, seen + timedelta(milliseconds=20), {"venda_id": f"v-{user}"})
            if person % (_PEOPLE // _ERRORS) == 0:
                yield _event(
                    "erro_frontend", user, seen + timedelta(milliseconds=10), {"tipo": "Error", "mensagem": "x"}
                )


def _uses(version: int) -> Iterator[dict[str, Any]]:
    """Yield who was given the variant of the plan and who was not, and who bought: one in eight."""
    for person in range(400):
        user, now = f"pix-{version}-{person}", datetime.now(UTC)
        variant = "on" if person % 4 == 0 else "off"
        told = {"flag": "pix_parcelado", "variant": variant, "version": version, "reason": "SPLIT"}
        told |= {"rule_id": "rollout.2" if variant == "on" else ""}
        yield _event("flag_exposta", user, now, told)
        if person // 4 % 8 == 0:
            sale = {"venda_id": f"v-{user}", "valor": "120.00", "moeda": "BRL", "metodo_pagamento": "pix"}
            yield _event("venda_criada", user, now, sale | {"itens_count": 1})


def _event(name: str, user: str, at: datetime, properties: dict[str, Any]) -> dict[str, Any]:
    made = {"id": str(uuid7()), "name": name, "tenant": "acme", "user_id": user, "occurred_at": at.isoformat()}
    return made | {"properties": properties}
