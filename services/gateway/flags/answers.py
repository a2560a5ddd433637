"""Answers of the evaluation core as OFREP 0.3.0 has them. Pure."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from mirante.evaluation import Context, Evaluation, EvaluationError, Reason

_REASONS: Final[Mapping[Reason, str]] = {
    Reason.KILLED: "DISABLED",
    Reason.OFF: "DISABLED",
    Reason.SCHEDULE: "DISABLED",
    Reason.PREREQUISITE_FAILED: "DISABLED",
    Reason.TARGET: "TARGETING_MATCH",
    Reason.RULE: "TARGETING_MATCH",
    Reason.SPLIT: "SPLIT",
    Reason.UNCOVERED: "SPLIT",
    Reason.FALLTHROUGH: "DEFAULT",
    Reason.STATIC: "STATIC",
}
_ERRORS: Final[Mapping[EvaluationError, str]] = {
    EvaluationError.FLAG_NOT_FOUND: "FLAG_NOT_FOUND",
    EvaluationError.TARGETING_KEY_MISSING: "TARGETING_KEY_MISSING",
    EvaluationError.INVALID_CONTEXT: "INVALID_CONTEXT",
    EvaluationError.INVALID_DEFINITION: "PARSE_ERROR",
}


def answer(evaluation: Evaluation) -> dict[str, Any]:
    """
    Return one answer, of success or of failure.

    A flag that is off has the value of its off variant: reason DISABLED comes with a value here. Clients lose answers
    that lack `variant`, `reason` or `errorDetails`, so these are always there. `metadata` holds what OFREP has no word
    for, and nothing that changes while the answer stays the same.
    """
    metadata: dict[str, Any] = {"flagVersion": evaluation.flag_version}
    if evaluation.error is not None:
        return {
            "key": evaluation.flag_key,
            "errorCode": _ERRORS.get(evaluation.error, "GENERAL"),
            "errorDetails": evaluation.error_message or evaluation.error.value,
            "metadata": metadata | {"error": evaluation.error.value},
        }
    metadata["reason"] = evaluation.reason.value
    if evaluation.rule_id:
        metadata["ruleId"] = evaluation.rule_id
    return {
        "key": evaluation.flag_key,
        "value": evaluation.value,
        "variant": evaluation.variant,
        "reason": _REASONS[evaluation.reason],
        "metadata": metadata,
    }


def status_of(found: Mapping[str, Any]) -> int:
    """Return the HTTP status of one answer."""
    code = found.get("errorCode")
    if code is None:
        return 200
    return 404 if code == "FLAG_NOT_FOUND" else 400


def encoded(document: Mapping[str, Any]) -> bytes:
    """Return the bytes of a document: equal documents are equal bytes. A double stays one: 1.0 is not written as 1."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode(errors="surrogatepass")


def entity_tag(environment: str, context: Context, body: bytes) -> str:
    """Return the ETag of a result: of the answers, and of who asked for them."""
    digest = hashlib.sha256()
    for part in (environment.encode(), encoded(context), body):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return f'"{digest.hexdigest()[:32]}"'


def matches(if_none_match: Sequence[str], tag: str) -> bool:
    """Whether one of the tags of `If-None-Match` headers is this one, compared weakly (RFC 9110)."""
    tags = [each.strip() for header in if_none_match for each in header.split(",")]
    return "*" in tags or any(each.removeprefix("W/") == tag for each in tags)
