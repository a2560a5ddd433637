"""PostHog's Python SDK, local evaluation with the definitions handed to it, without events."""

from collections.abc import Sequence
from importlib.metadata import version

from posthog import Posthog

from benchmarks.evaluators.cases import OTHER_PLANS, OTHER_REGIONS, PLANS, REGIONS, USERS, Ask, User

VERSION = version("posthog")


def prepare() -> tuple[Sequence[User], dict[str, Ask]]:
    """Return the users and, by case, how to ask."""
    everybody = {"properties": [], "rollout_percentage": 100}
    thirds = [("red", 50), ("green", 30), ("blue", 20)]
    multivariate = {"variants": [{"key": key, "rollout_percentage": share} for key, share in thirds]}
    groups = {
        "static": {"groups": [everybody]},
        "rule": {"groups": [_group(PLANS, REGIONS)]},
        "percentage": {"groups": [_group(OTHER_PLANS, OTHER_REGIONS), {"properties": [], "rollout_percentage": 25}]},
        "three_variants": {"groups": [everybody], "multivariate": multivariate},
    }
    client = Posthog("offline", host="http://127.0.0.1:9", sync_mode=True, send=False)
    client.feature_flags = [
        {"id": number, "key": case, "active": True, "filters": filters}
        for number, (case, filters) in enumerate(groups.items())
    ]

    def ask(key: str, user: User) -> object:
        return client.get_feature_flag(
            key, user["id"], person_properties=user, only_evaluate_locally=True, send_feature_flag_events=False
        )

    return USERS, {case: lambda user, case=case: ask(case, user) for case in groups}  # type: ignore[misc]


def _group(plans: Sequence[str], regions: Sequence[str]) -> dict[str, object]:
    properties = [
        {"key": "plan", "value": plans, "operator": "exact", "type": "person"},
        {"key": "regiao", "value": regions, "operator": "exact", "type": "person"},
    ]
    return {"properties": properties, "rollout_percentage": 100}
