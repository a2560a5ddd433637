"""Statsig's SDK with the Rust core, fed from a data store in memory; values only (no details), exposures off."""

import json
from collections.abc import Sequence
from importlib.metadata import version

from statsig_python_core import (
    DynamicConfigEvaluationOptions,
    FeatureGateEvaluationOptions,
    Statsig,
    StatsigOptions,
    StatsigUser,
)
from statsig_python_core.data_store import DataStore, DataStoreResponse

from benchmarks.evaluators.cases import OTHER_PLANS, OTHER_REGIONS, PLANS, REGIONS, SALT, USERS, Ask

VERSION = version("statsig-python-core")

_TIME = 1_700_000_000_000


class _Specs(DataStore):
    """Hands out the definitions, which is how Statsig starts without its service."""

    def get(self, key: str) -> DataStoreResponse:  # noqa: ARG002 - one document, whatever it is called
        return DataStoreResponse(result=json.dumps(_specs()), time=_TIME)


def prepare() -> tuple[Sequence[StatsigUser], dict[str, Ask]]:
    """Return the users and, by case, how to ask."""
    options = StatsigOptions(data_store=_Specs(), disable_network=True, disable_all_logging=True, enable_id_lists=False)
    statsig = Statsig("secret-offline", options)
    statsig.initialize().wait()
    users = [StatsigUser(user_id=user["id"], custom={"plan": user["plan"], "regiao": user["regiao"]}) for user in USERS]
    gate, config = FeatureGateEvaluationOptions(True), DynamicConfigEvaluationOptions(True)
    asks: dict[str, Ask] = {
        case: lambda user, case=case: statsig.check_gate(user, case, gate)  # type: ignore[misc]
        for case in ("static", "rule", "percentage")
    }
    asks["three_variants"] = lambda user: statsig.get_dynamic_config(user, "three_variants", config)
    return users, asks


def _specs() -> dict[str, object]:
    return {
        "has_updates": True,
        "time": _TIME,
        "feature_gates": {
            "static": _gate([_rule("all", ["everybody"])]),
            "rule": _gate([_rule("match", ["plan", "region"])]),
            "percentage": _gate([_rule("match", ["other_plan", "other_region"]), _rule("share", ["everybody"], 25)]),
        },
        "dynamic_configs": {
            "three_variants": _gate(
                [
                    _rule("red", ["below_500"], value={"v": "red"}),
                    _rule("green", ["below_800"], value={"v": "green"}),
                    _rule("blue", ["everybody"], value={"v": "blue"}),
                ],
                kind="dynamic_config",
                default={},
            )
        },
        "layer_configs": {},
        "experiment_to_layer": {},
        "condition_map": {
            "everybody": _condition("public"),
            "plan": _condition("user_field", "any", PLANS, "plan"),
            "region": _condition("user_field", "any", REGIONS, "regiao"),
            "other_plan": _condition("user_field", "any", OTHER_PLANS, "plan"),
            "other_region": _condition("user_field", "any", OTHER_REGIONS, "regiao"),
            "below_500": _condition("user_bucket", "lt", 500),
            "below_800": _condition("user_bucket", "lt", 800),
        },
    }


def _gate(rules: Sequence[object], kind: str = "feature_gate", default: object = False) -> dict[str, object]:
    return {
        "type": kind,
        "salt": SALT,
        "enabled": True,
        "defaultValue": default,
        "rules": list(rules),
        "idType": "userID",
        "entity": kind,
    }


def _rule(name: str, conditions: Sequence[str], share: float = 100, value: object = True) -> dict[str, object]:
    return {
        "name": name,
        "id": name,
        "salt": name,
        "passPercentage": share,
        "conditions": list(conditions),
        "returnValue": value,
        "idType": "userID",
    }


def _condition(kind: str, operator: str | None = None, target: object = None, field: str | None = None) -> object:
    return {
        "type": kind,
        "operator": operator,
        "targetValue": target,
        "field": field,
        "additionalValues": {"salt": SALT},
        "idType": "userID",
    }
