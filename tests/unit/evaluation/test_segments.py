import pytest
from mirante import evaluation
from mirante.evaluation import Context, EvaluationError, Reason, Segment
from mirante.evaluation.model import Condition, Operator
from mirante.evaluation.ruleset import Ruleset

from tests.unit.evaluation.definitions import STAMP, answer, condition, flag, in_segment, matches, members, needs, rule

PREMIUM = condition("plano", Operator.IN, "premium")
SOUTH = condition("regiao", Operator.IN, "sul")


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({"targeting_key": "ana"}, True),
        ({"tenant_id": "acme"}, True),
        ({"tenant_id": 77}, True),
        ({"targeting_key": "bia"}, False),
        ({"targeting_key": "ana", "tenant_id": "banida"}, False),
        ({"plano": "premium", "regiao": "sul"}, True),
        ({"plano": "premium"}, False),
        ({"email": "x@vendas.com"}, True),
        ({"email": "x@vendas.com", "tenant_id": "banida"}, False),
        ({}, False),
        ({"targeting_key": None}, False),
        ({"targeting_key": ["ana"]}, False),
    ],
)
def test_excluded_before_included_before_rules(context: Context, expected: bool) -> None:
    """Excluded wins over included, included over the rules, and any rule whose conditions all hold suffices."""
    segment = Segment(
        "s",
        included=(members("ana"), members("acme", "77", attribute="tenant_id")),
        excluded=(members("banida", attribute="tenant_id"),),
        rules=((PREMIUM, SOUTH), (condition("email", Operator.ENDS_WITH, "@vendas.com"),)),
    )
    assert matches(in_segment("s"), context, segment) is expected
    assert matches(in_segment("s", negate=True), context, segment) is not expected


def test_several_keys_mean_any_of_them() -> None:
    """A condition on several segments holds for the members of any."""
    first, second = Segment("a", included=(members("ana"),)), Segment("b", included=(members("bia"),))
    asked = in_segment("a", "b")
    found = [key for key in ("ana", "bia", "caio") if matches(asked, {"targeting_key": key}, first, second)]
    assert found == ["ana", "bia"]
    asked = in_segment("a", "b", negate=True)
    found = [key for key in ("ana", "bia", "caio") if matches(asked, {"targeting_key": key}, first, second)]
    assert found == ["caio"]


def test_nested_segments() -> None:
    """A segment's rules may name segments, negated too."""
    inner = Segment("interno", included=(members("ana", "bia"),))
    banned = Segment("banidos", included=(members("bia"),))
    outer = Segment("equipe", rules=((in_segment("interno"), in_segment("banidos", negate=True)),))
    found = [
        key
        for key in ("ana", "bia", "caio")
        if matches(in_segment("equipe"), {"targeting_key": key}, inner, banned, outer)
    ]
    assert found == ["ana"]


def test_nested_segments_follow_their_replacement() -> None:
    """Replacing the inner segment changes the outer one, which is not compiled again."""
    outer = Segment("equipe", rules=((in_segment("interno"),),))
    tested = flag(fallthrough="off", rules=(rule("on", in_segment("equipe")),))
    before = evaluation.compile([tested], [outer, Segment("interno", included=(members("ana"),))], STAMP)
    after = before.replaced(stamp=STAMP, segments=[Segment("interno", included=(members("bia"),))])

    def values(rules: Ruleset) -> list[object]:
        return [evaluation.evaluate(rules, "flag", {"targeting_key": key}, 0.0).value for key in ("ana", "bia")]

    assert (values(before), values(after)) == ([True, False], [False, True])
    assert after.segments["equipe"] is before.segments["equipe"]


def test_unknown_segment_has_no_members() -> None:
    """Nobody belongs to a segment that does not exist; writing such a flag is refused."""
    assert matches(in_segment("nenhum"), {"targeting_key": "ana"}) is False
    assert matches(in_segment("nenhum", negate=True), {"targeting_key": "ana"}) is True


@pytest.mark.parametrize("negate", [False, True])
def test_broken_segment_fails_the_flags_that_ask(negate: bool) -> None:
    """Where nobody can say who belongs there is no answer: neither everybody nor nobody is let in."""
    broken = Segment("s", rules=((condition("a", Operator.MATCHES, "("),),))
    asks = flag(fallthrough="off", targets=(), rules=(rule("on", PREMIUM, in_segment("s", negate=negate)),))
    failed = answer(asks, broken, context={"plano": "premium"})
    assert (failed.reason, failed.error, failed.value) == (Reason.ERROR, EvaluationError.INVALID_DEFINITION, None)
    assert failed.error_message.startswith("segments[s]: ")
    assert answer(asks, broken, context={"plano": "free"}).value is False


def test_broken_segment_fails_prerequisites_and_nothing_else() -> None:
    """A flag that needs one which cannot be evaluated serves its off variant; others go on."""
    rules = evaluation.compile(
        [
            flag("asks", rules=(rule("on", in_segment("s")),)),
            flag("child", prerequisites=(needs("asks"),)),
            flag("other"),
        ],
        [],
        STAMP,
    ).replaced(stamp=STAMP, broken_segments={"s": "unknown operator 99"})
    found = {key: evaluation.evaluate(rules, key, {}, 0.0).reason for key in rules.flags}
    assert found == {"asks": Reason.ERROR, "child": Reason.PREREQUISITE_FAILED, "other": Reason.STATIC}
    assert evaluation.evaluate(rules, "asks", {}, 0.0).error_message == "segments[s]: unknown operator 99"


def test_segment_in_circles_is_an_error_and_no_crash() -> None:
    """Definitions that nobody checked may go in circles: that is an answer too."""

    def nested(key: str) -> Condition:
        return in_segment(key)

    circle = [Segment("a", rules=((nested("b"),),)), Segment("b", rules=((nested("a"),),))]
    failed = answer(flag(rules=(rule("on", nested("a")),)), *circle)
    assert failed.error is EvaluationError.INVALID_DEFINITION
