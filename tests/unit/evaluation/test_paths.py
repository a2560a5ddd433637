from types import MappingProxyType

import pytest
from mirante.evaluation import Context, EvaluationError, Segment
from mirante.evaluation.model import Operator

from tests.unit.evaluation.definitions import answer, condition, flag, matches, members, rollout, target


@pytest.mark.parametrize(
    ("attribute", "context", "expected"),
    [
        ("/plano", {"plano": "premium"}, True),
        ("/empresa/plano", {"empresa": {"plano": "premium"}}, True),
        ("/empresa/plano", {"empresa": MappingProxyType({"plano": "premium"})}, True),
        ("/a/b/c/d", {"a": {"b": {"c": {"d": "premium"}}}}, True),
        ("/empresa/plano", {"empresa": {"plano": "free"}}, False),
        ("/empresa/plano", {"empresa": {}}, False),
        ("/empresa/plano", {"empresa": "premium"}, False),
        ("/empresa/plano", {"empresa": None}, False),
        ("/empresa/plano", {"empresa": ["premium"]}, False),
        ("/empresa/0", {"empresa": ["premium"]}, False),
        ("/empresa/plano", {"empresa/plano": "premium"}, False),
        ("/empresa/plano", {"/empresa/plano": "premium"}, False),
        ("/empresa/plano/nome", {"empresa": {"plano": "premium"}}, False),
        ("empresa/plano", {"empresa/plano": "premium"}, True),
        ("empresa.plano", {"empresa.plano": "premium"}, True),
        ("empresa/plano", {"empresa": {"plano": "premium"}}, False),
    ],
)
def test_paths(attribute: str, context: Context, expected: bool) -> None:
    """A leading slash walks through maps by name; without it the whole text is one name."""
    assert matches(condition(attribute, Operator.IN, "premium"), context) is expected


def test_paths_in_targets_segments_and_rollouts() -> None:
    """Every place that names an attribute takes a path."""
    context = {"empresa": {"id": "acme"}}
    targeted = flag(fallthrough="off", targets=(target("on", "acme", attribute="/empresa/id"),))
    assert answer(targeted, context=context).value is True
    listed = Segment("s", included=(members("acme", attribute="/empresa/id"),))
    assert matches(condition("", Operator.IN_SEGMENT, "s"), context, listed) is True
    for share in (
        rollout({"on": 100_000}, bucket_by="/empresa/id", coverage=99_999),
        rollout({"on": 100_000}, bucket_by="/empresa/id"),
    ):
        drawn = flag(fallthrough=share)
        assert answer(drawn, context=context).variant == "on"
        missing = answer(drawn, context={"empresa": {}})
        assert (missing.error, "context./empresa/id" in missing.error_message) == (
            EvaluationError.TARGETING_KEY_MISSING,
            True,
        )
