"""What an answer carries, stamps, and threads."""

import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from mirante import evaluation
from mirante.evaluation import Evaluation, EvaluationError, FlagType, Reason, Ruleset, Stamp, error_evaluation
from mirante.evaluation.model import AttributeValue

from tests.unit.evaluation.definitions import NOW, STAMP, flag, rollout, ruleset

CONTEXT = {"targeting_key": "ana"}


def test_answers_are_handed_out_again() -> None:
    """An answer creates nothing until the stamp changes."""
    rules = ruleset(flag("a"))
    first = evaluation.evaluate(rules, "a", {}, NOW)
    assert evaluation.evaluate(rules, "a", CONTEXT, NOW + 1) is first


def test_two_rulesets_alternately() -> None:
    """Rulesets that share a compiled flag each answer with their own stamp, however they alternate."""
    old = ruleset(flag("a"), flag("b", fallthrough=rollout({"on": 100_000})))
    new = old.with_stamp(Stamp(8, "lineage"))
    for key in ("a", "b"):
        for _ in range(3):
            found = [evaluation.evaluate(rules, key, CONTEXT, NOW) for rules in (old, new, new, old)]
            assert [each.revision for each in found] == [7, 8, 8, 7]
            assert {each.variant for each in found} == {"on"}


def interrupted_at(step: int, work: Callable[[], Evaluation], other: Callable[[], object]) -> tuple[Evaluation, bool]:
    """Return what `work` returns when `other` runs after so many of its instructions, and whether it had so many."""
    left = step

    def trace(frame: FrameType, event: str, _argument: object) -> Callable[..., Any]:
        nonlocal left
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left == 0:
                sys.settrace(None)
                other()
                sys.settrace(trace)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        found = work()
    finally:
        sys.settrace(before)
    return found, left <= 0


@pytest.mark.parametrize("key", ["a", "b"])
def test_switch_between_any_two_instructions(key: str) -> None:
    """
    Wherever another thread takes over and evaluates by another ruleset that shares the compiled flag, the answer
    belongs to the ruleset that was asked.
    """
    first = ruleset(flag("a"), flag("b", fallthrough=rollout({"on": 50_000, "off": 50_000})))
    second = first.with_stamp(Stamp(8, "lineage"))
    value = evaluation.evaluate(first, key, CONTEXT, NOW).value
    for warm in (first, second):
        reached, step = True, 0
        while reached:
            step += 1
            evaluation.evaluate(warm, key, CONTEXT, NOW)
            found, reached = interrupted_at(
                step,
                lambda: evaluation.evaluate(first, key, CONTEXT, NOW),
                lambda: evaluation.evaluate(second, key, CONTEXT, NOW),
            )
            assert (step, found.revision, found.value) == (step, 7, value)
        assert step > 20


def test_threads_and_a_swapping_ruleset() -> None:
    """While one thread swaps rulesets that share compiled flags, every answer belongs to the ruleset that was asked."""
    first = ruleset(flag("a"), flag("b", fallthrough=rollout({"on": 50_000, "off": 50_000})))
    rulesets = [first, *[first.with_stamp(Stamp(revision, "lineage")) for revision in range(8, 12)]]
    expected = {key: evaluation.evaluate(first, key, CONTEXT, NOW).value for key in ("a", "b")}
    current = [first]
    wrong: list[Evaluation] = []
    seen: set[int] = set()
    start = threading.Barrier(5)

    def ask() -> None:
        start.wait()
        asked = 0
        # Until a swap was seen: on a busy machine the swapper may have its first turn late.
        while asked < 10_000 or len(seen) < 2:
            asked += 1
            rules: Ruleset = current[0]
            for key in ("a", "b"):
                found = evaluation.evaluate(rules, key, CONTEXT, NOW)
                seen.add(found.revision)
                if found.stamp is not rules.stamp or found.value is not expected[key] or found.flag_key != key:
                    wrong.append(found)

    def swap() -> None:
        start.wait()
        while any(thread.is_alive() for thread in askers):
            for rules in rulesets:
                current[0] = rules

    askers = [threading.Thread(target=ask) for _ in range(4)]
    swapper = threading.Thread(target=swap)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in (*askers, swapper):
            thread.start()
        for thread in (*askers, swapper):
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []


@pytest.mark.parametrize("asked", list(FlagType))
@pytest.mark.parametrize("killed", [False, True])
def test_expected_type(asked: FlagType, killed: bool) -> None:
    """A flag of another type is an error, killed or not; the flag's own type and none at all are served."""
    rules = ruleset(flag("a", version=4, killed=killed))
    found = evaluation.evaluate(rules, "a", {}, NOW, asked)
    if asked is FlagType.BOOL:
        assert found == evaluation.evaluate(rules, "a", {}, NOW)
        assert found.error is None
    else:
        message = f"expected_type: the flag is of type bool, not {asked.value}"
        assert found == error_evaluation(rules, "a", EvaluationError.TYPE_MISMATCH, message, 4)
        assert (found.reason, found.value, found.flag_version, found.stamp) == (Reason.ERROR, None, 4, STAMP)


def test_unknown_flag_before_type_and_context() -> None:
    """A flag that is not there has no type to differ from."""
    found = evaluation.evaluate(ruleset(), "a", {}, NOW, FlagType.JSON)
    assert found.error is EvaluationError.FLAG_NOT_FOUND


def test_context_is_not_changed() -> None:
    """An evaluation only reads."""
    context: dict[str, AttributeValue] = {"targeting_key": "ana", "list": ["a"], "map": {"a": 1}}
    evaluation.evaluate(ruleset(flag("a", fallthrough=rollout({"on": 100_000}))), "a", context, NOW)
    assert context == {"targeting_key": "ana", "list": ["a"], "map": {"a": 1}}
