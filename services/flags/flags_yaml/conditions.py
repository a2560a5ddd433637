"""Conditions and values, from YAML."""

from google.protobuf.message import EncodeError
from mirante.api.common.v1 import value_pb2
from mirante.api.flags.v1 import flag_pb2
from mirante.evaluation.model import JsonValue
from mirante.wire import value_to_proto

from services.flags.plain import OPERATOR_NAMES
from services.runtime.yaml_documents.fields import Fields, Problems
from services.runtime.yaml_documents.nodes import Node

_FIELDS = ("attribute", "operator", "values", "negate", "ignore_case")


def read_conditions(fields: Fields) -> list[flag_pb2.Condition]:
    """Return the conditions of a rule."""
    return [_condition(Fields(node, path, fields.problems, _FIELDS)) for path, node in fields.items("conditions")]


def _condition(fields: Fields) -> flag_pb2.Condition:
    return flag_pb2.Condition(
        attribute=fields.text("attribute"),
        operator=_operator(fields),
        values=[read_value(node, path, fields.problems) for path, node in fields.items("values")],
        negate=fields.switch("negate") or False,
        ignore_case=fields.switch("ignore_case") or False,
    )


def _operator(fields: Fields) -> flag_pb2.Operator.ValueType:
    name, node = fields.text("operator"), fields.get("operator")
    if node is None:
        fields.problems.add(fields.path_of("operator"), fields.node, "is missing")
    elif name in OPERATOR_NAMES:
        return flag_pb2.Operator.Value(f"OPERATOR_{name.upper()}")
    else:
        fields.problems.unknown(fields.path_of("operator"), node, "operator", name, OPERATOR_NAMES)
    return flag_pb2.OPERATOR_UNSPECIFIED


def read_value(node: Node, path: str, problems: Problems, *, as_double: bool = False) -> value_pb2.Value:
    """Return a value of any kind; `as_double` takes an integer for the double that equals it."""
    value = _plain(node)
    if as_double and isinstance(value, int) and not isinstance(value, bool) and _fits_double(value):
        value = float(value)
    try:
        return value_to_proto(value)
    except (ValueError, EncodeError):
        problems.add(path, node, "an integer must fit into 64 bits")
        return value_pb2.Value()


def _fits_double(value: int) -> bool:
    try:
        return int(float(value)) == value
    except OverflowError:
        return False


def _plain(node: Node) -> JsonValue:
    # As deep as the document, which is bounded.
    if isinstance(node.value, dict):
        return {key: _plain(entry) for key, entry in node.value.items()}
    if isinstance(node.value, list):
        return [_plain(entry) for entry in node.value]
    return node.value
