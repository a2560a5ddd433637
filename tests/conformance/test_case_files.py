"""The golden cases are sound, and leave nothing out."""

from collections import Counter

import pytest
from mirante.api.flags.v1 import flag_pb2
from mirante.evaluation import EvaluationError, FlagType, Reason, validate_flag, validate_references, validate_segment
from mirante.wire import flag_from_proto, flag_type_from_proto, segment_from_proto

from tests.conformance.case_files import Suite, all_cases, suites

CHECKED = [suite for suite in suites().values() if not suite.unchecked]


@pytest.mark.parametrize("suite", CHECKED, ids=lambda suite: suite.name)
def test_definitions_are_sound(suite: Suite) -> None:
    """Each file could have been written through the service, but for those that say otherwise."""
    flags = {flag.key: flag_from_proto(flag) for flag in suite.flags}
    segments = {segment.key: segment_from_proto(segment) for segment in suite.segments}
    found = [violation for flag in flags.values() for violation in validate_flag(flag)]
    found += [violation for segment in segments.values() for violation in validate_segment(segment)]
    assert found + validate_references(flags, segments) == []


@pytest.mark.parametrize("suite", suites().values(), ids=lambda suite: suite.name)
def test_keys_and_names_are_unique(suite: Suite) -> None:
    """No definition hides another one, and each case can be told from the others."""
    for names in (
        [flag.key for flag in suite.flags],
        [segment.key for segment in suite.segments],
        [case.name for case in suite.cases],
    ):
        assert [name for name, count in Counter(names).items() if count > 1] == []


def test_every_operator_is_asked() -> None:
    """In definitions that pass validation."""
    rules: list[flag_pb2.Rule | flag_pb2.SegmentRule] = []
    for suite in CHECKED:
        rules += [rule for flag in suite.flags for rule in flag.rules]
        rules += [rule for segment in suite.segments for rule in segment.rules]
    conditions = [condition for rule in rules for condition in rule.conditions]
    assert {condition.operator for condition in conditions} == set(flag_pb2.Operator.values()[1:])
    without_values = {flag_pb2.OPERATOR_EXISTS}
    assert {condition.operator for condition in conditions if not condition.values} == without_values


def test_every_reason_error_and_type_is_expected() -> None:
    """But for the errors of a client that has no rules, and of a fault."""
    answers = [case.answer for case in all_cases()]
    assert {answer.reason for answer in answers} == set(Reason)
    beyond = {EvaluationError.NOT_READY, EvaluationError.INTERNAL}
    assert {answer.error for answer in answers if answer.error} == set(EvaluationError) - beyond
    assert {flag_type_from_proto(flag.type) for suite in CHECKED for flag in suite.flags} == set(FlagType)
    assert {question.expected_type for case in all_cases() for question in case.questions} == {None, *FlagType}


def test_there_are_many() -> None:
    """So that a file that is not found is noticed."""
    assert len(list(all_cases())) >= 250
