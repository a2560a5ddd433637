"""
How long do the results of an experiment take, from the analytics store to the verdict?

    python -m benchmarks.experiments

A million users are exposed to two variants over two weeks, with five metrics: two proportions, a mean with a covariate
and a cap, a ratio, and revenue with cancellations. Half of all events are none of the experiment's. One segment a day,
as tidying leaves them. Wall time says how long somebody waits; processor time also means something on a busy machine.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from google.protobuf.duration_pb2 import Duration
from mirante.api.metrics.v1 import experiment_pb2 as pb2

from benchmarks.measuring import median, report, spread
from services.metrics.analytics.reports.memory import keep_memory
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.manifest import Manifest, Segment
from services.metrics.analytics.store.reading import Snapshot
from services.metrics.analytics.store.rows import sorted_rows
from services.metrics.analytics.store.schema import FIXED
from services.metrics.analytics.store.segment_files import DICTIONARY, write_segment
from services.metrics.experiments.data.measuring import measured
from services.metrics.experiments.data.questions import DAY
from services.metrics.experiments.designing.asking import question_of
from services.metrics.experiments.results.computing import results_of

DAYS: Final = 14
START_US: Final = 1_790_000_000_000_000
ARMS: Final = ("control", "experimental")
METRIC_EVENTS: Final = ("venda_criada", "venda_cancelada", "erro_frontend", "pagina_vista")
NOISE: Final = ("dashboard_acessado", "busca_venda", "grafico_visualizado", "filtro_aplicado")


def _text(codes: Any, names: Any) -> Any:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(names, pa.string())).cast(DICTIONARY)


def _text_where(there: Any, text: Any) -> Any:
    texts = np.broadcast_to(np.asarray(text, object), there.shape)
    return pa.array(texts, pa.string(), mask=~there)


def _segment(folder: Path, day: int, rows: dict[str, Any]) -> Segment:
    size, names = len(rows["time"]), ["flag_exposta", *METRIC_EVENTS, *NOISE]
    exposed = rows["name"] == 0
    sold = (rows["name"] == 1) | (rows["name"] == 2)
    constant = pa.array([None] * size, pa.string())
    columns: dict[str, Any] = {each.name: constant for each in FIXED} | {
        "tenant": _text(rows["actor"] % 50, [f"tenant-{number}" for number in range(50)]),
        "actor": rows["actor"],
        "own_actor": rows["actor"],
        "time": pa.array(rows["time"], pa.int64()).cast(pa.timestamp("us")),
        "received": pa.array(rows["time"], pa.int64()).cast(pa.timestamp("us")),
        "position": np.arange(size) + day * 10_000_000,
        "name": _text(rows["name"], names),
        "imported": np.zeros(size, bool),
    }
    columns |= {
        "s.flag": _text_where(exposed, "cta"),
        "s.variant": _text_where(exposed, np.array(ARMS)[rows["actor"] % 2]),
        "s.reason": _text_where(exposed, "SPLIT"),
        "s.rule_id": _text_where(exposed, ""),
        "s.valor": _text_where(sold, np.round(rows["amount"], 2).astype(str)),
    }
    return write_segment(folder, f"day-{day}", sorted_rows(pa.table(columns)), None)


def _days(users: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Yield the events of each day: each user is exposed on one day, and again on a later one now and then."""
    chance = np.random.default_rng(seed)
    actors = chance.integers(1, 2**62, users)
    first = chance.integers(0, DAYS - 1, users)
    for day in range(-1, DAYS):
        new = actors[first == day]
        again = chance.choice(actors[first < day], (first < day).sum() // 20) if day > 0 else actors[:0]
        counts = users // 15
        some = chance.choice(actors, counts * 8)
        names = np.repeat(np.arange(1, 9), counts)
        actor = np.concatenate([new, again, some])
        yield {
            "actor": actor,
            "name": np.concatenate([np.zeros(len(new) + len(again), np.int64), names]),
            "time": START_US + day * DAY + chance.integers(0, DAY, len(actor)),
            "amount": chance.lognormal(4, 1, len(actor)),
        }


def _record() -> pb2.ExperimentRecord:
    week, day = Duration(seconds=7 * 86_400), Duration(seconds=86_400)
    sales = pb2.EventMeasure(event="venda_criada", property="valor")
    back = pb2.EventMeasure(event="venda_cancelada", property="valor")
    views = pb2.EventMeasure(event="pagina_vista")
    lower = pb2.METRIC_DIRECTION_LOWER_IS_BETTER
    metric = pb2.ExperimentMetric
    experiment = pb2.Experiment(
        key="cta",
        flag_key="cta",
        control=ARMS[0],
        arms=[pb2.ExperimentArm(variant=arm, weight=1) for arm in ARMS],
        primary=metric(key="conversao", proportion=pb2.EventMeasure(event="venda_criada"), window=week),
        secondary=[
            metric(key="vistas", mean=views, window=day, covariate_window=day, cap=20.0),
            metric(key="por_vista", ratio=pb2.RatioMeasure(numerator=sales, denominator=views), window=week),
            metric(key="receita", revenue=pb2.RevenueMeasure(sales=sales, cancellations=back), window=week, cap=1e4),
        ],
        guardrails=[
            metric(
                key="erros",
                proportion=pb2.EventMeasure(event="erro_frontend"),
                window=day,
                direction=lower,
                margin=0.01,
            )
        ],
    )
    record = pb2.ExperimentRecord(experiment=experiment, state=pb2.EXPERIMENT_STATE_RUNNING)
    record.phases.add(arms=experiment.arms).started_at.FromMicroseconds(START_US)
    return record


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    keep_memory()
    record = _record()
    question = question_of(record, START_US + DAYS * DAY)
    wall, processor, statistics = [], [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        segments = tuple(_segment(folder, day, rows) for day, rows in enumerate(_days(chosen.users)))
        manifest = Manifest(build="b", position=1, complete_us=question.until, at_end=True, segments=segments)
        for _ in range(chosen.rounds):
            began, used = time.perf_counter(), time.process_time()
            found = measured(question, Snapshot(folder, manifest), Limits(threads=2))
            read = time.perf_counter()
            results, _ = results_of(record, question, found, {})
            wall.append(time.perf_counter() - began)
            statistics.append(time.perf_counter() - read)
            processor.append(time.process_time() - used)
    report(
        "results of an experiment, two threads",
        {
            "events": sum(segment.rows for segment in segments),
            "exposed": sum(arm.units for arm in results.health.arms),
            "metrics": len(results.metrics),
            "looks": len(results.metrics[0].comparisons[0].series),
            "seconds": median(wall),
            "spread": spread(wall),
            "processor_seconds": median(processor),
            "of_which_statistics": median(statistics),
        },
    )


if __name__ == "__main__":
    main()
