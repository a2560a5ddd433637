"""
Rules as one writes them in a line: `premium: plan in premium,gold and not regiao = Sul => on`.

An id, conditions joined by "and", and after the arrow a variant or percentages (`on=25,off=75`). Operators are those
of the contract in lower case, or signs. Values that are JSON numbers, true or false are that, all others strings, and
quotes make a string of anything. What this cannot say, YAML can. Raises `Refusal` (wrong usage).
"""

import json
import re
from collections.abc import Sequence

from mirante.api.flags.v1 import flag_pb2
from mirante.evaluation.model import JsonValue
from mirante.wire import value_to_proto

from services.cli.assignments import WHOLE, names, split, weight
from services.cli.refusals import Refusal, usage

_SIGNS = {
    "=": flag_pb2.OPERATOR_IN,
    "<": flag_pb2.OPERATOR_LESS,
    "<=": flag_pb2.OPERATOR_LESS_OR_EQUAL,
    ">": flag_pb2.OPERATOR_GREATER,
    ">=": flag_pb2.OPERATOR_GREATER_OR_EQUAL,
}
_OPERATORS = {name.removeprefix("OPERATOR_").lower(): number for name, number in flag_pb2.Operator.items() if number}
_WITHOUT_ATTRIBUTE = "in_segment"
_FORM = "expected ID: CONDITION and CONDITION => VARIANT"
_VALUE = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^,]*?)\s*(?:,|$)')


def set_rules(flag: flag_pb2.Flag, texts: Sequence[str], remove: Sequence[str]) -> None:
    """Replace the rules that have the ids of `texts`, add the others at the end, and take those of `remove` away."""
    kept = [rule for rule in flag.rules if rule.id not in remove]
    if missing := set(remove) - {rule.id for rule in flag.rules}:
        raise usage(f"--remove-rule {', '.join(sorted(missing))}: the flag has no such rule")
    for rule in [parse_rule(text) for text in texts]:
        places = [place for place, present in enumerate(kept) if present.id == rule.id]
        kept[places[0] if places else len(kept) : places[0] + 1 if places else len(kept)] = [rule]
    copies = [flag_pb2.Rule.FromString(rule.SerializeToString()) for rule in kept]
    del flag.rules[:]
    flag.rules.extend(copies)


def parse_rule(text: str) -> flag_pb2.Rule:
    """Return the rule that a line spells."""
    rule_id, colon, rest = text.partition(":")
    conditions, arrow, serve = rest.rpartition("=>")
    if not (colon and arrow and rule_id.strip() and conditions.strip() and serve.strip()):
        raise usage(f"--rule {text}: {_FORM}")
    try:
        return flag_pb2.Rule(
            id=rule_id.strip(),
            conditions=[_condition(part.strip()) for part in re.split(r"\s+and\s+", conditions.strip())],
            serve=_serve(serve.strip()),
        )
    except Refusal as refusal:
        raise usage(f"--rule {text}: {refusal.message}") from None


def _condition(text: str) -> flag_pb2.Condition:
    negated = text.startswith("not ")
    words = text.removeprefix("not ").split(None, 2)
    if words and words[0] == _WITHOUT_ATTRIBUTE:
        words = ["", *text.removeprefix("not ").split(None, 1)]
    if len(words) < 2:
        raise usage(f"{text!r} is no condition: expected ATTRIBUTE OPERATOR VALUES")
    attribute, operator, *rest = words
    number = _SIGNS.get(operator, _OPERATORS.get(operator))
    if number is None:
        known = ", ".join([*_SIGNS, *_OPERATORS])
        raise usage(f"{operator!r} is no operator; there are {known}")
    values = [value_to_proto(value) for value in _values(rest[0] if rest else "")]
    return flag_pb2.Condition(attribute=attribute, operator=number, values=values, negate=negated)


def _values(text: str) -> list[JsonValue]:
    return [_value(part) for part in _VALUE.findall(text) if part]


def _value(text: str) -> JsonValue:
    try:
        parsed: JsonValue = json.loads(text)
    except ValueError:
        return text
    return parsed if isinstance(parsed, bool | int | float | str) else text


def _serve(text: str) -> flag_pb2.Serve:
    if "=" not in text:
        return flag_pb2.Serve(variant=text)
    shares = [split("", part) for part in names(text)]
    splits = [flag_pb2.Split(variant=name, weight=weight("", share)) for name, share in shares]
    if sum(each.weight for each in splits) != WHOLE:
        raise usage(f"the percentages of {text} do not sum to 100")
    return flag_pb2.Serve(rollout=flag_pb2.Rollout(splits=splits))
