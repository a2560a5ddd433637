"""LaunchDarkly's Python SDK, offline through its own file data source, without events."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import ldclient
from ldclient.config import Config
from ldclient.integrations import Files

from benchmarks.evaluators.cases import OTHER_PLANS, OTHER_REGIONS, PLANS, REGIONS, SALT, USERS, Ask

VERSION = version("launchdarkly-server-sdk")

_QUARTER = {"rollout": {"variations": [{"variation": 0, "weight": 25_000}, {"variation": 1, "weight": 75_000}]}}
_THIRDS = {"rollout": {"variations": [{"variation": v, "weight": w} for v, w in enumerate((50_000, 30_000, 20_000))]}}


def prepare() -> tuple[Sequence[object], dict[str, Ask]]:
    """Return the users and, by case, how to ask."""
    flags = {
        "static": _flag("static", {"variation": 0}),
        "rule": _flag("rule", {"variation": 1}, [_rule(PLANS, REGIONS)]),
        "percentage": _flag("percentage", _QUARTER, [_rule(OTHER_PLANS, OTHER_REGIONS)]),
        "three_variants": {**_flag("three_variants", _THIRDS), "variations": ["red", "green", "blue"]},
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flags.json"
        path.write_text(json.dumps({"flags": flags}))
        source = Files.new_data_source(paths=[str(path)])
        client = ldclient.LDClient(Config("offline", update_processor_class=source, send_events=False), start_wait=5)
    users = [
        ldclient.Context.builder(user["id"]).set("plan", user["plan"]).set("regiao", user["regiao"]).build()
        for user in USERS
    ]
    return users, {
        case: lambda user, case=case: client.variation_detail(case, user, None)  # type: ignore[misc]
        for case in flags
    }


def _flag(key: str, fallthrough: Mapping[str, object], rules: Sequence[object] = ()) -> dict[str, object]:
    return {
        "key": key,
        "version": 1,
        "on": True,
        "salt": SALT,
        "variations": [True, False],
        "offVariation": 1,
        "fallthrough": fallthrough,
        "rules": list(rules),
    }


def _rule(plans: Sequence[str], regions: Sequence[str]) -> dict[str, object]:
    clauses = [
        {"contextKind": "user", "attribute": "plan", "op": "in", "values": plans},
        {"contextKind": "user", "attribute": "regiao", "op": "in", "values": regions},
    ]
    return {"id": "r1", "variation": 0, "clauses": clauses}
