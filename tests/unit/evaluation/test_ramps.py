"""Raising a percentage never moves anybody who is in."""

from hypothesis import given
from hypothesis import strategies as st
from mirante.evaluation import Flag, Reason
from mirante.evaluation.model import Bucketing, BucketRange

from tests.unit.evaluation.definitions import answer, colour_flag, flag, rollout
from tests.unit.evaluation.strategies import SETTINGS, encodable, weights

salts = encodable.filter(bool)
users = st.lists(encodable.filter(bool), min_size=1, max_size=30, unique=True)
THREE = {"red": 20_000, "green": 30_000, "blue": 50_000}


def variants(tested: Flag, keys: list[str]) -> dict[str, str]:
    """The variant of each user who takes part."""
    found = {key: answer(tested, context={"targeting_key": key}) for key in keys}
    return {key: each.variant for key, each in found.items() if each.reason is Reason.SPLIT}


@SETTINGS
@given(salt=salts, keys=users, low=weights, high=weights)
def test_raising_coverage_adds_and_moves_nobody(salt: str, keys: list[str], low: int, high: int) -> None:
    """Everybody who took part still does, with the same variant."""
    low, high = sorted((low, high))
    bucketing = Bucketing(salt, f"{salt}-coverage")
    before, after = (
        variants(colour_flag(fallthrough=rollout(THREE, coverage=coverage), bucketing=bucketing), keys)
        for coverage in (low, high)
    )
    assert before.items() <= after.items()


@SETTINGS
@given(salt=salts, keys=users, low=weights, high=weights)
def test_raising_a_two_way_split_removes_nobody(salt: str, keys: list[str], low: int, high: int) -> None:
    """Who was on stays on."""
    low, high = sorted((low, high))
    before, after = (
        variants(
            flag(fallthrough=rollout({"on": share, "off": 100_000 - share}), bucketing=Bucketing(salt, "coverage")),
            keys,
        )
        for share in (low, high)
    )
    assert {key for key in keys if before[key] == "on"} <= {key for key in keys if after[key] == "on"}


@SETTINGS
@given(salt=salts, keys=users, low=weights, middle=weights, high=weights)
def test_coverage_within_a_layer(salt: str, keys: list[str], low: int, middle: int, high: int) -> None:
    """Raising the end of a range adds and moves nobody either."""
    first, second = sorted((max(low, 1), max(high, 1)))
    before, after = (
        variants(
            colour_flag(
                fallthrough=rollout(THREE, coverage=middle, range=BucketRange("layer", 0, end)),
                bucketing=Bucketing(salt, f"{salt}-coverage"),
            ),
            keys,
        )
        for end in (first, second)
    )
    assert before.items() <= after.items()


@SETTINGS
@given(salt=salts, keys=users, low=weights, high=weights)
def test_full_coverage_is_no_coverage(salt: str, keys: list[str], low: int, high: int) -> None:
    """At the end of a ramp, and with the number taken away, everybody has what the split says; at 0 nobody."""
    first, second = sorted((low, high))
    shares = {"red": first, "green": second - first, "blue": 100_000 - second}
    bucketing = Bucketing(salt, f"{salt}-coverage")
    full, unset, none = (
        variants(colour_flag(fallthrough=rollout(shares, coverage=coverage), bucketing=bucketing), keys)
        for coverage in (100_000, None, 0)
    )
    assert (full == unset, set(full), none) == (True, set(keys), {})
