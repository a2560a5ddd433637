"""What people may leave out of the YAML."""

import pytest
from mirante.api.flags.v1 import flag_pb2
from mirante.wire import value_from_proto

from services.flags.flags_yaml import __doc__ as documentation
from services.flags.flags_yaml import read_definitions


def flag(body: str) -> flag_pb2.Flag:
    """Return the flag of a body in one line."""
    return read_definitions(f"flags: {{f: {{on: true, {body}}}}}").flags["f"]


def test_a_boolean_flag_needs_only_on() -> None:
    """Its variants are on and off, it serves on, and off while it is off."""
    found = flag("")
    assert [(each.name, each.value.bool_value) for each in found.variants] == [("on", True), ("off", False)]
    assert (found.type, found.off_variant, found.fallthrough.variant) == (flag_pb2.FLAG_TYPE_BOOL, "off", "on")


@pytest.mark.parametrize(
    ("variants", "expected"),
    [
        ("{a: true, b: false}", flag_pb2.FLAG_TYPE_BOOL),
        ("{a: x, b: on}", flag_pb2.FLAG_TYPE_STRING),
        ("{a: 1, b: 2}", flag_pb2.FLAG_TYPE_INTEGER),
        ("{a: 1, b: 2.5}", flag_pb2.FLAG_TYPE_DOUBLE),
        ("{a: [1], b: {c: d}}", flag_pb2.FLAG_TYPE_JSON),
    ],
)
def test_the_type_follows_from_the_variants(variants: str, expected: flag_pb2.FlagType.ValueType) -> None:
    """When they agree."""
    assert flag(f"variants: {variants}, fallthrough: a").type == expected


def test_integers_are_doubles_in_a_flag_of_doubles() -> None:
    """Nobody has to write 1.0."""
    found = flag("type: double, variants: {a: 1, b: 2.5}, off_variant: a, fallthrough: b")
    assert [value_from_proto(each.value) for each in found.variants] == [1.0, 2.5]
    assert [each.value.WhichOneof("kind") for each in found.variants] == ["double_value", "double_value"]


def test_texts_are_taken_as_written() -> None:
    """A tenant called 007 or null is no number and no nothing when it is quoted, and 007 not even when it is not."""
    found = flag("owner: 42, targets: [{attribute: tenant_id, variant: on, values: [007, 'null', true]}]")
    assert (found.owner, list(found.targets[0].values)) == ("42", ["007", "null", "true"])


def test_one_value_counts_as_a_list() -> None:
    """In every list of values."""
    found = flag("tags: ui")
    assert list(found.tags) == ["ui"]


def test_the_documented_example_can_be_read() -> None:
    """The documentation does not lie."""
    example = (documentation or "").split("::", 1)[1].split("Fields are named")[0]
    found = read_definitions("\n".join(line[4:] for line in example.splitlines()))
    assert (list(found.flags), list(found.segments)) == (["nova_ui_vendas", "algoritmo_desconto"], ["equipe_interna"])
    assert found.flags["nova_ui_vendas"].rules[0].serve.rollout.coverage == 10_000
