"""Files of answers: what spreadsheets and people read of them."""

import csv
import io

from google.protobuf import json_format
from mirante.api.metrics.v1 import report_pb2

from services.metrics.analytics.answering.wire.reports import table_of
from services.metrics.analytics.answering.wire.tables import ABSENT, OTHERS, Table, as_csv


def _read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def test_cells_are_read_back_as_they_were() -> None:
    """Commas, quotes, lines and emoji; what would be a formula is shown as text, and numbers stay numbers."""
    texts = ("a,b", 'c"d', "e\nf", "😀 ç", "-7", "+1.5e3", "=1+1", "-7+1", "@x")
    table = Table(("texto",), tuple((text,) for text in texts))
    assert [row for [row] in _read(as_csv(table))] == ["texto", *texts[:6], "'=1+1", "'-7+1", "'@x"]
    numbers = Table(("n",), ((None,), (True,), (-7,), (0.1,), (10**18,)))
    assert [row for [row] in _read(as_csv(numbers))[2:]] == ["true", "-7", "0.1", str(10**18)]


def _answer(**result: object) -> report_pb2.Answer:
    return json_format.ParseDict({"result": result}, report_pb2.Answer())


def test_a_funnel_is_a_row_for_each_step_of_all_of_each_group_and_of_each_bucket() -> None:
    """With the shares of each; those of nobody are empty."""
    answer = _answer(
        funnel={
            "steps": [
                {"event": "login", "actors": 10, "from_previous": 1, "overall": 1},
                {"event": "venda", "actors": 4, "from_previous": 0.4, "overall": 0.4},
            ],
            "groups": [
                {"group": {"value": "pro"}, "actors": [8, 4]},
                {"group": {}, "actors": [2, 0]},
                {"group": {"others": True}, "actors": [0, 0]},
            ],
            "buckets": [{"label": "2026-03-02", "actors": [10, 4]}],
        }
    )
    table = table_of(answer)
    assert table.columns == ("bucket", "group", "step", "event", "actors", "from_previous", "overall")
    assert table.rows == (
        ("", "", 1, "login", 10, 1.0, 1.0),
        ("", "", 2, "venda", 4, 0.4, 0.4),
        ("", "pro", 1, "login", 8, 1.0, 1.0),
        ("", "pro", 2, "venda", 4, 0.5, 0.5),
        ("", ABSENT, 1, "login", 2, 1.0, 1.0),
        ("", ABSENT, 2, "venda", 0, 0.0, 0.0),
        ("", OTHERS, 1, "login", 0, None, None),
        ("", OTHERS, 2, "venda", 0, None, None),
        ("2026-03-02", "", 1, "login", 10, 1.0, 1.0),
        ("2026-03-02", "", 2, "venda", 4, 0.4, 0.4),
    )


def test_exact_numbers_are_written_as_they_are() -> None:
    """No float comes between; a negative one is no formula. Both periods are in one file."""
    point = {"label": "2026-03-02", "value": "-1234567890123456789.000000001", "incomplete": True}
    answer = json_format.ParseDict(
        {
            "result": {"series": {"points": [point], "total": "0.1"}},
            "previous": {"series": {"points": [], "total": "2"}},
        },
        report_pb2.Answer(),
    )
    assert _read(as_csv(table_of(answer))) == [
        ["period", "group", "bucket", "value", "incomplete"],
        ["current", "", "2026-03-02", "-1234567890123456789.000000001", "true"],
        ["current", "", "", "0.1", "false"],
        ["previous", "", "", "2", "false"],
    ]
