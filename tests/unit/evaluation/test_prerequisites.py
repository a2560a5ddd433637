from typing import Any

import pytest
from mirante import evaluation
from mirante.evaluation import EvaluationError, Flag, Reason
from mirante.evaluation.model import Bucketing, Operator

from tests.unit.evaluation.definitions import (
    NOW,
    STAMP,
    answer,
    colour_flag,
    condition,
    flag,
    needs,
    rollout,
    rule,
    ruleset,
    target,
)

CHILD = flag("child", prerequisites=(needs("parent", "on"),))
NOBODY = rollout({"on": 100_000}, coverage=0)


@pytest.mark.parametrize(
    ("fields", "fulfilled"),
    [
        ({}, True),
        ({"fallthrough": "off"}, False),
        ({"fallthrough": rollout({"on": 100_000})}, True),
        ({"fallthrough": NOBODY}, False),
        ({"targets": (target("on", "ana"),), "fallthrough": "off"}, True),
        ({"rules": (rule("on", condition("plano", Operator.IN, "premium")),), "fallthrough": "off"}, True),
        ({"rules": (rule("on", condition("plano", Operator.IN, "free")),), "fallthrough": "off"}, False),
        ({"killed": True}, False),
        ({"on": False}, False),
        ({"starts_at": NOW + 1}, False),
        ({"ends_at": NOW}, False),
        ({"starts_at": NOW, "ends_at": NOW + 1}, True),
        ({"fallthrough": rollout({"on": 100_000}, bucket_by="tenant_id")}, False),
        ({"prerequisites": (needs("missing"),)}, False),
    ],
    ids=str,
)
def test_parent_decides(fields: dict[str, Any], fulfilled: bool) -> None:
    """The parent has to serve one of the variants to the same context at the same time."""
    evaluated = answer(CHILD, flag("parent", **fields), context={"targeting_key": "ana", "plano": "premium"})
    expected = ("on", Reason.FALLTHROUGH) if fulfilled else ("off", Reason.PREREQUISITE_FAILED)
    assert (evaluated.variant, evaluated.reason) == expected


@pytest.mark.parametrize(
    "fields",
    [{"killed": True}, {"on": False}, {"starts_at": NOW + 1}, {"ends_at": NOW}, {"prerequisites": (needs("x"),)}],
)
def test_inactive_parent_fails_even_with_the_wanted_variant(fields: dict[str, Any]) -> None:
    """A parent that is killed, off, outside its times or blocked itself does not count, whatever it serves."""
    parent = flag("parent", off_variant="on", **fields)
    assert answer(parent).variant == "on"
    assert answer(CHILD, parent).reason is Reason.PREREQUISITE_FAILED


def test_uncovered_parent_counts_with_the_variant_it_serves() -> None:
    """A canary that does not cover the context is not off: its off variant may be the one that is needed."""
    parent = flag("parent", fallthrough=NOBODY)
    wants_off = flag("child", prerequisites=(needs("parent", "off"),))
    context = {"targeting_key": "ana"}
    assert answer(parent, context=context).reason is Reason.UNCOVERED
    assert answer(wants_off, parent, context=context).reason is Reason.FALLTHROUGH
    assert answer(CHILD, parent, context=context).reason is Reason.PREREQUISITE_FAILED


@pytest.mark.parametrize(
    "parent",
    [
        flag("parent", bucketing=Bucketing("a", "b", hash_version=2)),
        flag("parent", fallthrough="nenhuma"),
        flag("parent", rules=(rule("on", condition("a", Operator.MATCHES, "(")),)),
        flag("parent", fallthrough=rollout({"on": 1})),
    ],
)
def test_broken_parent(parent: Flag) -> None:
    """A parent that cannot be compiled fails alone; its children serve their off variant."""
    rules = ruleset(CHILD, parent, flag("other"))
    found = {key: evaluation.evaluate(rules, key, {}, NOW) for key in ("parent", "child", "other")}
    assert found["parent"].error is EvaluationError.INVALID_DEFINITION
    assert (found["child"].reason, found["child"].variant) == (Reason.PREREQUISITE_FAILED, "off")
    assert found["other"].reason is Reason.STATIC


def test_several_prerequisites_must_all_be_fulfilled() -> None:
    """One that fails is enough; several variants of one parent are alternatives."""
    child = flag("child", prerequisites=(needs("a"), needs("c", "red", "green")))
    for a_on, colour, reason in (
        (True, "red", Reason.FALLTHROUGH),
        (True, "green", Reason.FALLTHROUGH),
        (True, "blue", Reason.PREREQUISITE_FAILED),
        (False, "red", Reason.PREREQUISITE_FAILED),
    ):
        evaluated = answer(child, flag("a", on=a_on), colour_flag("c", fallthrough=colour))
        assert (colour, evaluated.reason) == (colour, reason)


def test_chain_follows_its_last_link() -> None:
    """What happens at the far end of a chain is seen at the near end, at once."""
    chain = [flag(f"f{n}", prerequisites=(needs(f"f{n + 1}"),)) for n in range(20)]
    rules = ruleset(*chain, flag("f20"))
    assert evaluation.evaluate(rules, "f0", {}, NOW).variant == "on"
    after = rules.replaced(stamp=STAMP, flags=[flag("f20", killed=True)])
    assert evaluation.evaluate(after, "f0", {}, NOW).reason is Reason.PREREQUISITE_FAILED
    assert evaluation.evaluate(rules, "f0", {}, NOW).variant == "on"


def test_circles_are_an_error_and_no_crash() -> None:
    """Definitions that nobody checked may go in circles: that is an answer too."""
    failed = answer(flag("a", prerequisites=(needs("b"),)), flag("b", prerequisites=(needs("a"),)))
    assert (failed.reason, failed.error) == (Reason.ERROR, EvaluationError.INVALID_DEFINITION)
