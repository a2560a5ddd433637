"""The cases that tell funnels apart, one by one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.metrics.analytics.reports.funnels.asking import Funnel
from tests.support.report_answers import SECOND, START_US, ask, scope_of, select
from tests.support.report_events import ChdbEvents, Happened

CASES = {
    "the latest first step begins anew": ("A0 A10 B65", "AB", "", 2),
    "a newer first step is of no use to an older chain": ("A1 B31 A51 C81", "ABC", "", 2),
    "the window includes its end": ("A1 B61", "AB", "", 2),
    "and nothing beyond": ("A1 B62", "AB", "", 1),
    "events of one time are in the order of steps": ("B5 A5", "AB", "", 2),
    "unless steps have to be later": ("A5 B5", "AB", "strict_increase", 1),
    "one event is one step": ("A5", "AA", "", 1),
    "two events are two": ("A5 A6", "AA", "", 2),
    "other events in between do not matter": ("A1 B2 D3 C4", "ABC", "", 3),
    "unless the order is strict": ("A1 B2 D3 C4", "ABC", "strict_order", 2),
    "an early third step does no harm": ("A1 C2 B3 C4", "ABC", "", 3),
    "a repeated step ends it": ("A1 B2 B3 C4", "ABC", "strict_deduplication", 2),
    "the beginning of time is a time": ("A0 B10", "AB", "", 2),
    "without a first step there is no chain": ("B1", "AB", "", 0),
    "the first two of one name may be of one time": ("A5 A5", "AA", "", 2),
}


def stream_of(text: str) -> list[tuple[str, int]]:
    return [(word[0], int(word[1:])) for word in text.split()]


@pytest.mark.parametrize(("stream", "steps", "mode", "level"), CASES.values(), ids=list(CASES))
def test_case(stream: str, steps: str, mode: str, level: int) -> None:
    """The level is the one that the rules give."""
    asked = Funnel(scope=scope_of(), steps=select(steps), window=timedelta(seconds=60))
    funnel = replace(asked, **{mode: True}) if mode else asked  # type: ignore[arg-type]  # flags
    events = [Happened(7, START_US + second * SECOND, name) for name, second in stream_of(stream)]
    actors = [step.actors for step in ask(funnel, events).steps]
    assert actors == [1] * level + [0] * (len(steps) - level)


def test_clickhouse_says_the_same(chdb_events: ChdbEvents) -> None:
    """`windowFunnel` with `strict_once` gives every case the same level."""
    queries = []
    for stream, steps, mode, _ in CASES.values():
        events = stream_of(stream)
        flags = ", ".join(str([int(name == step) for name, _ in events]) for step in steps)
        modes = "strict_once" + (f"\\', \\'{mode}" if mode else "")
        times = f"arrayMap(t -> toUInt64(t), {[second for _, second in events]})"
        queries.append(f"arrayReduce('windowFunnel(60, \\'{modes}\\')', {times}, {flags})")
    assert chdb_events.query(f"SELECT [{', '.join(queries)}]") == [[[case[3] for case in CASES.values()]]]
