"""The catalogue as YAML: what is written reads back, and what cannot be taken is refused with its place."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2

from services.runtime.errors import InvalidRequest
from services.runtime.yaml_documents.layout import Plain, block
from services.telemetry.catalogue.catalogue_yaml import MAX_MEBIBYTES, read_catalogue, write_catalogue
from services.telemetry.catalogue.catalogue_yaml.aside import CatalogueReader
from services.telemetry.demo import demo_catalogue
from tests.support.flag_strategies import JSON, SETTINGS
from tests.support.telemetry_catalogue import catalogues, reason_of


def refusal(yaml: str) -> InvalidRequest:
    """Return the refusal of a document."""
    with pytest.raises(InvalidRequest) as caught:
        read_catalogue(yaml)
    return caught.value


@SETTINGS
@given(catalogues())
def test_catalogues_read_back_as_they_were(catalogue: pb2.Catalogue) -> None:
    """Exactly: every field of every message, in its order; and the text does not change any more."""
    yaml = write_catalogue(catalogue)
    assert read_catalogue(yaml) == catalogue
    assert write_catalogue(read_catalogue(yaml)) == yaml


def test_version_of_the_catalogue_is_a_remark() -> None:
    """It says what was exported; an import does not depend on it."""
    yaml = write_catalogue(pb2.Catalogue(version=12, policy=pb2.POLICY_OPEN))
    assert yaml == "# version 12\npolicy: open\nevents: {}\n"
    assert read_catalogue(yaml).version == 0


def test_short_forms() -> None:
    """A type alone is an optional property, nothing at all an event without properties, and open is the default."""
    catalogue = read_catalogue("events:\n  a:\n    properties: {x: integer}\n    sources: backend\n  b:\n")
    assert catalogue.policy == pb2.POLICY_OPEN
    first, second = catalogue.events
    assert first.properties[0] == pb2.PropertyDefinition(name="x", type=pb2.PROPERTY_TYPE_INTEGER)
    assert (first.version, list(first.sources)) == (1, ["backend"])
    assert second == pb2.EventDefinition(name="b", version=1)


def test_allowed_values_have_the_type_of_the_property() -> None:
    """Texts and decimals need no quotes."""
    yaml = """
    events:
      a:
        properties:
          texto: {type: string, allowed: [on, 007, "x"]}
          valor: {type: decimal, allowed: [10.50, "-1"]}
          nota: {type: number, allowed: [1, 1.5]}
    """
    texto, valor, nota = read_catalogue(yaml).events[0].properties
    assert [value.string_value for value in texto.allowed] == ["on", "007", "x"]
    assert [value.string_value for value in valor.allowed] == ["10.50", "-1"]
    assert [value.WhichOneof("kind") for value in nota.allowed] == ["int_value", "double_value"]


@pytest.mark.parametrize(
    ("yaml", "field", "says"),
    [
        ("evnts: {}", "evnts", "unknown field 'evnts'; did you mean 'events'? (line 1)"),
        ("events: []", "events", "must be a map"),
        ("policy: stric", "policy", "unknown policy 'stric'; did you mean 'strict'?"),
        ("policy: [open]", "policy", "must be a text"),
        ("events:\n  Venda: {}", "events.Venda", "a name must be 1 to 100 characters of a-z, 0-9 and '_'"),
        ("events:\n  a: x", "events.a", "must be a map (line 2)"),
        ("events: {a: {verson: 1}}", "events.a.verson", "did you mean 'version'?"),
        ("events: {a: {version: 0}}", "events.a.version", "must be at least 1"),
        ("events: {a: {version: 1.5}}", "events.a.version", "must be an integer from 0 to 2147483647"),
        ("events: {a: {version: 2147483648}}", "events.a.version", "must be an integer"),
        ("events: {a: {policy: shut}}", "events.a.policy", "unknown policy 'shut'"),
        (f"events: {{a: {{owner: {'x' * 201}}}}}", "events.a.owner", "200 characters at most"),
        ('events: {a: {owner: "a\\nb"}}', "events.a.owner", "control characters"),
        (f"events: {{a: {{description: {'x' * 2001}}}}}", "events.a.description", "2000 characters at most"),
        ("events: {a: {sources: {b: c}}}", "events.a.sources", "must be a list"),
        (f"events: {{a: {{sources: [{', '.join(['b'] * 21)}]}}}}", "events.a.sources", "may be 20 at most, got 21"),
        ('events: {a: {sources: ["\\u0007"]}}', "events.a.sources[0]", "control characters"),
        ("events: {a: {properties: [x]}}", "events.a.properties", "must be a map"),
        ("events: {a: {properties: {x: 7}}}", "events.a.properties.x", "must be a map"),
        (
            "events: {a: {properties: {x: strng}}}",
            "events.a.properties.x",
            "unknown type 'strng'; did you mean 'string'",
        ),
        ("events:\n  a:\n    properties:\n      x: {required: true}", "events.a.properties.x.type", "missing: one of"),
        ("events: {a: {properties: {x: {type: txt}}}}", "events.a.properties.x.type", "unknown type 'txt'"),
        ("events: {a: {properties: {x: {typ: string}}}}", "events.a.properties.x.typ", "did you mean 'type'?"),
        (
            "events: {a: {properties: {x: {type: string, required: sim}}}}",
            "events.a.properties.x.required",
            "must be true or false",
        ),
        (
            "events: {a: {properties: {x: {type: string, personal_data: hide}}}}",
            "events.a.properties.x.personal_data",
            "unknown mark 'hide'",
        ),
        (
            f"events: {{a: {{properties: {{{'x' * 101}: string}}}}}}",
            f"events.a.properties.{'x' * 101}",
            "a name must be 1 to 100 bytes",
        ),
        ('events: {a: {properties: {"": string}}}', "events.a.properties.", "a name must be 1 to 100 bytes"),
    ],
)
def test_refusal_names_the_field_and_its_line(yaml: str, field: str, says: str) -> None:
    """With what was probably meant."""
    error = refusal(yaml)
    assert reason_of(error) == "INVALID_DEFINITION"
    [violation] = [each for each in error.violations if each.field == field]
    assert says in violation.description
    assert "(line " in violation.description


@pytest.mark.parametrize(
    ("definition", "field", "says"),
    [
        ("{type: string, allowed: []}", "allowed", "must be 1 to 1000 values, got 0"),
        ("{type: string, allowed: [a, b, a]}", "allowed[2]", "is there twice"),
        ("{type: string, allowed: [[a]]}", "allowed[0]", "is not of the property's type"),
        ("{type: integer, allowed: [1, dois]}", "allowed[1]", "is not of the property's type"),
        ("{type: integer, allowed: [true]}", "allowed[0]", "is not of the property's type"),
        ("{type: integer, allowed: [9223372036854775808]}", "allowed[0]", "is not of the property's type"),
        ("{type: number, allowed: [.inf]}", "allowed[0]", "is not of the property's type"),
        ("{type: bool, allowed: [1]}", "allowed[0]", "is not of the property's type"),
        ("{type: decimal, allowed: [1e3]}", "allowed[0]", "is not of the property's type"),
        ("{type: timestamp, allowed: [2026-11-23]}", "allowed[0]", "is not of the property's type"),
        ("{type: list, allowed: [a]}", "allowed", "cannot be given for lists and maps"),
        (f"{{type: string, allowed: [{'x' * 201}]}}", "allowed[0]", "200 characters at most"),
        ("{type: integer, personal_data: mask}", "personal_data", "only strings can be masked"),
        ("{type: bool, personal_data: hash}", "personal_data", "cannot be hashed"),
        ("{type: map, personal_data: hash}", "personal_data", "cannot be hashed"),
        ("{type: string, required: true, personal_data: drop}", "personal_data", "cannot be required"),
        ("{type: string, allowed: [a], personal_data: hash}", "personal_data", "cannot have allowed values"),
    ],
)
def test_contradictions_of_a_property_are_refused(definition: str, field: str, says: str) -> None:
    """What could never be valid, or would not be valid any more once it is masked."""
    error = refusal(f"events: {{a: {{properties: {{x: {definition}}}}}}}")
    assert [each.field for each in error.violations] == [f"events.a.properties.x.{field}"]
    assert says in error.violations[0].description


def test_everything_wrong_is_told_at_once() -> None:
    """Nobody mends a file error by error."""
    error = refusal("policy: x\nevents: {A: {}, b: {version: -1, properties: {c: x}}}")
    named = {each.field for each in error.violations}
    assert named == {"policy", "events.A", "events.b.version", "events.b.properties.c"}


@pytest.mark.parametrize(
    ("yaml", "says"),
    [
        ("events:\n  a: {}\n  a: {}", "line 3, column 3: the key 'a' is there twice"),
        ("events: {a: {properties: {x: string, x: integer}}}", "the key 'x' is there twice"),
        ("events: [", "line 1, column 10"),
        ("events: &x {}", "anchors"),
        ("", "the document is empty"),
    ],
)
def test_what_is_not_yaml_is_refused_with_its_place(yaml: str, says: str) -> None:
    """Line and column; a name twice among them."""
    error = refusal(yaml)
    assert (reason_of(error), error.violations[0].field) == ("INVALID_YAML", "yaml")
    assert says in error.violations[0].description


def test_limits() -> None:
    """One more event, property or byte than is taken."""
    events = "\n".join(f"  e{number}: {{}}" for number in range(1_001))
    assert "events: may be 1000 at most, got 1001" in refusal(f"events:\n{events}").message
    many = ", ".join(f"p{number}: string" for number in range(256))
    assert (
        "events.a.properties: may be 255 at most, got 256"
        in refusal(f"events: {{a: {{properties: {{{many}}}}}}}").message
    )
    error = refusal("#" * (MAX_MEBIBYTES * 1024 * 1024 + 1))
    assert (reason_of(error), error.message) == ("INVALID_REQUEST", "yaml: may have 1 MiB at most")


async def test_a_process_of_its_own_reads_the_same() -> None:
    """Large documents: the same catalogue, and the same refusal."""
    reader = CatalogueReader(large=0)
    assert await reader.read(demo_catalogue()) == read_catalogue(demo_catalogue())
    with pytest.raises(InvalidRequest) as caught:
        await reader.read("events: {a: {verson: 1}}")
    assert caught.value.violations == refusal("events: {a: {verson: 1}}").violations


@SETTINGS
@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_text_is_taken_or_refused(text: str) -> None:
    """Never anything else."""
    with contextlib.suppress(InvalidRequest):
        read_catalogue(text)


FIELDS = st.sampled_from(
    ["events", "policy", "a", "version", "properties", "type", "allowed", "personal_data", "required", "sources"]
)


@SETTINGS
@given(
    st.recursive(
        JSON | st.sampled_from(["string", "integer", "decimal", "open", "hash"]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
        max_leaves=12,
    )
)
def test_any_tree_is_taken_or_refused(tree: Plain) -> None:
    """Known fields in any place, with any value."""
    with contextlib.suppress(InvalidRequest):
        read_catalogue("\n".join(block({"events": {"a": tree, "b": {"properties": {"x": tree}}}}, 0)))
