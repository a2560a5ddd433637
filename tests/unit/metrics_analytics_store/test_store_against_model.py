"""
Whatever happens in whatever order, the store holds what a plain list of the log's events does, through both doors.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2

from services.metrics.analytics.store import tidy_plan
from services.metrics.analytics.store.arrays import Wanted
from services.metrics.analytics.store.people import SplitUnclear
from services.metrics.analytics.store.reading import Snapshot
from services.metrics.analytics.store.tidying import Tidier
from tests.support.analytics_store import NOW, BuiltStore
from tests.support.log_model import TENANTS, LogWorld, event_of


class World(LogWorld):
    """A store and the model of it."""

    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__(seed)
        self.folder = folder
        self._begin()

    def _begin(self) -> None:
        self.store = BuiltStore(self.folder)
        self.tidier = Tidier(self.store.publisher, lambda: NOW + 10_000)

    def take(self, entries: Sequence[log_pb2.LogEntry]) -> None:
        """In one segment; the log may have more by then."""
        self.store.at_end = self.chance.random() < 0.6
        self.store.take(*entries)

    def tidy(self) -> None:
        """One step; who is split is told apart at the end, when the log that is read again is whole."""
        if not self.store.publisher.manifest.splits:
            self.tidier.step()

    def settle_splits(self) -> None:
        """Tidy until every split is seen; where the log alone knows, begin anew from it."""
        try:
            while self.store.publisher.manifest.splits or self.store.publisher.manifest.unclear:
                self.tidier.step()
        except SplitUnclear:
            self._begin()
            self.store.take(*[event_of(self.model, row) for row in self.model.rows])


def _by_engine(snapshot: Snapshot, tenant: str | None) -> list[tuple[str, int, int, str, int]]:
    with snapshot.connect(tenant) as connection:
        if "cents" not in snapshot.properties(tenant):
            return connection.sql("SELECT tenant, actor, epoch_us(time), name, 0 FROM events").fetchall()
        return sorted(
            connection.sql('SELECT tenant, coalesce(actor, 0), epoch_us(time), name, "i.cents" FROM events').fetchall()
        )


def _by_arrays(snapshot: Snapshot, tenant: str | None) -> list[tuple[str, int, int, str, int]]:
    found: list[tuple[str, int, int, str, int]] = []
    for rows in snapshot.arrays(tenant, Wanted(columns=["tenant", "i.cents"], nobody=True)):
        same = rows.actor[1:] == rows.actor[:-1]
        assert (rows.time[1:][same] >= rows.time[:-1][same]).all()
        assert len(set(rows.actor.tolist())) == 1 + int((~same).sum())
        found += zip(
            rows.columns["tenant"].to_pylist(), rows.actor.tolist(), rows.time.tolist(),
            [rows.names[code] for code in rows.code], rows.columns["i.cents"].to_pylist(), strict=True,
        )  # fmt: skip
    return sorted(found)


@pytest.fixture(autouse=True)
def _small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few rows make everything happen that millions would."""
    few = {
        "MANY": 3, "MANY_BEHIND": 3, "MOST_SETTLED": 6, "MOST_MERGED": 12, "LARGE": 8, "MOST_LARGE": 2,
        "AT_ONCE": 8, "OWN_ROWS": 4, "OWN_ROWS_BEHIND": 6,
    }  # fmt: skip
    for name, rows in few.items():
        monkeypatch.setattr(tidy_plan, name, rows)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 150))
def test_both_doors_say_what_the_log_says(seed: int, steps: int) -> None:
    """Events, merges, splits and erasures, taken in and tidied at any moment, of one tenant and of all."""
    with TemporaryDirectory() as name:
        world = World(Path(name), seed)
        for _ in range(2):
            world.happen(steps)
            world.settle_splits()
            snapshot = world.store.snapshot()
            for tenant in (None, *TENANTS):
                expected = world.model.expected(tenant)
                assert _by_engine(snapshot, tenant) == expected
                assert _by_arrays(snapshot, tenant) == expected
        while world.tidier.step():
            pass
        manifest = world.store.publisher.manifest
        assert not manifest.erased
        assert not manifest.splits
        assert all(segment.rows == segment.file_rows for segment in manifest.segments)
        assert _by_arrays(world.store.snapshot(), None) == world.model.expected(None)
        assert _by_engine(world.store.snapshot(), None) == world.model.expected(None)
