"""Bodies: unpacked within a bound, and strict JSON."""

import gzip
import tracemalloc

import pytest

from services.gateway.http.bodies import parse_json, unpacked
from services.gateway.http.problems import Problem


def test_what_fits_is_unpacked() -> None:
    """Up to the bound itself."""
    assert unpacked(gzip.compress(b"x" * 1_000), 1_000) == b"x" * 1_000


def test_what_does_not_fit_is_refused_without_unpacking_it() -> None:
    """Little more than the bound is ever in memory."""
    bomb = gzip.compress(b"\0" * 50_000_000)
    tracemalloc.start()
    with pytest.raises(Problem) as caught:
        unpacked(bomb, 10_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.status == 413
    assert peak < 1_000_000


@pytest.mark.parametrize(
    "body",
    [b"", b"x", gzip.compress(b"abc")[:-1], gzip.compress(b"a") + b"more"],
    ids=["nothing", "something else", "cut short", "followed by more"],
)
def test_what_is_no_whole_gzip_is_refused(body: bytes) -> None:
    """Also with something behind it."""
    with pytest.raises(Problem) as caught:
        unpacked(body, 1_000)
    assert (caught.value.status, caught.value.reason) == (400, "INVALID_BODY")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"NaN", b"[Infinity]", b"-Infinity", b"\xff", b"[" * 100_000, b"1" * 5_000]
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    """With a place, and none of the content."""
    with pytest.raises(Problem) as caught:
        parse_json(body)
    assert (caught.value.status, caught.value.reason) == (400, "INVALID_BODY")
    assert len(caught.value.detail) < 200
