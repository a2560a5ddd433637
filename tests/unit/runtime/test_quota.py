"""Quotas: token buckets on a clock of the test."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.runtime.access import Caller, Role
from services.runtime.calls.quota import Quotas, TokenBucket
from services.runtime.errors import Overloaded

ANA = Caller("key-ana", "ana", Role.SERVER, frozenset({"production"}), quota_per_second=10)
BIA = Caller("key-bia", "bia", Role.SERVER, frozenset({"production"}))


class Clock:
    """A clock that stands still until it is moved."""

    now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@given(st.lists(st.tuples(st.floats(0, 2), st.floats(0.01, 5)), max_size=50))
def test_a_bucket_never_grants_more_than_its_rate_and_one_burst(steps: list[tuple[float, float]]) -> None:
    """However the calls come, what was granted is what had been earned."""
    rate, now, granted = 3.0, 0.0, 0.0
    bucket = TokenBucket(rate, now)
    for wait, cost in steps:
        now += wait
        if bucket.take(cost, now) == 0:
            granted += cost
    largest = max((cost for _, cost in steps), default=0.0)
    assert granted <= bucket.burst + rate * now + max(0.0, largest - bucket.burst) + 1e-6


@given(st.floats(0.5, 1_000), st.floats(0.1, 5_000))
def test_whoever_waits_as_told_is_granted(rate: float, cost: float) -> None:
    """The delay of a refusal is long enough, and not longer than needed."""
    bucket, now = TokenBucket(rate, 0.0), 0.0
    while (delay := bucket.take(cost, now)) == 0:
        pass
    assume(delay > 1e-9)  # what is missing is more than a rounding error
    assert bucket.take(cost, now + delay * 0.99) > 0
    assert bucket.take(cost, now + delay + 1e-6) == 0


def test_a_used_up_quota_is_refused_with_the_time_until_it_is_there_again() -> None:
    """The refusal names the quota and when to come back."""
    clock = Clock()
    quotas = Quotas(5, clock)
    for _ in range(10):
        quotas.charge(ANA)
    with pytest.raises(Overloaded) as refused:
        quotas.charge(ANA)
    assert refused.value.reason == reasons.ERROR_REASON_QUOTA_EXCEEDED
    assert refused.value.metadata == {"quota": "10/s"}
    assert refused.value.retry_seconds == pytest.approx(0.1, abs=0.0011)
    assert quotas.refused == 1
    clock.now += refused.value.retry_seconds
    quotas.charge(ANA)


def test_a_key_does_not_use_up_the_quota_of_another() -> None:
    """Each key has a bucket of its own; without a quota of its own it has the default."""
    quotas = Quotas(2, Clock())
    for _ in range(10):
        quotas.charge(ANA)
    quotas.charge(BIA, 2)
    with pytest.raises(Overloaded) as refused:
        quotas.charge(BIA)
    assert refused.value.metadata == {"quota": "2/s"}


def test_items_of_streams_wait_for_their_turn() -> None:
    """What is beyond the quota is worked on at the quota's pace."""
    quotas = Quotas(5, Clock())
    delays = [quotas.pace(ANA, 1) for _ in range(13)]
    assert delays == pytest.approx([0.0] * 10 + [0.1, 0.2, 0.3])


def test_a_changed_quota_holds_at_once() -> None:
    """A key whose quota was raised is not held to the old one."""
    quotas = Quotas(1, Clock())
    quotas.charge(BIA)
    raised = Caller(BIA.key_id, "bia", Role.SERVER, BIA.environments, quota_per_second=100)
    for _ in range(100):
        quotas.charge(raised)
