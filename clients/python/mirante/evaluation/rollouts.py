"""Percentages, compiled: which context takes part, and which variant it gets."""

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from typing import TypeAlias

import mmh3

from mirante.evaluation.bucketing import hash_threshold, identity_text
from mirante.evaluation.conditions import compile_reader
from mirante.evaluation.model import TOTAL_WEIGHT, Bucketing, Context, Rollout
from mirante.evaluation.outcome import Outcome, UnidentifiedContext

Share: TypeAlias = Callable[[Context], Outcome | None]
"""Outcome of a context; None when the rollout does not cover it."""

Gate: TypeAlias = Callable[[str], bool]
"""Whether the identity takes part."""

_hash = mmh3.hash


def compile_rollout(
    rollout: Rollout,
    bucketing: Bucketing,
    serve: Callable[[str], Outcome],
) -> Share:
    """
    Return the choice that a rollout makes.

    `serve` gives the outcome of a variant. The choice raises `UnidentifiedContext` where there is nothing to hash.
    """
    attribute = rollout.bucket_by
    read = compile_reader(attribute)
    salt = bucketing.salt
    served = [split for split in rollout.splits if split.weight]
    outcomes = [serve(split.variant) for split in served]
    ends = [hash_threshold(end) for end in accumulate(split.weight for split in served)]
    gates = _gates(rollout, bucketing)

    def share(context: Context) -> Outcome | None:
        value = read(context)
        identity = value if isinstance(value, str) else identity_text(value)
        if not identity:
            raise UnidentifiedContext(attribute, missing=value is None or value == "")
        for takes_part in gates:
            if not takes_part(identity):
                return None
        return outcomes[bisect_right(ends, _hash(salt + identity, 0, False))]

    return share


def _gates(rollout: Rollout, bucketing: Bucketing) -> tuple[Gate, ...]:
    gates: list[Gate] = []
    if rollout.range is not None:
        gates.append(_gate(rollout.range.salt, rollout.range.start, rollout.range.end))
    if rollout.coverage is not None and rollout.coverage < TOTAL_WEIGHT:
        gates.append(_gate(bucketing.coverage_salt, 0, rollout.coverage))
    return tuple(gates)


def _gate(salt: str, start: int, end: int) -> Gate:
    first, last = hash_threshold(start), hash_threshold(end)
    return lambda identity: first <= _hash(salt + identity, 0, False) < last
