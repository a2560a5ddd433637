"""A resource is read: who says what, and what kubectl has made of bare words."""

from typing import Any

from mirante.evaluation.model import Violation

from services.controller.resource import OnDrift, Owner, Ownership, wanted_of


def resource(spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    """A resource as the API server has it."""
    return {"metadata": {"namespace": "vendas", "name": "nova-ui", "generation": 2, **metadata}, "spec": spec}


def test_the_definition_is_what_is_left_without_our_own_fields() -> None:
    """Everything else goes to the flag service under the name that it has."""
    spec: dict[str, Any] = {
        "environment": "production",
        "key": "nova_ui",
        "killed": True,
        "kill_reason": "erro",
        "ownership": {"owner": "git", "on_drift": "report", "on_delete": "archive"},
        "on": True,
        "owner": "time-vendas",
    }
    wanted = wanted_of(resource(spec))
    assert wanted.definition == {"on": True, "owner": "time-vendas"}
    assert (wanted.environment, wanted.key, wanted.killed, wanted.kill_reason) == (
        "production",
        "nova_ui",
        True,
        "erro",
    )
    assert wanted.ownership == Ownership(Owner.GIT, OnDrift.REPORT, archives=True)
    assert wanted_of(resource({"environment": "production"})).key == "nova-ui"


def test_managers_are_those_who_wrote_the_fields_last() -> None:
    """A controller's own writes, and those of status, are nobody's wish."""

    def wrote(manager: str, hour: int, *fields: str, **more: str) -> dict[str, Any]:
        spec: dict[str, Any] = {"f:spec": {f"f:{name}": {} for name in fields}}
        return {"manager": manager, "time": f"2026-11-25T{hour:02}:00:00Z", "fieldsV1": spec, **more}

    managers = [
        wrote("argocd", 8, "on", "rules"),
        wrote("kubectl-patch", 9, "killed"),
        wrote("mirante-controller", 10, "on"),
        wrote("someone", 11, "on", subresource="status"),
    ]
    wanted = wanted_of(resource({"environment": "production"}, managedFields=managers))
    assert (wanted.changed_by, wanted.killed_by) == ("kubectl-patch", "kubectl-patch")
    wanted = wanted_of(resource({"environment": "production"}, managedFields=managers[:1]))
    assert (wanted.changed_by, wanted.killed_by) == ("argocd", "kubectl")


def test_bare_words_that_became_booleans_are_named() -> None:
    """In YAML 1.1, which kubectl reads, on and off are booleans; values of variants and conditions may be such."""
    spec: dict[str, Any] = {
        "environment": "production",
        "fallthrough": False,
        "rules": [
            {"conditions": [{"operator": "in", "values": [True]}], "serve": True},
            {"serve": {"rollout": {"splits": {"true": "100%"}}}},
        ],
        "variants": {"sim": True},
    }
    assert wanted_of(resource(spec)).problems == [
        Violation("spec.fallthrough", 'is false: put the name in quotes, "off"'),
        Violation("spec.rules[0].serve", 'is true: put the name in quotes, "on"'),
        Violation("spec.rules[1].serve.rollout.splits", 'names "true" or "false": put on and off in quotes'),
    ]
