"""GrowthBook's Python SDK; one instance whose attributes are set for each user, which is its faster way."""

from collections.abc import Sequence
from importlib.metadata import version

from growthbook import GrowthBook

from benchmarks.evaluators.cases import OTHER_PLANS, OTHER_REGIONS, PLANS, REGIONS, SALT, USERS, Ask, User

VERSION = version("growthbook")


def prepare() -> tuple[Sequence[User], dict[str, Ask]]:
    """Return the users and, by case, how to ask."""
    quarter = {"force": True, "coverage": 0.25, "hashAttribute": "id", "seed": SALT, "hashVersion": 2}
    thirds = {
        "variations": ["red", "green", "blue"],
        "weights": [0.5, 0.3, 0.2],
        "hashAttribute": "id",
        "seed": SALT,
        "hashVersion": 2,
    }
    features = {
        "static": {"defaultValue": True},
        "rule": {"defaultValue": False, "rules": [{"condition": _condition(PLANS, REGIONS), "force": True}]},
        "percentage": {
            "defaultValue": False,
            "rules": [{"condition": _condition(OTHER_PLANS, OTHER_REGIONS), "force": True}, quarter],
        },
        "three_variants": {"defaultValue": "red", "rules": [thirds]},
    }
    growthbook = GrowthBook(features=features)

    def ask(key: str, user: User) -> object:
        growthbook.set_attributes(user)
        return growthbook.eval_feature(key)

    return USERS, {case: lambda user, case=case: ask(case, user) for case in features}  # type: ignore[misc]


def _condition(plans: Sequence[str], regions: Sequence[str]) -> dict[str, object]:
    return {"plan": {"$in": plans}, "regiao": {"$in": regions}}
