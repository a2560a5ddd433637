"""
What a plain scalar means: the core schema of YAML 1.2, so `on`, `off`, `yes` and dates are strings.

Reading and writing share it, so whatever is written is read back as it was.
"""

import json
import math
import re
from typing import TypeAlias

Scalar: TypeAlias = bool | int | float | str | None

_MAX_NUMBER = 400
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
_OCTAL = re.compile(r"0o[0-7]+", re.ASCII)
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_INFINITY = re.compile(r"[-+]?\.(?:inf|Inf|INF)", re.ASCII)
_NAN = frozenset({".nan", ".NaN", ".NAN"})

# Narrower than YAML asks for: what is in doubt is quoted.
_PLAIN_TEXT = re.compile(r"[A-Za-zÀ-ÿ_][\wÀ-ÿ./@+-]*(?: [\wÀ-ÿ./@+()-]+)*", re.ASCII)
_PLAIN_PERCENT = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3})?%", re.ASCII)
# What JSON leaves as it is and YAML takes for a line break or refuses.
_TO_ESCAPE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def resolved(text: str) -> Scalar:
    """
    Return the value of a plain scalar.

    Raises:
        ValueError: a number that is absurdly long.
    """
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text[0] not in "+-.0123456789":
        return text
    if len(text) > _MAX_NUMBER:
        if _FLOAT.fullmatch(text) or _HEXADECIMAL.fullmatch(text) or _OCTAL.fullmatch(text):
            raise ValueError("a number is too long")
        return text
    return _number(text)


def _number(text: str) -> Scalar:
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _HEXADECIMAL.fullmatch(text):
        return int(text[2:], 16)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _INFINITY.fullmatch(text):
        return -math.inf if text[0] == "-" else math.inf
    return math.nan if text in _NAN else text


def written(value: Scalar) -> str:
    """Return the scalar on one line, such that reading it gives the same value of the same type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _written_float(value)
    if _PLAIN_PERCENT.fullmatch(value) or (_PLAIN_TEXT.fullmatch(value) and isinstance(resolved(value), str)):
        return value
    return _TO_ESCAPE.sub(_escaped, json.dumps(value, ensure_ascii=False))


def _written_float(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    return repr(value)  # always with a point or an exponent


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"
