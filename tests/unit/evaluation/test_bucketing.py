import datetime
import json
from pathlib import Path
from typing import Any

import mmh3
import pytest
from mirante.evaluation.bucketing import bucket, hash32, hash_threshold, identity_text
from mirante.evaluation.model import TOTAL_WEIGHT, AttributeValue

from tests.unit.evaluation.slow_murmur3 import murmur3_x86_32, slow_bucket

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "conformance" / "hash_version_1.json").read_text(encoding="utf-8")
)
HASHES = VECTORS["published"]["hashes"] + VECTORS["hashes"]


@pytest.mark.parametrize("vector", HASHES, ids=lambda vector: ascii(vector["text"]))
def test_hash_gives_the_fixed_numbers(vector: dict[str, Any]) -> None:
    """Texts hash to the numbers of the file, published ones among them, here and in an independent implementation."""
    assert (hash32(vector["text"]), murmur3_x86_32(vector["text"].encode())) == (vector["hash"], vector["hash"])


@pytest.mark.parametrize("vector", VECTORS["buckets"], ids=lambda vector: ascii(vector["salt"] + "|" + vector["value"]))
def test_bucket_gives_the_fixed_numbers(vector: dict[str, Any]) -> None:
    """Salt and value fall into the bucket of the file, here and in an independent implementation."""
    salt, value = vector["salt"], vector["value"]
    assert (bucket(salt, value), slow_bucket(salt, value)) == (vector["bucket"], vector["bucket"])


def test_fixed_buckets_reach_both_ends() -> None:
    """The first and the last bucket are among the fixed ones, and so is text that is not ASCII."""
    buckets = {vector["bucket"] for vector in VECTORS["buckets"]}
    assert {0, TOTAL_WEIGHT - 1} <= buckets
    assert any(not (vector["salt"] + vector["value"]).isascii() for vector in VECTORS["buckets"])


def test_thresholds_are_the_fixed_numbers() -> None:
    """Other clients that compare hashes find the same thresholds."""
    for vector in VECTORS["thresholds"]["values"]:
        assert hash_threshold(vector["buckets"]) == vector["hash"]


def test_threshold_is_where_the_bucket_formula_changes() -> None:
    """For every number of buckets: the hash below the threshold is still inside, the threshold itself is not."""
    for buckets in range(TOTAL_WEIGHT + 1):
        threshold = hash_threshold(buckets)
        below = ((threshold - 1) * TOTAL_WEIGHT) >> 32
        at = (threshold * TOTAL_WEIGHT) >> 32
        assert (below < buckets, at >= buckets) == (True, True)


def test_lone_surrogate_is_an_error_and_no_crash() -> None:
    """JSON may bring a lone surrogate; UTF-8 cannot hold it."""
    with pytest.raises(UnicodeEncodeError):
        hash32("user-\ud800")
    with pytest.raises(UnicodeEncodeError):
        bucket("salt", "\udfff")


def test_hash_does_not_depend_on_how_the_text_is_given() -> None:
    """The hash of a text is the hash of its UTF-8 bytes."""
    for text in ("user-1", "usuário", "🙂" * 9):
        assert hash32(text) == mmh3.hash(text.encode(), 0, False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("user-1", "user-1"),
        ("", ""),
        (" 42", " 42"),
        (42, "42"),
        (0, "0"),
        (-7, "-7"),
        (2**63 - 1, "9223372036854775807"),
        (42.0, "42"),
        (-0.0, "0"),
        (1e15, "1000000000000000"),
        (1e22, "10000000000000000000000"),
        (datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), "2026-01-01T00:00:00+00:00"),
        (42.5, None),
        (float("nan"), None),
        (float("inf"), None),
        (True, None),
        (False, None),
        (None, None),
        (["user-1"], None),
        ({"id": "user-1"}, None),
        (b"user-1", None),
    ],
    ids=ascii,
)
def test_identity(value: AttributeValue, text: str | None) -> None:
    """Strings, integers and whole doubles identify somebody; nothing else does."""
    assert identity_text(value) == text


def test_endless_integer_identifies_nobody() -> None:
    """An integer too long to be written is no error."""
    assert identity_text(10**5000) is None
