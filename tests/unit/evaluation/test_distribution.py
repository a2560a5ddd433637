"""
Buckets are spread evenly, and those of one salt say nothing about those of another.

Salts and users are fixed, so each test always gives the same p-value. A sound hash fails one of these about once in a
thousand choices of salts.
"""

from collections import Counter

import pytest
from mirante import evaluation
from mirante.evaluation import Flag, bucket
from mirante.evaluation.model import Bucketing

from tests.unit.evaluation.chi_square import goodness_of_fit, independence, p_value
from tests.unit.evaluation.definitions import NOW, STAMP, colour_flag, rollout

SALTS = [f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}" for number in range(1, 11)]
NUMBERED = [f"user-{number}" for number in range(20_000)]
MAILS = [f"cliente{number}@loja{number % 97}.com.br" for number in range(20_000)]
IDS = [str(1_000_000_007 + 17 * number) for number in range(20_000)]
QUARTERS = {"red": 25_000, "green": 25_000, "blue": 25_000, "none": 25_000}
THRESHOLD = 0.001 / len(SALTS)


def drawn(flags: list[Flag], users: list[str]) -> list[tuple[str, ...]]:
    """The variants that each user gets of all flags."""
    rules = evaluation.compile(flags, [], STAMP)
    return [
        tuple([evaluation.evaluate(rules, flag.key, {"targeting_key": user}, NOW).variant for flag in flags])
        for user in users
    ]


@pytest.mark.parametrize("users", [NUMBERED, MAILS, IDS], ids=["numbered", "mails", "ids"])
@pytest.mark.parametrize("salt", SALTS)
def test_buckets_are_uniform(salt: str, users: list[str]) -> None:
    """A hundred equal ranges of buckets get equal shares of users."""
    counts = Counter(bucket(salt, user) // 1_000 for user in users)
    observed = [counts[number] for number in range(100)]
    assert goodness_of_fit(observed, [len(users) / 100] * 100) > THRESHOLD


@pytest.mark.parametrize("salt", SALTS)
def test_variants_get_their_shares(salt: str) -> None:
    """Uneven weights are met through the whole evaluation."""
    shares = {"red": 1_000, "green": 9_000, "blue": 33_333, "none": 56_667}
    found = drawn([colour_flag(fallthrough=rollout(shares), bucketing=Bucketing(salt, "coverage"))], NUMBERED)
    counts = Counter(variant for (variant,) in found)
    observed = [counts[variant] for variant in shares]
    assert goodness_of_fit(observed, [len(NUMBERED) * share / 100_000 for share in shares.values()]) > THRESHOLD


def table(pairs: list[tuple[str, ...]]) -> list[list[int]]:
    """The contingency table of pairs."""
    counts = Counter(pairs)
    rows, columns = (sorted({pair[side] for pair in pairs}) for side in (0, 1))
    return [[counts[row, column] for column in columns] for row in rows]


@pytest.mark.parametrize(("one", "other"), list(zip(SALTS, SALTS[1:] + SALTS[:1], strict=True)))
def test_flags_are_independent(one: str, other: str) -> None:
    """What a user gets of one flag says nothing about what the user gets of another."""
    flags = [colour_flag(salt, fallthrough=rollout(QUARTERS), bucketing=Bucketing(salt, "c")) for salt in (one, other)]
    assert independence(table(drawn(flags, NUMBERED))) > THRESHOLD


@pytest.mark.parametrize("salt", SALTS)
def test_coverage_is_independent_of_the_split(salt: str) -> None:
    """Who takes part early is no special part of a variant."""
    everybody = colour_flag("all", fallthrough=rollout(QUARTERS), bucketing=Bucketing(salt, f"{salt}-c"))
    covered = colour_flag(
        "part", fallthrough=rollout({"red": 100_000}, coverage=10_000), bucketing=Bucketing("any", f"{salt}-c")
    )
    assert independence(table(drawn([everybody, covered], NUMBERED))) > THRESHOLD


def test_the_tests_would_notice() -> None:
    """One salt for two decisions, or shares that are a little off, are found out."""
    flags = [colour_flag(key, fallthrough=rollout(QUARTERS), bucketing=Bucketing("same", "c")) for key in "ab"]
    assert independence(table(drawn(flags, NUMBERED))) < 1e-12
    assert goodness_of_fit([5_300, 4_900, 4_900, 4_900], [5_000] * 4) < THRESHOLD


@pytest.mark.parametrize(
    ("statistic", "degrees", "expected"),
    [(27.877, 9, 0.001), (16.919, 9, 0.05), (148.230, 99, 0.001), (123.225, 99, 0.05), (16.266, 3, 0.001)],
)
def test_p_values_are_those_of_the_tables(statistic: float, degrees: int, expected: float) -> None:
    """Published critical values come back within a fifth."""
    assert p_value(statistic, degrees) == pytest.approx(expected, rel=0.2)
