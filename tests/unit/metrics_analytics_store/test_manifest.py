"""Manifests are values: what is written is read, and what the log says of people changes them without chains."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.metrics.analytics.store import tidy_plan
from services.metrics.analytics.store.changes import all_merged, erased, merged, split, tenant_erased
from services.metrics.analytics.store.manifest import Manifest, ManifestDamaged, Part, Segment, decoded, encoded
from services.metrics.analytics.store.schema import Kind, PropertyColumn, property_of

_tenants = st.sampled_from(["", "loja", "São João\n"])
_actors = st.integers(1, 2**63 - 1)
_parts = st.builds(
    Part,
    tenant=_tenants,
    start=st.just(0),
    rows=st.integers(1, 9),
    first_us=st.integers(-(2**62), 2**62),
    last_us=st.integers(-(2**62), 2**62),
    first_actor=_actors,
    last_actor=_actors,
)
_segments = st.builds(
    Segment,
    name=st.from_regex("[0-9]{8}-[0-9]{8}", fullmatch=True),
    month=st.none() | st.integers(0, 10**6),
    parts=st.lists(_parts, max_size=3).map(tuple),
    file_rows=st.integers(0, 99),
    properties=st.lists(st.text()).map(tuple),
    has_rest=st.booleans(),
)
_manifests = st.builds(
    Manifest,
    build=st.text(),
    term=st.integers(0),
    cursor=st.binary(),
    segments=st.lists(_segments, max_size=3).map(tuple),
    touched=st.dictionaries(_tenants, st.integers(0)),
    merges=st.dictionaries(_tenants, st.dictionaries(_actors, _actors)),
    erased=st.dictionaries(_tenants, st.frozensets(_actors)),
    condemned=st.dictionaries(_tenants, st.frozensets(_actors)),
    splits=st.dictionaries(_tenants, st.frozensets(st.tuples(_actors, _actors))),
)


@given(_manifests, st.integers(0, 10**6), st.integers(1, 255))
def test_a_manifest_is_read_as_it_was_written_or_not_at_all(manifest: Manifest, place: int, change: int) -> None:
    """One byte that is another one is noticed, wherever it is; so is one that is missing."""
    content = encoded(manifest)
    assert decoded(content) == manifest
    place %= len(content)
    for damaged in (content[:place], content[:place] + bytes([content[place] ^ change]) + content[place + 1 :]):
        with pytest.raises(ManifestDamaged):
            decoded(damaged)


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6))))
def test_merges_lead_to_whoever_everybody_is_in_the_end(pairs: list[tuple[int, int]]) -> None:
    """In one step, also after chains and circles."""
    manifest, now = Manifest("b"), {actor: actor for actor in range(1, 7)}
    for from_, into in pairs:
        manifest = merged(manifest, "loja", from_, into)
        to = now[into]
        now = {each: to if from_ in (each, who) else who for each, who in now.items()}
    found = manifest.merges.get("loja", {})
    assert found == {each: who for each, who in now.items() if each != who}
    assert not set(found) & set(found.values())


def test_a_split_takes_a_merge_back_and_is_remembered_until_rows_say_so() -> None:
    """A merge of the same two makes it void; who it was taken for is kept, also when there are several."""
    manifest = split(merged(Manifest("b"), "loja", 1, 2), "loja", 1, 2)
    assert (manifest.merges, manifest.splits) == ({}, {"loja": frozenset({(1, 2)})})
    again = split(merged(manifest, "loja", 1, 3), "loja", 1, 3)
    assert again.splits == {"loja": frozenset({(1, 2), (1, 3)})}
    assert merged(manifest, "loja", 1, 2).splits == {}


def test_what_is_erased_stays_erased() -> None:
    """For good where it is a person, and up to that moment where it is a tenant."""
    part = Part("loja", 0, 3, 0, 1, 1, 2)
    shared = Segment("s", None, (part, Part("bar", 3, 2, 0, 1, 5, 6)), 5)
    manifest = Manifest("b", segments=(shared, Segment("o", 1, (part,), 3)))
    gone = erased(manifest, "loja", [1])
    assert (gone.erased, gone.condemned, gone.forgets) == ({"loja": frozenset({1})}, {"loja": frozenset({1})}, 1)
    left = tenant_erased(gone, "loja")
    assert [(segment.name, segment.rows, segment.owner) for segment in left.segments] == [("s", 2, None)]
    assert (left.erased, left.condemned, left.forgets) == ({}, {"loja": frozenset({1})}, 2)


def test_the_erasure_of_whom_somebody_was_split_from_is_for_the_log_to_settle() -> None:
    """Their rows are not told apart yet, and those of the other must not go along for good."""
    manifest = split(Manifest("b"), "loja", 1, 2)
    assert not erased(manifest, "loja", [3]).unclear
    assert erased(manifest, "loja", [2]).unclear


@given(st.sampled_from(Kind), st.text(), st.text())
def test_columns_of_properties_are_told_apart_as_sql_does(kind: Kind, name: str, other: str) -> None:
    """Whatever their names are, regardless of case; and a column says which property it is of."""
    column = PropertyColumn(kind, name)
    assert property_of(column.column) == column
    if name != other:
        lower = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
        assert column.column.translate(lower) != PropertyColumn(kind, other).column.translate(lower)


@given(st.lists(st.integers(1, 200_000), max_size=60))
def test_segments_that_are_merged_are_many_and_of_like_size(rows: list[int]) -> None:
    """However many come in, few are left, and no large one is written anew for the sake of a few rows."""
    segments: list[Segment] = []
    for number, count in enumerate(rows):
        segments.append(Segment(str(number), None, (Part("t", 0, count, 0, 0, 1, 1),), count))
        chosen = tidy_plan.to_merge(segments)
        if chosen:
            assert len(chosen) >= tidy_plan.MANY
            total = sum(segment.rows for segment in chosen)
            assert total <= tidy_plan.MOST_MERGED
            largest = max(segment.rows for segment in chosen)
            assert largest <= 2 * (total - largest)
            segments = [segment for segment in segments if segment not in chosen]
            segments.append(Segment(f"m{number}", None, (Part("t", 0, total, 0, 0, 1, 1),), total))


def test_months_are_written_anew_when_it_is_worth_it() -> None:
    """When they have grown by a quarter; when rows have waited, by a fiftieth; along with another one, by that too."""
    settled = {1: 1_000, 2: 1_000}
    assert tidy_plan.months_to_settle({1: 249, 2: 1}, settled, aged=False) == set()
    assert tidy_plan.months_to_settle({1: 250, 2: 1}, settled, aged=False) == {1}
    assert tidy_plan.months_to_settle({1: 250, 2: 20, 3: 1}, settled, aged=False) == {1, 2, 3}
    assert tidy_plan.months_to_settle({1: 20, 2: 19}, settled, aged=True) == {1}


_HOUR_US = 3_600_000_000


def _shared(number: int, rows: int, made_us: int = 0) -> Segment:
    parts = (Part("a", 0, rows - 1, 0, 0, 1, 1), Part("b", rows - 1, 1, 0, 0, 1, 1))
    return Segment(str(number), None, parts, rows, made_us=made_us)


def test_while_the_store_catches_up_rows_are_merged_once_and_wait_for_the_end() -> None:
    """However much there is, each row is written once for every step of its growth; too many large ones do not wait."""
    segments: list[Segment] = []
    written = 0
    for number in range(1_400):
        segments.append(_shared(number, 100_000))
        chosen = tidy_plan.to_merge(segments, behind=True)
        if chosen:
            rows = sum(segment.rows for segment in chosen)
            written += rows
            segments = [segment for segment in segments if segment not in chosen]
            segments.append(_shared(10_000 + number, rows))
        manifest = Manifest("b", segments=tuple(segments))
        assert not tidy_plan.are_many(manifest)
        large = [segment for segment in segments if segment.rows >= tidy_plan.LARGE]
        assert tidy_plan.to_move(manifest, _HOUR_US) == (large if len(large) > tidy_plan.MOST_LARGE else [])
    assert written == 1_400 * 100_000
    assert len(segments) == 175
    at_end = Manifest("b", segments=tuple(segments), at_end=True)
    assert tidy_plan.to_move(at_end, 0) == segments


def test_shared_segments_are_put_into_months_when_rows_have_waited() -> None:
    """All of them together, those that came later too; not while the store catches up."""
    segments = (_shared(1, 10), _shared(2, 10, made_us=tidy_plan.AGED_US))
    now = Manifest("b", segments=segments, at_end=True)
    assert tidy_plan.to_move(now, tidy_plan.AGED_US - 1) == []
    assert tidy_plan.to_move(now, tidy_plan.AGED_US) == list(segments)
    assert tidy_plan.to_move(Manifest("b", segments=segments), tidy_plan.AGED_US) == []
    # A log that is never at rest keeps nobody waiting.
    busy = Manifest("b", segments=segments, complete_us=tidy_plan.AGED_US - 1_000_000)
    assert tidy_plan.to_move(busy, tidy_plan.AGED_US) == list(segments)


@given(st.integers(0, 2**62), st.integers(0, 2**62), st.integers(0, 20_000_000))
def test_actors_are_cut_into_ranges_without_gaps(first: int, length: int, rows: int) -> None:
    """Each of them has so few rows that they fit into memory, when actors are spread evenly."""
    last = first + length + 100
    ranges = tidy_plan.cut(first, last, rows)
    assert (ranges[0][0], ranges[-1][1]) == (first, last)
    assert all(end + 1 == start for (_, end), (start, _) in pairwise(ranges))
    assert rows / len(ranges) <= tidy_plan.MOST_MERGED


@given(st.lists(st.tuples(_tenants, st.integers(1, 6), st.integers(1, 6)), max_size=8))
def test_merges_of_many_are_those_of_one_after_the_other(merges: list[tuple[str, int, int]]) -> None:
    """What the log says together changes who is who as if it had been said one by one."""
    splits = {"loja": frozenset({(1, 2), (3, 4)})}
    one_by_one = Manifest("b", splits=splits)
    for merge in merges:
        one_by_one = merged(one_by_one, *merge)
    assert all_merged(Manifest("b", splits=splits), merges) == one_by_one
