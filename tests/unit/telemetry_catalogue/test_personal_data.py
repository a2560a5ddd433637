"""Personal data is hidden before anything is stored, and hiding it again changes nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2
from mirante.wire import value_from_proto

from services.telemetry.catalogue.catalogue_yaml import read_catalogue
from services.telemetry.catalogue.judge import CatalogueJudge
from tests.support.flag_strategies import SETTINGS
from tests.support.telemetry_catalogue import SECRET, definitions, event, found, judged

YAML = """
events:
  a:
    policy: strict
    properties:
      mantido: {type: string, personal_data: keep}
      mascarado: {type: string, personal_data: mask}
      hash: {type: string, personal_data: hash}
      numero: {type: integer, personal_data: hash}
      fora: {type: string, personal_data: drop}
"""


def hidden(environment: str = "production", secret: bytes = SECRET, **values: Any) -> dict[str, Any]:
    """Return the properties of an event afterwards."""
    subject = event("a", **values)
    CatalogueJudge(read_catalogue(YAML), secret, environment).judge(subject)
    return {name: value_from_proto(subject.properties[name]) for name in subject.properties}


def test_every_mark_does_what_it_says() -> None:
    """Kept, masked but for two characters, hashed, and left out."""
    after = hidden(mantido="Ana", mascarado="ana@acme.com", hash="ana", numero=42, fora="x")
    assert after["mantido"] == "Ana"
    assert after["mascarado"] == "**********om"
    assert after["hash"].startswith("h1:")
    assert after["numero"].startswith("h1:")
    assert "fora" not in after


@pytest.mark.parametrize(("text", "after"), [("", ""), ("a", "a"), ("ab", "ab"), ("abc", "*bc"), ("日本語", "*本語")])
def test_mask_counts_characters(text: str, after: str) -> None:
    """Not bytes."""
    assert hidden(mascarado=text) == {"mascarado": after}


def test_equal_values_have_equal_hashes() -> None:
    """In one environment of one installation; whoever lacks the key cannot compute them."""
    assert hidden(hash="ana") == hidden(hash="ana")
    assert hidden(hash="ana") != hidden(hash="bia")
    assert hidden(hash="ana") != hidden(hash="ana", environment="staging")
    assert hidden(hash="ana") != hidden(hash="ana", secret=b"t" * 32)
    assert hidden(hash="42")["hash"] == hidden(numero=42)["numero"]


def test_what_only_looks_like_a_hash_is_hashed() -> None:
    """The prefix alone protects nobody."""
    assert hidden(hash="h1:ana")["hash"] != "h1:ana"
    assert len(hidden(hash="h1:ana")["hash"]) == 35


@pytest.mark.parametrize("name", ["mascarado", "hash", "fora"])
@pytest.mark.parametrize("value", [["ana"], {"nome": "ana"}])
def test_lists_and_maps_in_the_place_of_texts_do_not_slip_through(name: str, value: Any) -> None:
    """They violate the definition, and their content is gone from the dead letter."""
    subject = event("a", **{name: value})
    judgement = judged(YAML, subject)
    assert found(judgement).startswith(f"properties.{name}: must be a string")
    assert (judgement.refused, judgement.masked) == (True, True)
    assert name not in subject.properties


def test_numbers_in_the_place_of_texts_are_hidden_too() -> None:
    """A telephone number sent as a number."""
    assert hidden(mascarado=5511999990000) == {"mascarado": "***********00"}


def test_an_event_with_nothing_to_hide_is_not_called_masked() -> None:
    """Whoever stores it keeps the bytes that came."""
    assert not judged(YAML, event("a", mantido="x")).masked
    assert judged(YAML, event("a", mascarado="xyz")).masked


def test_violating_events_are_masked_all_the_same() -> None:
    """They are kept as dead letters."""
    subject = event("a", mascarado="ana@acme.com", outro=1)
    judgement = judged(YAML, subject)
    assert (found(judgement), judgement.masked) == ("properties.outro: is not declared", True)
    assert subject.properties["mascarado"].string_value == "**********om"


VALUES = (
    st.text(st.characters(codec="utf-8"), max_size=8)
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.booleans()
    | st.none()
    | st.just(["x"])
)


@SETTINGS
@given(st.data(), definitions("a"))
def test_hiding_again_changes_nothing(data: st.DataObject, definition: pb2.EventDefinition) -> None:
    """Nor does it make a valid event invalid: a dead letter goes through the catalogue twice."""
    values = {each.name: data.draw(VALUES) for each in definition.properties}
    judge = CatalogueJudge(pb2.Catalogue(policy=pb2.POLICY_STRICT, events=[definition]), SECRET, "production")
    subject = event("a", **values)
    first = judge.judge(subject)
    once = subject.SerializeToString(deterministic=True)
    second = judge.judge(subject)
    assert subject.SerializeToString(deterministic=True) == once
    assert not second.masked
    if first.violation is None:
        assert second.violation is None
