"""Keys of the store in batches hold the rows that the store's arrays hold, whatever was merged or erased since."""

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.metrics.analytics.store import batches as module
from services.metrics.analytics.store.arrays import Wanted
from services.metrics.analytics.store.runs import merged
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
            if runs.runs:
                number, time, code = merged(runs)
                assert (np.diff(number) >= 0).all()
                assert not ((np.diff(time) < 0) & (np.diff(number) == 0)).any()
                actors = runs.actors[number].tolist()
                found += zip(actors, time.tolist(), [runs.names[each] for each in code], strict=True)
                assert seen.isdisjoint(set(actors) - {0})
                seen.update(actors)
            for some, outside in batch.times():
                times += np.delete(some, outside).tolist()
        assert sorted(found) == sorted(expected)
        assert sorted(times) == sorted(time for _, time, _ in expected)
