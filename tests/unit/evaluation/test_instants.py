import datetime

import pytest
from mirante.evaluation.instants import instant, relative_seconds
from mirante.evaluation.model import AttributeValue

NEW_YEAR = 1_767_225_600.0
BRASILIA = datetime.timezone(datetime.timedelta(hours=-3))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2026-01-01T00:00:00Z", NEW_YEAR),
        ("2026-01-01t00:00:00z", NEW_YEAR),
        ("2026-01-01 00:00:00Z", NEW_YEAR),
        ("2025-12-31T21:00:00-03:00", NEW_YEAR),
        ("2026-01-01T00:00:00", NEW_YEAR),
        ("2026-01-01", NEW_YEAR),
        ("2026-01-01T00:00:00.5Z", NEW_YEAR + 0.5),
        ("2026-01-01T00:00:00.000001Z", NEW_YEAR + 0.000001),
        ("2026-01-01T00:00:00.123456789Z", NEW_YEAR + 0.123456),
        ("1969-12-31T23:59:59Z", -1.0),
        ("0001-01-01T00:00:00Z", -62_135_596_800.0),
        ("9999-12-31T23:59:59Z", 253_402_300_799.0),
        (0, 0.0),
        (1_767_225_600_000, NEW_YEAR),
        (1_767_225_600_500.0, NEW_YEAR + 0.5),
        (-1000, -1.0),
        (datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), NEW_YEAR),
        (datetime.datetime(2025, 12, 31, 21, tzinfo=BRASILIA), NEW_YEAR),
        (datetime.datetime(2026, 1, 1), NEW_YEAR),
    ],
    ids=str,
)
def test_instants(value: AttributeValue, seconds: float) -> None:
    """RFC 3339 strings, milliseconds and datetimes mean a point in time; without an offset they are UTC."""
    assert instant(value) == seconds


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "",
        "hoje",
        "01/01/2026",
        "2026-1-1",
        "20260101",
        "2026-W01-1",
        "2026-01-01T",
        "2026-01-01T00",
        "2026-01-01T00:00",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00,5Z",
        "2026-01-01x00:00:00Z",
        "2026-01-01T00:00:00+0300",
        "2026-01-01T00:00:00+25:00",
        "2026-02-30",
        "2026-13-01",
        "0000-01-01",
        " 2026-01-01",
        "2026-01-01\n",
        "٢٠٢٦-01-01",
        "1767225600000",
        "2026-01-01T00:00:00." + "0" * 100 + "Z",
        float("nan"),
        10**400,
        [],
        {},
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_what_is_no_instant(value: AttributeValue) -> None:
    """None of these means a point in time, on any version of Python, and none raises."""
    assert instant(value) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("-7d", -604_800), ("+12h", 43_200), ("-30m", -1_800), ("+1s", 1), ("-2w", -1_209_600), ("+0s", 0)],
)
def test_relative(text: str, seconds: int) -> None:
    """A sign, a number and a unit are an offset from now."""
    assert relative_seconds(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "7d", "-7", "-d", "-7D", "-7 d", "- 7d", "-7y", "-7.5d", "-7d\n", "-1234567d", "-٧d"]
)
def test_what_is_not_relative(text: str) -> None:
    """Offsets are signed, whole, and of five units."""
    assert relative_seconds(text) is None
