"""Keys of the store in batches hold the rows that the store's arrays hold, whatever was merged or erased since."""

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.metrics.analytics.store import batches as module
from services.metrics.analytics.store.arrays import Wanted
from services.metrics.analytics.store.runs import Runs, merged
from tests.support.report_answers import SECOND, START_US
from tests.support.report_events import Happened, snapshot_of
from tests.support.report_streams import TENANTS, streams

Row = tuple[int, int, str]
FROM, UNTIL = START_US + SECOND, START_US + 9 * SECOND
WANTED = {
    "all": Wanted(),
    "nobody too": Wanted(nobody=True),
    "some, of a period": Wanted(("A", "C", "never"), first_us=FROM, end_us=UNTIL),
    "a long period": Wanted(first_us=START_US - SECOND, end_us=START_US + 11 * SECOND, nobody=True),
}


@pytest.fixture(params=[module.BATCH_ROWS, 40])
def batch_rows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything in one batch, or many batches with the actors of a tenant in several."""
    monkeypatch.setattr(module, "BATCH_ROWS", request.param)


def changes_of(events: list[Happened], chance: random.Random) -> dict[str, Any]:
    """Merges and erasures of some actors."""
    merges: dict[str, dict[int, int]] = {}
    erased: dict[str, frozenset[int]] = {}
    for tenant in TENANTS:
        actors = sorted({event.actor for event in events if event.tenant == tenant} - {0})
        chance.shuffle(actors)
        half = len(actors) // 2
        merges[tenant] = {old: chance.choice([*actors[half:], 76 + len(tenant)]) for old in actors[: half // 2]}
        erased[tenant] = frozenset(actors[half : half + 3])
    return {"merges": merges, "erased": erased}


@pytest.mark.usefixtures("batch_rows")
@pytest.mark.parametrize("wanted", WANTED.values(), ids=list(WANTED))
@pytest.mark.parametrize("tenant", [None, TENANTS[0]])
@given(events=streams(), seed=st.integers(0, 100))
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_same_rows(wanted: Wanted, tenant: str | None, events: list[Happened], seed: int) -> None:
    """All of an actor's rows are in one batch, ordered by time; nothing is there twice."""
    with snapshot_of(events, **changes_of(events, random.Random(seed))) as snapshot:
        expected: list[Row] = []
        for rows in snapshot.arrays(tenant, wanted):
            names = [rows.names[code] for code in rows.code]
            expected += zip(rows.actor.tolist(), rows.time.tolist(), names, strict=True)
        found: list[Row] = []
        seen: set[int] = set()
        times: list[int] = []
        for batch in snapshot.batches(tenant, wanted):
            runs = batch.read()
            if runs.times:
                known, number, time, code = merged(runs)
                assert (np.diff(number) >= 0).all()
                assert not ((np.diff(time) < 0) & (np.diff(number) == 0)).any()
                assert (np.diff(known) > 0).all()
                actors = known[number].tolist()
                found += zip(actors, time.tolist(), [runs.names[each] for each in code], strict=True)
                assert seen.isdisjoint(set(actors) - {0})
                seen.update(actors)
            for some, outside in batch.times():
                times += np.delete(some, outside).tolist()
        assert sorted(found) == sorted(expected)
        assert sorted(times) == sorted(time for _, time, _ in expected)


@given(
    rows=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6), st.integers(0, 3)), min_size=1, max_size=60),
    pieces=st.integers(1, 4),
    apart=st.sampled_from([1, 2**60]),
)
def test_runs_that_overlap_in_time(rows: list[tuple[int, int, int]], pieces: int, apart: int) -> None:
    """Runs of several pieces come into one order, however far their times are apart."""
    parts = [sorted(rows[at::pieces], key=lambda row: row[:2]) for at in range(pieces) if rows[at::pieces]]
    times = [np.array([time * apart for _, time, _ in part], np.int64) for part in parts]
    codes = [np.array([code for _, _, code in part], np.uint16) for part in parts]
    actor = np.array([actor for part in parts for actor, _, _ in part], np.int64)
    cuts = np.cumsum([0, *map(len, parts)])[:-1]
    begins = np.union1d(np.flatnonzero(np.diff(actor)) + 1, cuts)
    lengths = np.diff(begins, append=len(actor))
    nothing = np.empty(0, np.intp)
    known, number, time, code = merged(Runs("abcd", times, codes, begins, lengths, actor[begins], nothing))
    found = list(zip(known[number].tolist(), (time // apart).tolist(), code.tolist(), strict=True))
    assert [row[:2] for row in found] == sorted(row[:2] for row in rows)
    assert sorted(found) == sorted(rows)
