"""Files of the spool, whole and torn and damaged."""

import random

from hypothesis import given
from hypothesis import strategies as st
from mirante.telemetry.records import Kind
from mirante.telemetry.spool.framing import MAGIC, encode, scan, size_of

RECORDS = st.lists(st.tuples(st.sampled_from(list(Kind)), st.binary(max_size=300)), max_size=20)


@given(RECORDS)
def test_what_is_written_is_read(records: list[tuple[Kind, bytes]]) -> None:
    """In order, and as long as announced."""
    data = MAGIC + encode(records)
    assert len(data) == len(MAGIC) + sum(size_of(body) for _, body in records)
    assert scan(data).records == records
    assert not scan(data).damaged


@given(RECORDS, st.data())
def test_a_torn_end_is_no_damage(records: list[tuple[Kind, bytes]], data: st.DataObject) -> None:
    """Wherever a process was killed while it wrote, what was whole before is there, and nothing else."""
    whole = MAGIC + encode(records)
    torn = whole[: data.draw(st.integers(0, len(whole)))]
    scanned = scan(torn)
    assert not scanned.damaged
    assert scanned.records == records[: len(scanned.records)]
    kept = len(MAGIC) + sum(size_of(body) for _, body in scanned.records)
    rest = records[len(scanned.records) :]
    assert not rest or len(torn) < kept + size_of(rest[0][1])


@given(RECORDS)
def test_zeros_at_the_end_are_no_damage(records: list[tuple[Kind, bytes]]) -> None:
    """A file system may have made the file longer than what was written."""
    scanned = scan(MAGIC + encode(records) + bytes(100))
    assert scanned.records == records
    assert not scanned.damaged


@given(RECORDS.filter(bool), st.data())
def test_damage_invents_nothing(records: list[tuple[Kind, bytes]], data: st.DataObject) -> None:
    """A bit that fell over costs what it hits, and never changes an event."""
    damaged = bytearray(MAGIC + encode(records))
    at = data.draw(st.integers(0, len(damaged) - 1))
    damaged[at] ^= 1 << data.draw(st.integers(0, 7))
    left = iter(records)
    assert all(record in left for record in scan(bytes(damaged)).records)


def test_damage_in_the_middle_is_noticed_and_passed_over() -> None:
    """The records around it are kept."""
    records = [(Kind.EVENT, bytes([number]) * 50) for number in range(10)]
    damaged = bytearray(MAGIC + encode(records))
    damaged[len(MAGIC) + 3 * size_of(records[0][1]) + 20] ^= 1
    scanned = scan(bytes(damaged))
    assert scanned.damaged
    assert scanned.records == records[:3] + records[4:]


def test_other_files_are_damaged() -> None:
    """Whatever somebody put there."""
    assert scan(b"hello, this is no spool").damaged
    assert scan(random.Random(1).randbytes(5_000)).damaged
    assert not scan(b"").damaged
