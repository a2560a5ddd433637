"""What pictures of experiments and rollouts show: a test with a winner, a draft, and plans on their way and stopped."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from mirante.telemetry.event_id import uuid7

from tests.support.earlier_experiment import begin_earlier

_EXPERIMENTS: Final = "mirante.api.metrics.v1.ExperimentService"
_ROLLOUTS: Final = "mirante.api.flags.v1.RolloutService"
_FLAGS: Final = "mirante.api.flags.v1.FlagAdminService"
_KEY: Final = "cta_nova_venda"
_AGO: Final = timedelta(days=24)
_LEAST_UNITS: Final = 1_000
_PEOPLE: Final = 200
"""Who meets the variant that fails, and who does not."""
_PATIENCE_SECONDS: Final = 600.0


_STAGES: Final[Sequence[Mapping[str, Any]]] = [
    {"name": f"{percent} %", "coverage": percent * 1_000, "soak": "172800s", "needsApproval": percent == 50}
    for percent in (10, 25, 50, 100)
]


class ExperimentScene:
    """
    Asks the admin API.

    Args:
        http: in which an admin is logged in.
        server_key: with which a backend sends events.
        home: of the Mirante, whose demo has its history.
    """

    def __init__(self, http: httpx.AsyncClient, server_key: str, home: Path) -> None:
        self._http = http
        self._server_key = server_key
        self._home = home

    async def prepare(self) -> dict[str, str]:
        """Bring everything about that the pictures show; return where it stands."""
        await self._ask(f"{_EXPERIMENTS}/CreateExperiment", experiment=_DESIGN)
        await self._ask(f"{_EXPERIMENTS}/StartExperiment", experimentKey=_KEY)
        await begin_earlier(self._home, _KEY, _AGO)
        draft = f"{_KEY}_2"
        await self._ask(f"{_EXPERIMENTS}/CreateExperiment", experiment=_DESIGN | {"key": draft})
        breached = await self._breached()
        rollout = await self._rollout()
        await self._until_all_are_counted()
        return {"experiment": _KEY, "draft": draft, "rollout": rollout, "breached": breached}

    async def _breached(self) -> str:
        """Return the id of a plan that has killed its flag."""
        key = "busca_inteligente"
        made = await self._plan(key, _STAGES)
        await self._send(list(_failing(key, int(made["flagVersion"]))))
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while (await self._found(made["id"]))["state"] != "ROLLOUT_STATE_BREACHED":
            if time.monotonic() > deadline:
                raise TimeoutError("the guard never saw the errors")
            await asyncio.sleep(0.2)
        return str(made["id"])

    async def _rollout(self) -> str:
        """Return the id of a plan at its second stage."""
        made = await self._plan("pix_parcelado", _STAGES)
        step = {"rolloutId": made["id"], "stage": 2, "comment": "nenhum erro no piloto"}
        served = (await self._ask(f"{_ROLLOUTS}/StepRollout", **step))["rollout"]
        await self._send(list(_uses(int(served["flagVersion"]))))
        return str(made["id"])

    async def _plan(self, key: str, stages: Sequence[Mapping[str, Any]]) -> Any:
        """Make a flag, and start a plan for it; return the plan."""
        await self._flag(key)
        tripwire = {"measure": "TRIPWIRE_MEASURE_ACTOR_SHARE", "events": ["erro_frontend"], "limit": 0.05}
        guards: list[dict[str, Any]] = [
            {"name": "erros", "tripwire": tripwire, "action": "GUARD_ACTION_KILL"},
            {"name": "vendas", "guardrail": {"events": ["venda_criada"], "harm": "HARM_DIRECTION_LESS"}},
            {"name": "sorteio", "sampleRatio": {}},
        ]
        plan = {"flagKey": key, "variant": "on", "stages": list(stages), "guards": guards}
        made = (await self._ask(f"{_ROLLOUTS}/CreateRollout", plan=plan))["rollout"]
        return (await self._ask(f"{_ROLLOUTS}/StartRollout", rolloutId=made["id"]))["rollout"]

    async def _found(self, rollout_id: str) -> Any:
        return (await self._ask(f"{_ROLLOUTS}/GetRollout", rolloutId=rollout_id))["rollout"]

    async def _flag(self, key: str) -> None:
        variants = [{"name": name, "value": {"boolValue": name == "on"}} for name in ("off", "on")]
        flag = {"key": key, "type": "FLAG_TYPE_BOOL", "variants": variants, "on": True, "offVariant": "off"}
        await self._ask(f"{_FLAGS}/CreateFlag", flag=flag | {"fallthrough": {"variant": "off"}})

    async def _until_all_are_counted(self) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            results = (await self._ask(f"{_EXPERIMENTS}/GetResults", experimentKey=_KEY))["results"]
            if all(int(arm.get("units", 0)) > _LEAST_UNITS for arm in results["metrics"][0]["arms"]):
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"the experiment never had its people: {results['metrics'][0]['arms']}")
            await asyncio.sleep(1)

    async def _send(self, events: list[dict[str, Any]]) -> None:
        headers = {"Authorization": f"Bearer {self._server_key}"}
        (await self._http.post("/v1/events", json={"events": events}, headers=headers)).raise_for_status()

    async def _ask(self, method: str, **fields: Any) -> Any:
        answer = await self._http.post(f"/api/{method}", json={"environment": "production", **fields})
        assert answer.status_code == 200, f"{method}: {answer.text}"
        return answer.json()


_DESIGN: Final[dict[str, Any]] = {
    "key": _KEY,
    "hypothesis": "“Criar Venda” diz melhor do que “Nova Venda” o que o botão faz, e mais gente o usa no mesmo dia",
    "owner": "time-vendas",
    "flagKey": _KEY,
    "control": "control",
    "arms": [{"variant": variant, "weight": 50} for variant in ("control", "experimental")],
    "primary": {
        "key": "usou_o_botao",
        "name": "Usou o botão de nova venda",
        "proportion": {"event": "botao_nova_venda_clicado"},
        "window": "600s",
    },
    "guardrails": [
        {
            "key": "erros",
            "name": "Viu um erro",
            "proportion": {"event": "erro_frontend"},
            "window": "86400s",
            "direction": "METRIC_DIRECTION_LOWER_IS_BETTER",
            "margin": 0.02,
        }
    ],
    "rules": {"method": "DECISION_METHOD_HYBRID", "plannedUnits": "1500", "minimumEffect": 0.02},
}


def _failing(flag: str, version: int) -> Iterator[dict[str, Any]]:
    """Yield who was given a variant that fails, and the errors of most of them."""
    for person in range(_PEOPLE):
        user, variant = f"busca-{version}-{person}", "on" if person % 10 == 1 else "off"
        told = {"flag": flag, "variant": variant, "version": version, "reason": "SPLIT"}
        now = datetime.now(UTC)
        yield _event("flag_exposta", user, now, told | {"rule_id": "rollout.1" if variant == "on" else ""})
        if variant == "on" and person % 20 == 1:
            error = {"tipo": "TypeError", "mensagem": "demo: sugestoes is undefined"}
            yield _event("erro_frontend", user, now, error)


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
