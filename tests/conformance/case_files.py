"""The golden cases, read from their files. README.md describes the format."""

import datetime
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf.json_format import ParseDict
from mirante.api.flags.v1 import flag_pb2
from mirante.evaluation import Context, EvaluationError, FlagType, Reason
from mirante.evaluation.model import JsonValue
from ruamel.yaml import YAML

FOLDER = Path(__file__).parent / "cases"
_RELATIVE = re.compile(r"\$\{(now|ms)(?:([+-]\d+)([smhdw]))?\}")
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_KEYS = {"shared", "flags", "segments", "unchecked", "cases"}
_CASE_KEYS = {"name", "flag", "context", "contexts", "expected_type", "expect"}
_EXPECT_KEYS = {"value", "variant", "reason", "rule_id", "version", "error"}


@dataclass(frozen=True)
class Question:
    """What is asked of a door."""

    flag_key: str
    context: Context
    expected_type: FlagType | None = None


@dataclass(frozen=True)
class Answer:
    """What all doors must agree on."""

    value: JsonValue
    variant: str
    reason: Reason
    rule_id: str
    flag_version: int
    error: EvaluationError | None = None

    def typed(self) -> tuple[object, ...]:
        """Return all of it so that values of different types differ: 1, 1.0 and True."""
        return repr(_ordered(self.value)), self.variant, self.reason, self.rule_id, self.flag_version, self.error


@dataclass(frozen=True)
class Case:
    """One question, or the same with several contexts, and the answer to each."""

    suite: str
    name: str
    questions: tuple[Question, ...]
    answer: Answer


@dataclass(frozen=True)
class Suite:
    """One file: the definitions of an environment, and what is asked about them."""

    name: str
    flags: tuple[flag_pb2.Flag, ...]
    segments: tuple[flag_pb2.Segment, ...]
    unchecked: bool
    cases: tuple[Case, ...]


@cache
def suites() -> Mapping[str, Suite]:
    """Return all files by name, with dates relative to the moment of the first call."""
    now = int(time.time())
    return {path.stem: _suite(path, now) for path in sorted(FOLDER.glob("*.yaml"))}


def all_cases() -> Iterator[Case]:
    """Yield the cases of all files."""
    for suite in suites().values():
        yield from suite.cases


def _suite(path: Path, now: int) -> Suite:
    document = _resolved(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")), now)
    assert document.keys() <= _KEYS, path
    return Suite(
        path.stem,
        tuple([_flag(flag) for flag in document["flags"]]),
        tuple([ParseDict({"version": 1} | segment, flag_pb2.Segment()) for segment in document.get("segments", [])]),
        document.get("unchecked", False),
        tuple([_case(path.stem, case) for case in document["cases"]]),
    )


def _flag(flag: dict[str, Any]) -> flag_pb2.Flag:
    return ParseDict({"version": 1} | flag, flag_pb2.Flag())


def _case(suite: str, case: dict[str, Any]) -> Case:
    assert case.keys() <= _CASE_KEYS, case
    assert ("context" in case) != ("contexts" in case), case
    wanted = FlagType(case["expected_type"]) if "expected_type" in case else None
    contexts = case.get("contexts") or [case["context"]]
    questions = tuple([Question(case["flag"], context, wanted) for context in contexts])
    return Case(suite, case["name"], questions, _answer(case["expect"]))


def _answer(expect: dict[str, Any]) -> Answer:
    assert expect.keys() <= _EXPECT_KEYS, expect
    version = expect.get("version", 1)
    if "error" in expect:
        return Answer(None, "", Reason.ERROR, "", version, EvaluationError(expect["error"]))
    return Answer(expect["value"], expect["variant"], Reason(expect["reason"]), expect.get("rule_id", ""), version)


def _resolved(value: Any, now: int) -> Any:
    """Return the document with its relative times put in."""
    if isinstance(value, dict):
        return {name: _resolved(item, now) for name, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item, now) for item in value]
    if not isinstance(value, str):
        return value
    whole = _RELATIVE.fullmatch(value)
    if whole is not None and whole[1] == "ms":
        return _moment(whole, now) * 1000
    return _RELATIVE.sub(lambda match: _written(_moment(match, now)), value)


def _moment(match: re.Match[str], now: int) -> int:
    _, number, unit = match.groups()
    return now + (int(number) * _UNIT_SECONDS[unit] if number else 0)


def _written(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _ordered(value: JsonValue) -> object:
    """Maps have no order on the wire."""
    if isinstance(value, dict):
        return sorted((name, repr(_ordered(item))) for name, item in value.items())
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    return value
