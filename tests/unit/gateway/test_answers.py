"""Answers as OFREP has them, and their ETags."""

import json
from pathlib import Path

import pytest
from mirante.evaluation import Evaluation, EvaluationError, Reason, Stamp

from services.gateway.flags.answers import answer, encoded, entity_tag, matches, status_of

OFREP_REASONS = {"STATIC", "TARGETING_MATCH", "SPLIT", "DISABLED", "DEFAULT", "UNKNOWN"}
OFREP_ERRORS = {"PARSE_ERROR", "TARGETING_KEY_MISSING", "INVALID_CONTEXT", "GENERAL", "FLAG_NOT_FOUND"}


def evaluation(reason: Reason, error: EvaluationError | None = None) -> Evaluation:
    """Return an answer of the core."""
    return Evaluation("f", True, "on", reason, "r", 3, Stamp(9), error)


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.ERROR])
def test_every_reason_has_a_name_that_clients_know(reason: Reason) -> None:
    """And value, variant and metadata of the kinds that OFREP allows."""
    found = answer(evaluation(reason))
    assert found["reason"] in OFREP_REASONS
    assert (found["value"], found["variant"], status_of(found)) == (True, "on", 200)
    assert all(isinstance(each, str | int | bool) for each in found["metadata"].values())
    assert found["metadata"] == {"flagVersion": 3, "reason": reason.value, "ruleId": "r"}


@pytest.mark.parametrize("error", list(EvaluationError))
def test_every_error_has_a_code_and_details(error: EvaluationError) -> None:
    """Clients lose the code of an error without details."""
    found = answer(evaluation(Reason.ERROR, error))
    assert found["errorCode"] in OFREP_ERRORS
    assert found["errorDetails"]
    assert "value" not in found
    assert status_of(found) == (404 if error is EvaluationError.FLAG_NOT_FOUND else 400)


def test_a_double_is_written_as_one() -> None:
    """Clients take 1 for an integer."""
    assert encoded({"a": 1.0, "b": 1}) == b'{"a":1.0,"b":1}'


def test_the_tag_covers_environment_context_and_body() -> None:
    """Each of them alone changes it; the order of attributes does not."""
    base = entity_tag("e", {"a": 1, "b": 2}, b"x")
    assert base == entity_tag("e", {"b": 2, "a": 1}, b"x")
    others = {
        entity_tag("f", {"a": 1, "b": 2}, b"x"),
        entity_tag("e", {"a": 1, "b": 2.0}, b"x"),
        entity_tag("e", {"a": 1, "b": 2}, b"y"),
    }
    assert base not in others
    assert len(others) == 3


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], False), (['"a"'], True), (['W/"a"'], True), (['"b", "a"'], True), (['"b"', '"a"'], True), (["*"], True),
        (["a"], False), (['"b"'], False), ([""], False),
    ],
)  # fmt: skip
def test_if_none_match_is_compared_weakly(headers: list[str], expected: bool) -> None:
    """Lists, several headers and the star count too."""
    assert matches(headers, '"a"') is expected


def test_the_documented_reasons_are_those_that_are_sent() -> None:
    """The OpenAPI document names exactly these."""
    import services.gateway

    document = json.loads((Path(services.gateway.__file__).parent / "openapi.json").read_text())
    schema = document["components"]["schemas"]["EvaluationSuccess"]["properties"]["reason"]["enum"]
    assert set(schema) == {answer(evaluation(each))["reason"] for each in Reason if each is not Reason.ERROR}
