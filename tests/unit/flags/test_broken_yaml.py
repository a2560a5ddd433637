"""YAML that cannot be taken is refused with the place and the cause."""

import time

import pytest

from services.flags.flags_yaml import MAX_BYTES, read_definitions
from services.runtime.errors import InvalidRequest
from services.runtime.yaml_documents import nodes
from services.runtime.yaml_documents.nodes import MAX_DEPTH
from tests.support.flag_desk import fields, reason

LAUGHS = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]", *[f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]]
)


def refusal(yaml: str) -> InvalidRequest:
    """Return the refusal of a document."""
    with pytest.raises(InvalidRequest) as caught:
        read_definitions(yaml)
    return caught.value


@pytest.mark.parametrize(
    ("yaml", "says"),
    [
        ("", "line 1, column 1: the document is empty"),
        ("~", "line 1, column 1: the document is empty"),
        ("# only a comment\n", "the document is empty"),
        ("flags:\n  a: [\n", "line 3, column 1"),
        ("flags:\n  a: 'x\n", "line 3, column 1"),
        ("flags:\n\ta: 1", "line 2, column 1"),
        ("flags: {}\nflags: {}", "line 2, column 1: the key 'flags' is there twice"),
        ("flags:\n  a: {on: true}\n  a: {on: true}", "line 3, column 3: the key 'a' is there twice"),
        ("flags: {}\n---\nflags: {}", "line 2, column 1: only one document"),
        ("flags: &x {}", "line 1, column 8: anchors"),
        (LAUGHS, "line 1, column 5: anchors"),
        ("flags: *x", "line 1, column 8: aliases"),
        ("flags: !!python/object/apply:os.system [ls]", "line 1, column 8: tags"),
        ("flags: !!str x", "tags"),
        ("? [a]\n: 1", "line 1, column 5: a key must be a text"),
        ("~: 1", "a key must be a text"),
        ("flags: a\x07", "line 1, column 9: a character"),
        ("[" * 100_000, f"nested more than {MAX_DEPTH}"),
        ("- " * 100_000, f"nested more than {MAX_DEPTH}"),
        ("a: " + "9" * 5_000, "line 1, column 4: a number is too long"),
        ("%YAML 9.9\n---\na: 1", "line 1"),
        ("%BOGUS\n--- a", ""),
    ],
)
def test_what_is_no_yaml(yaml: str, says: str) -> None:
    """INVALID_YAML with line and column, counted from 1."""
    error = refusal(yaml)
    if reason(error) != "INVALID_DEFINITION":
        assert (reason(error), fields(error)) == ("INVALID_YAML", ["yaml"])
    assert says in error.message


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ("", "on", "is missing: write true or false"),
        ("on: 1", "on", "must be true or false (line 4)"),
        ("on: yes", "on", "must be true or false"),
        ("on: true\n    colour: red", "colour", "unknown field 'colour' (line 5)"),
        ("on: true\n    fallthrogh: on", "fallthrogh", "did you mean 'fallthrough'?"),
        ("on: true\n    kill: {reason: x}", "kill", "unknown field 'kill'"),
        ("on: true\n    version: 3", "version", "unknown field"),
        ("on: true\n    type: boolean", "type", "unknown type 'boolean'; did you mean 'bool'?"),
        ("on: true\n    type: string", "variants", "is missing"),
        ("on: true\n    variants: {a: 1, b: x}\n    fallthrough: a", "type", "do not agree"),
        ("on: true\n    variants: [a, b]\n    fallthrough: a", "variants", "must be a map"),
        ("on: true\n    variants: {a: 1, b: 99999999999999999999}\n    fallthrough: a", "variants.b", "64 bits"),
        ("on: true\n    variants: {a: 1}", "fallthrough", "is missing"),
        ("on: true\n    variant_descriptions: {offf: x}", "variant_descriptions.offf", "did you mean 'off'?"),
        ("on: true\n    tags: {a: b}", "tags", "must be a list"),
        ("on: true\n    tags: [[a]]", "tags[0]", "must be a text"),
        ("on: true\n    starts_at: tomorrow", "starts_at", "must be a time"),
        ("on: true\n    starts_at: 2026-02-30T00:00:00Z", "starts_at", "must be a time"),
        ("on: true\n    fallthrough: [on]", "fallthrough", "a variant or a rollout"),
        ("on: true\n    fallthrough: {variant: on}", "fallthrough.variant", "unknown field"),
        ("on: true\n    fallthrough: {rollout: 10%}", "fallthrough.rollout", "must be a map"),
        (
            "on: true\n    fallthrough: {rollout: {coverage: 10, splits: {on: 100%}}}",
            "fallthrough.rollout.coverage",
            "must be a percentage",
        ),
        (
            "on: true\n    fallthrough: {rollout: {splits: {on: 100.0001%}}}",
            "fallthrough.rollout.splits.on",
            "must be a percentage",
        ),
        (
            "on: true\n    fallthrough: {rollout: {splits: [{variant: on}]}}",
            "fallthrough.rollout.splits[0].weight",
            "is missing",
        ),
        (
            "on: true\n    fallthrough: {rollout: {range: {salt: x, start: -1}}}",
            "fallthrough.rollout.range.start",
            "from 0 to 100000",
        ),
        ("on: true\n    rules: [{id: a}]", "rules[0].serve", "is missing"),
        ("on: true\n    rules: {id: a}", "rules", "must be a list"),
        (
            "on: true\n    rules:\n      - conditions:\n          - {attribute: a, values: [x]}\n        serve: on",
            "rules[0].conditions[0].operator",
            "is missing (line 7)",
        ),
        (
            "on: true\n    rules:\n      - serve: on\n      - conditions: [{operator: in}, {operator: inn}]",
            "rules[1].conditions[1].operator",
            "unknown operator 'inn'; did you mean 'in'? (line 7)",
        ),
        ("on: true\n    bucketing: {salts: x}", "bucketing.salts", "did you mean 'salt'?"),
    ],
)
def test_what_is_no_flag(body: str, field: str, says: str) -> None:
    """INVALID_DEFINITION with the path, the line, and the word that was probably meant."""
    error = refusal(f"# a comment\nflags:\n  nova_ui_vendas:\n    {body}\n")
    assert reason(error) == "INVALID_DEFINITION"
    assert f"flags.nova_ui_vendas.{field}" in fields(error)
    said = {violation.field: violation.description for violation in error.violations}
    assert says in said[f"flags.nova_ui_vendas.{field}"]


@pytest.mark.parametrize(
    ("yaml", "field"),
    [
        ("[a]", "yaml"),
        ("text", "yaml"),
        ("flag: {}", "flag"),
        ("flags: [a]", "flags"),
        ("flags: {a: 3}", "flags.a"),
        ("segments: {s: {members: x}}", "segments.s.members"),
        ("segments: {s: {included: [{attribute: a, values: {b: c}}]}}", "segments.s.included[0].values"),
        ("segments: {s: {rules: [[]]}}", "segments.s.rules[0]"),
    ],
)
def test_what_is_no_document(yaml: str, field: str) -> None:
    """INVALID_DEFINITION with the path."""
    error = refusal(yaml)
    assert reason(error) == "INVALID_DEFINITION"
    assert field in fields(error)


def test_everything_wrong_is_said_at_once_up_to_a_hundred() -> None:
    """Nobody mends a document one error at a time, and nobody reads ten thousand."""
    error = refusal("flags:\n" + "".join(f"  f{n}: {{on: x}}\n" for n in range(1_000)))
    assert fields(error) == [f"flags.f{n}.on" for n in range(100)]


def test_size_is_counted_in_bytes() -> None:
    """3 MiB of UTF-8, whatever it says."""
    for yaml in ("#" * (MAX_BYTES + 1), "#" + "é" * (MAX_BYTES // 2)):
        error = refusal(yaml)
        assert (reason(error), fields(error)) == ("INVALID_REQUEST", ["yaml"])


def test_numbers_of_values_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document of the allowed size cannot become a tree of any size."""
    monkeypatch.setattr(nodes, "MAX_NODES", 1_000)
    error = refusal("flags: [" + "1," * 1_000 + "]")
    assert reason(error) == "INVALID_YAML"
    assert "more than 1000 values" in error.message


def test_expansion_is_never_attempted() -> None:
    """A billion laughs are refused at the first anchor: the processor time is that of a few lines."""
    before = time.process_time()
    refusal(LAUGHS)
    assert time.process_time() - before < 5
