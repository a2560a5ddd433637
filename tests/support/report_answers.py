"""Asks both engines the same question."""

import dataclasses
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from services.metrics.analytics.reports.asking import Scope, Selection
from services.metrics.analytics.reports.running import Question, run, run_on_clickhouse
from services.metrics.analytics.store.engine import Limits
from tests.support.report_events import ChdbEvents, Happened, Told, snapshot_of

SECOND = 1_000_000
DAY = 86_400 * SECOND
START = datetime(2026, 3, 2, 3, tzinfo=UTC)
"""Midnight in São Paulo, a Monday."""
START_US = int(START.timestamp()) * SECOND


def scope_of(length: timedelta = timedelta(days=7), **changes: Any) -> Scope:
    """A period from `START` on."""
    return Scope(**({"start": START, "end": START + length} | changes))


def select(names: str) -> tuple[Selection, ...]:
    """Selections of events with names of one letter."""
    return tuple(Selection(name) for name in names)


def ask(question: Question, events: Sequence[Happened], complete_us: int = 2**60, traits: Told | None = None) -> Any:
    """The store's result."""
    with snapshot_of(events, complete_us, traits=traits) as snapshot:
        return run(question, snapshot, Limits()).result


def ask_both(
    question: Question,
    events: Sequence[Happened],
    chdb: ChdbEvents,
    complete_us: int = 2**60,
    traits: Told | None = None,
) -> Any:
    """The store's result, which ClickHouse's engine agrees with, and so it does for the period before."""
    with snapshot_of(events, complete_us, traits=traits) as snapshot:
        ours = run(question, snapshot, Limits())
        theirs = run_on_clickhouse(question, chdb.holding(events, traits), snapshot.watermark)
    assert difference(ours, theirs) == ""
    return ours.result


def difference(left: Any, right: Any, path: str = "answer") -> str:
    """Where two answers differ; empty when they do not. The last digits of floating-point numbers may."""
    if dataclasses.is_dataclass(left) and type(left) is type(right):
        pairs = [
            (getattr(left, each.name), getattr(right, each.name), f"{path}.{each.name}")
            for each in dataclasses.fields(left)
        ]
    elif isinstance(left, list | tuple) and isinstance(right, list | tuple) and len(left) == len(right):
        pairs = [(*each, f"{path}[{at}]") for at, each in enumerate(zip(left, right, strict=True))]
    elif isinstance(left, float) and isinstance(right, float):
        return "" if math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-12) else f"{path}: {left} and {right}"
    else:
        same = left == right and (type(left) is type(right) or isinstance(left, Enum))
        return "" if same else f"{path}: {left!r} and {right!r}"
    return next((found for pair in pairs if (found := difference(*pair))), "")
