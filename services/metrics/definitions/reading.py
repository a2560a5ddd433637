"""Definitions of metrics, from YAML."""

import re
from importlib.resources import files
from typing import Final

from mirante.api.common.v1 import error_reason_pb2 as reasons

from services.metrics.definitions import Aggregation, Clock, Metric, Metrics, Selection, TakeBack
from services.runtime.errors import InvalidRequest
from services.runtime.yaml_documents.document import read_document
from services.runtime.yaml_documents.fields import Fields, Problems
from services.runtime.yaml_documents.nodes import Node

MOST_METRICS: Final = 50
LONGEST_WINDOW: Final = 60
"""Minutes."""

_MEBIBYTES: Final = 1
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,99}", re.ASCII)
_AGGREGATIONS: Final = {
    "count": Aggregation.COUNT,
    "sum": Aggregation.SUM,
    "actors": Aggregation.DISTINCT_ACTORS,
    "actor_ratio": Aggregation.ACTOR_RATIO,
    "percentile": Aggregation.PERCENTILE,
}
_CLOCKS: Final = {each.value: each for each in Clock}
_FIELDS: Final = (
    "aggregation", "events", "where", "clock", "window", "amount", "currency", "percent", "of", "take_back",
)  # fmt: skip
_ALLOWED: Final = {
    Aggregation.COUNT: {"take_back"},
    Aggregation.SUM: {"take_back", "amount", "currency"},
    Aggregation.DISTINCT_ACTORS: set[str](),
    Aggregation.ACTOR_RATIO: {"of"},
    Aggregation.PERCENTILE: {"amount", "percent"},
}
_PARTICULAR: Final = ("amount", "currency", "percent", "of", "take_back")


def default_metrics() -> Metrics:
    """Return the metrics that there are unless the settings name a file."""
    return read_metrics(files("services.metrics.definitions").joinpath("default.yaml").read_text(encoding="utf-8"))


def read_metrics(text: str) -> Metrics:
    """
    Return the metrics that a document defines.

    Raises:
        InvalidRequest: INVALID_YAML with line and column, INVALID_DEFINITION with paths such as
            "metrics.vendas_hora.window".
    """
    problems = Problems()
    root = read_document(text, _MEBIBYTES)
    entries = Fields(root, "", problems, ("metrics",)).entries("metrics")
    if not 1 <= len(entries) <= MOST_METRICS:
        problems.add("metrics", root, f"must be 1 to {MOST_METRICS}")
    metrics = {name: _metric(name, node, path, problems) for name, path, node in entries[:MOST_METRICS]}
    if problems.found:
        raise InvalidRequest(problems.found, reason=reasons.ERROR_REASON_INVALID_DEFINITION)
    return metrics


def _metric(name: str, node: Node, path: str, problems: Problems) -> Metric:
    if not _NAME.fullmatch(name):
        problems.add(path, node, "a name must be 1 to 100 characters of a-z, 0-9 and '_', beginning with a letter")
    fields = Fields(node, path, problems, _FIELDS)
    word = fields.text("aggregation")
    aggregation = _AGGREGATIONS.get(word, Aggregation.COUNT)
    if word not in _AGGREGATIONS:
        problems.unknown(fields.path_of("aggregation"), node, "aggregation", word, _AGGREGATIONS)
    for field in _PARTICULAR:
        given = fields.get(field)
        if given is not None and field not in _ALLOWED[aggregation]:
            problems.add(fields.path_of(field), given, f"has no meaning for {word!r}")
    if "amount" in _ALLOWED[aggregation] and not fields.text("amount"):
        problems.add(path, node, "needs an amount: the property that is looked at")
    window = fields.integer("window", LONGEST_WINDOW)
    percent = fields.integer("percent", 99)
    if not window:
        problems.add(path, node, f"needs a window of 1 to {LONGEST_WINDOW} minutes")
    if aggregation is Aggregation.PERCENTILE and not percent:
        problems.add(path, node, "needs percent, from 1 to 99")
    return Metric(
        name=name,
        aggregation=aggregation,
        selection=_selection(fields),
        window=window,
        amount=fields.text("amount"),
        currency=fields.text("currency"),
        of=_of(fields, problems) if aggregation is Aggregation.ACTOR_RATIO else None,
        percent=percent,
        take_back=_take_back(fields, problems),
    )


def _selection(fields: Fields) -> Selection:
    clock = fields.text("clock", Clock.OCCURRED.value)
    if clock not in _CLOCKS:
        fields.problems.unknown(fields.path_of("clock"), fields.node, "clock", clock, _CLOCKS)
    where = [(key, fields.text_of(value, at)) for key, at, value in fields.entries("where")]
    return Selection(frozenset(fields.texts("events")), tuple(where), _CLOCKS.get(clock, Clock.OCCURRED))


def _of(fields: Fields, problems: Problems) -> Selection:
    node = fields.get("of")
    if node is None:
        return Selection(clock=_selection(fields).clock)
    return _selection(Fields(node, fields.path_of("of"), problems, ("events", "where", "clock")))


def _take_back(fields: Fields, problems: Problems) -> TakeBack | None:
    node = fields.get("take_back")
    if node is None:
        return None
    within = Fields(node, fields.path_of("take_back"), problems, ("event", "key"))
    taken = TakeBack(within.text("event"), within.text("key"))
    if not taken.event or not taken.key:
        problems.add(within.path, node, "needs an event and a key")
    return taken
