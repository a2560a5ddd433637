import datetime
from typing import Any

import pytest
from mirante.evaluation import EvaluationError, Reason
from mirante.evaluation.bucketing import bucket
from mirante.evaluation.model import AttributeValue, Bucketing, BucketRange, Operator

from tests.unit.evaluation.definitions import BUCKETING, answer, colour_flag, condition, flag, rollout, rule

USERS = [f"user-{number}" for number in range(2_000)]
THREE = {"red": 20_000, "green": 30_000, "blue": 50_000}


def expected_variant(salt: str, user: str) -> str:
    """Where a user falls among THREE, by the published formula."""
    position = bucket(salt, user)
    return "red" if position < 20_000 else "green" if position < 50_000 else "blue"


def test_split_follows_the_bucket_formula() -> None:
    """Each user gets the variant in whose share the bucket lies, in the order of the splits."""
    tested = colour_flag(fallthrough=rollout(THREE))
    for user in USERS:
        evaluated = answer(tested, context={"targeting_key": user})
        assert (evaluated.variant, evaluated.reason) == (expected_variant(BUCKETING.salt, user), Reason.SPLIT)


@pytest.mark.parametrize(
    ("user", "position"), [("ejOoVL", 0), ("SI7p-", 49_999), ("6LvT0", 50_000), ("ceQdGm", 99_999)]
)
def test_split_at_exact_buckets(user: str, position: int) -> None:
    """With an empty salt the published texts fall exactly beside the ends of the shares."""
    bucketing = Bucketing("", "coverage")
    for end in {max(position, 1), min(position + 1, 99_999)}:
        tested = flag(fallthrough=rollout({"on": end, "off": 100_000 - end}), bucketing=bucketing)
        expected = "on" if position < end else "off"
        assert answer(tested, context={"targeting_key": user}).variant == expected


@pytest.mark.parametrize(
    ("weights", "variant"),
    [({"on": 100_000}, "on"), ({"on": 0, "off": 100_000}, "off"), ({"off": 0, "on": 100_000, "x": 0}, "on")],
)
def test_shares_of_nothing_and_all(weights: dict[str, int], variant: str) -> None:
    """A weight of 0 is never served, at either end of the range."""
    tested = flag(
        variants={"on": True, "off": False, "x": False}, fallthrough=rollout(weights), bucketing=Bucketing("", "c")
    )
    for user in ("ejOoVL", "SI7p-", "6LvT0", "ceQdGm"):
        assert answer(tested, context={"targeting_key": user}).variant == variant


def test_coverage_and_split_use_their_own_salts() -> None:
    """A tenth takes part by the coverage salt; within it the split is as it is for everybody."""
    tested = colour_flag(fallthrough=rollout(THREE, coverage=10_000))
    for user in USERS:
        evaluated = answer(tested, context={"targeting_key": user})
        if bucket(BUCKETING.coverage_salt, user) < 10_000:
            expected = (expected_variant(BUCKETING.salt, user), Reason.SPLIT)
        else:
            expected = ("none", Reason.UNCOVERED)
        assert (evaluated.variant, evaluated.reason) == expected


def test_covered_users_meet_all_variants() -> None:
    """With one salt a coverage of 10 % would put everybody into the first variant; with two it does not."""
    tested = flag(fallthrough=rollout({"on": 50_000, "off": 50_000}, coverage=10_000))
    found = [answer(tested, context={"targeting_key": user}) for user in USERS]
    shares = [each.variant for each in found if each.reason is Reason.SPLIT]
    assert shares.count("on") > len(shares) / 3
    assert shares.count("off") > len(shares) / 3


def test_uncovered_by_a_rule_goes_on() -> None:
    """Who is not covered by a rule's rollout is asked by the next rule, and at last by the fallthrough."""
    everybody = condition("targeting_key", Operator.EXISTS)
    tested = colour_flag(
        rules=(
            rule(rollout({"red": 100_000}, coverage=0), rule_id="nobody"),
            rule(rollout({"green": 100_000}, coverage=50_000), everybody, rule_id="half"),
        ),
        fallthrough="blue",
    )
    for user in USERS[:200]:
        evaluated = answer(tested, context={"targeting_key": user})
        covered = bucket(BUCKETING.coverage_salt, user) < 50_000
        expected = ("green", Reason.SPLIT, "half") if covered else ("blue", Reason.FALLTHROUGH, "")
        assert (evaluated.variant, evaluated.reason, evaluated.rule_id) == expected


@pytest.mark.parametrize("border", [1, 25_000, 50_000, 99_999])
def test_layers_never_overlap(border: int) -> None:
    """Two flags with complementary ranges of one salt: everybody is in exactly one of them."""
    lower = flag("lower", fallthrough=rollout({"on": 100_000}, range=BucketRange("layer", 0, border)))
    upper = flag(
        "upper",
        fallthrough=rollout({"on": 100_000}, range=BucketRange("layer", border, 100_000)),
        bucketing=Bucketing("x", "y"),
    )
    for user in USERS:
        context = {"targeting_key": user}
        inside = [answer(lower, context=context).reason, answer(upper, context=context).reason]
        assert sorted(reason.name for reason in inside) == ["SPLIT", "UNCOVERED"]
        assert (inside[0] is Reason.SPLIT) == (bucket("layer", user) < border)


def test_range_and_coverage_both_have_to_hold() -> None:
    """A coverage inside a layer takes its share of the layer."""
    tested = flag(fallthrough=rollout({"on": 100_000}, coverage=30_000, range=BucketRange("layer", 0, 40_000)))
    for user in USERS:
        takes_part = bucket("layer", user) < 40_000 and bucket(BUCKETING.coverage_salt, user) < 30_000
        assert (answer(tested, context={"targeting_key": user}).reason is Reason.SPLIT) == takes_part


def test_bucket_by_tenant_flips_whole_companies() -> None:
    """Everybody of one tenant gets the variant of the tenant."""
    tested = colour_flag(fallthrough=rollout(THREE, bucket_by="tenant_id"))
    for tenant in ("acme", "beta", 7):
        found = {answer(tested, context={"targeting_key": user, "tenant_id": tenant}).variant for user in USERS[:50]}
        assert found == {expected_variant(BUCKETING.salt, str(tenant))}


@pytest.mark.parametrize(("value", "text"), [(42, "42"), (42.0, "42"), (0, "0"), (-3, "-3"), ("ação", "ação")])
def test_what_is_hashed(value: AttributeValue, text: str) -> None:
    """Integers and whole doubles are hashed as their decimals, strings as their UTF-8 bytes."""
    tested = colour_flag(fallthrough=rollout(THREE, bucket_by="id", coverage=99_999))
    plain = answer(tested, context={"id": text})
    assert answer(tested, context={"id": value}) == plain


def test_datetime_is_hashed_as_its_string() -> None:
    """As the service hashes what a message carries."""
    tested = colour_flag(fallthrough=rollout(THREE, bucket_by="id"))
    moment = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    assert answer(tested, context={"id": moment}) == answer(tested, context={"id": moment.isoformat()})


ROLLOUTS: list[dict[str, Any]] = [{}, {"coverage": 0}, {"coverage": 99_999}, {"range": BucketRange("layer", 0, 1)}]


@pytest.mark.parametrize("fields", ROLLOUTS, ids=str)
@pytest.mark.parametrize(
    ("context", "error", "need"),
    [
        ({}, EvaluationError.TARGETING_KEY_MISSING, "the percentage needs it"),
        ({"id": None}, EvaluationError.TARGETING_KEY_MISSING, "the percentage needs it"),
        ({"id": ""}, EvaluationError.TARGETING_KEY_MISSING, "the percentage needs it"),
        ({"id": True}, EvaluationError.INVALID_CONTEXT, "the percentage needs a string or an integer"),
        ({"id": 1.5}, EvaluationError.INVALID_CONTEXT, "the percentage needs a string or an integer"),
        ({"id": float("nan")}, EvaluationError.INVALID_CONTEXT, "the percentage needs a string or an integer"),
        ({"id": ["a"]}, EvaluationError.INVALID_CONTEXT, "the percentage needs a string or an integer"),
        ({"id": {}}, EvaluationError.INVALID_CONTEXT, "the percentage needs a string or an integer"),
    ],
    ids=str,
)
def test_nothing_to_hash(
    fields: dict[str, Any], context: dict[str, AttributeValue], error: EvaluationError, need: str
) -> None:
    """A percentage without an identity is an error that names the attribute, in a rule and at the fallthrough."""
    share = rollout({"on": 100_000}, bucket_by="id", **fields)
    for tested in (flag(fallthrough=share, version=3), flag(rules=(rule(share),), version=3)):
        failed = answer(tested, context=context)
        assert (failed.reason, failed.error, failed.error_message) == (Reason.ERROR, error, f"context.id: {need}")
        assert (failed.value, failed.variant, failed.flag_version, failed.revision) == (None, "", 3, 7)


@pytest.mark.parametrize("fields", ROLLOUTS, ids=str)
def test_lone_surrogate_is_an_error_and_no_crash(fields: dict[str, Any]) -> None:
    """A request's JSON may bring one into the targeting key; hashing it must not take the process down."""
    failed = answer(flag(fallthrough=rollout({"on": 100_000}, **fields)), context={"targeting_key": "a\ud800"})
    assert (failed.reason, failed.error) == (Reason.ERROR, EvaluationError.INVALID_CONTEXT)
    assert "\ud800" not in failed.error_message


@pytest.mark.parametrize("weights", [{"on": 99_999}, {"on": 50_000, "off": 50_001}, {"on": 0}, {}])
def test_weights_that_do_not_sum_break_the_definition(weights: dict[str, int]) -> None:
    """Unchecked weights are the definition's fault, never the context's."""
    assert answer(flag(fallthrough=rollout(weights))).error is EvaluationError.INVALID_DEFINITION
