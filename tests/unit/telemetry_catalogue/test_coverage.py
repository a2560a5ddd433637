"""The coverage report adds up."""

import datetime

from hypothesis import given
from hypothesis import strategies as st

from services.telemetry.catalogue.catalogue_yaml import read_catalogue
from services.telemetry.catalogue.coverage import coverage_report
from services.telemetry.catalogue.store import CoverageCount
from tests.support.flag_strategies import SETTINGS

CATALOGUE = read_catalogue("events: {a: {}, b: {}, c: {}}")
MONDAY = datetime.date(2026, 11, 23)
TUESDAY = MONDAY + datetime.timedelta(days=1)


def test_a_row_for_each_name_and_day() -> None:
    """Newest day first, then by name; outcomes are added up."""
    report = coverage_report(
        CATALOGUE,
        [
            CoverageCount(MONDAY, "a", 1, "", 5),
            CoverageCount(TUESDAY, "b", 4, "properties.x: is required", 2),
            CoverageCount(TUESDAY, "a", 1, "", 10),
            CoverageCount(TUESDAY, "a", 3, "properties.y: must be a string, got a list", 4),
            CoverageCount(TUESDAY, "inventado", 2, "", 7),
        ],
    )
    assert [
        (row.day, row.name, row.declared, row.accepted, row.violating, row.dead_letters) for row in report.rows
    ] == [
        ("2026-11-24", "a", True, 14, 4, 0),
        ("2026-11-24", "b", True, 0, 0, 2),
        ("2026-11-24", "inventado", False, 7, 0, 0),
        ("2026-11-23", "a", True, 5, 0, 0),
    ]
    assert list(report.rows[0].violations) == ["properties.y: must be a string, got a list"]
    assert (report.declared, report.seen, list(report.unseen)) == (3, 2, ["c"])


def test_most_frequent_violations_come_first_and_few_are_told() -> None:
    """Five; equal ones by name, so that the report is the same every time."""
    counts = [CoverageCount(MONDAY, "a", 3, f"properties.p{number}: wrong", 1 + number % 3) for number in range(9)]
    [row] = coverage_report(CATALOGUE, counts).rows
    assert list(row.violations) == [f"properties.p{number}: wrong" for number in (2, 5, 8, 1, 4)]


def test_nothing_seen() -> None:
    """Every declared event is missing."""
    report = coverage_report(CATALOGUE, [])
    assert (list(report.rows), report.seen, list(report.unseen)) == ([], 0, ["a", "b", "c"])


@SETTINGS
@given(
    st.lists(
        st.builds(
            CoverageCount,
            st.sampled_from([MONDAY, TUESDAY]),
            st.sampled_from(["a", "b", "d"]),
            st.integers(1, 4),
            st.sampled_from(["", "x", "y"]),
            st.integers(1, 100),
        )
    )
)
def test_no_event_is_lost_or_counted_twice(counts: list[CoverageCount]) -> None:
    """What was counted is accepted or a dead letter; seen and unseen make up what is declared."""
    report = coverage_report(CATALOGUE, counts)
    assert sum(row.accepted + row.dead_letters for row in report.rows) == sum(each.events for each in counts)
    assert sum(row.violating for row in report.rows) == sum(each.events for each in counts if each.outcome == 3)
    assert report.seen + len(report.unseen) == report.declared == 3
    assert {row.name for row in report.rows if row.declared} == {"a", "b"} & {each.name for each in counts}
