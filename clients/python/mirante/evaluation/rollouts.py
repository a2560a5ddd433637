"""Percentages, compiled: which context takes part, and which variant it gets."""

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from typing import TYPE_CHECKING, TypeAlias

import mmh3

from mirante.evaluation.bucketing import hash32, hash_threshold, identity_text
from mirante.evaluation.conditions import compile_reader
from mirante.evaluation.model import TOTAL_WEIGHT, AttributeValue, Bucketing, Context, Rollout, Violation
from mirante.evaluation.outcome import Outcome, UnidentifiedContext
from mirante.evaluation.violations import InvalidDefinition

if TYPE_CHECKING:
    from mirante.evaluation.ruleset import Ruleset

Draw: TypeAlias = Callable[[Context, "Ruleset", float], Outcome]

Gate: TypeAlias = Callable[[str], bool]
"""Whether the identity takes part."""

_hash = mmh3.hash
"""Inlined `hash32`. Strings that are not ASCII have to be encoded first: a lone surrogate would crash it."""


def compile_draw(rollout: Rollout, bucketing: Bucketing, serve: Callable[[str], Outcome]) -> Draw:
    """
    Return the choice among the rollout's variants, whoever takes part; `serve` gives the outcome of a variant.

    The choice raises `UnidentifiedContext` where there is nothing to hash, and `UnicodeEncodeError` for what UTF-8
    cannot hold.

    Raises:
        InvalidDefinition: the weights don't sum to TOTAL_WEIGHT.
    """
    salt, attribute = bucketing.salt, rollout.bucket_by
    served = [split for split in rollout.splits if split.weight]
    outcomes = [serve(split.variant) for split in served]
    sums = list(accumulate([split.weight for split in served]))
    if sums[-1:] != [TOTAL_WEIGHT]:
        raise InvalidDefinition([Violation("splits", f"the weights do not sum to {TOTAL_WEIGHT}")])
    ends = [hash_threshold(end) for end in sums]
    if attribute.startswith("/"):
        read = compile_reader(attribute)
        return lambda context, _ruleset, _now: outcomes[
            bisect_right(ends, hash32(salt + identify(attribute, read(context))))
        ]

    if len(outcomes) == 2:
        return _draw_of_two(salt, attribute, ends[0], outcomes[0], outcomes[1])

    def draw(context: Context, _ruleset: "Ruleset", _now: float) -> Outcome:
        identity = context.get(attribute)
        if type(identity) is not str or not identity:
            identity = identify(attribute, identity)
        text = salt + identity
        return outcomes[bisect_right(ends, _hash(text if text.isascii() else text.encode(), 0, False))]

    return draw


def _draw_of_two(salt: str, attribute: str, end: int, first: Outcome, second: Outcome) -> Draw:
    """Return the commonest draw: on for some, off for the others."""

    def draw(context: Context, _ruleset: "Ruleset", _now: float) -> Outcome:
        identity = context.get(attribute)
        if type(identity) is not str or not identity:
            identity = identify(attribute, identity)
        text = salt + identity
        return first if _hash(text if text.isascii() else text.encode(), 0, False) < end else second

    return draw


def compile_gate(rollout: Rollout, bucketing: Bucketing) -> Callable[[Context], bool] | None:
    """
    Return whether a context takes part in the rollout at all; None when everybody does.

    Asking raises `UnidentifiedContext` where there is nothing to hash.
    """
    if rollout.range is None and rollout.coverage is None:
        return None
    gates: list[Gate] = []
    if rollout.range is not None:
        gates.append(_within(rollout.range.salt, rollout.range.start, rollout.range.end))
    if rollout.coverage is not None and rollout.coverage < TOTAL_WEIGHT:
        gates.append(_within(bucketing.coverage_salt, 0, rollout.coverage))
    if not gates:
        return None
    attribute, read = rollout.bucket_by, compile_reader(rollout.bucket_by)

    def takes_part(context: Context) -> bool:
        identity = identify(attribute, read(context))
        return all(gate(identity) for gate in gates)

    return takes_part


def identify(attribute: str, value: AttributeValue) -> str:
    """Return the text to hash; raise `UnidentifiedContext` when the value is absent, empty or identifies nobody."""
    identity = identity_text(value)
    if not identity:
        raise UnidentifiedContext(attribute, missing=value is None or identity == "")
    return identity


def _within(salt: str, start: int, end: int) -> Gate:
    first, last = hash_threshold(start), hash_threshold(end)
    return lambda identity: first <= hash32(salt + identity) < last
