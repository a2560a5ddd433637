"""
Whatever happens in whatever order, the store holds what a plain list of the log's events does, through both doors.
"""

import random
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mirante.api.common.v1.value_pb2 import Value
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1 import event_pb2

from services.metrics.analytics.store import tidy_plan
from services.metrics.analytics.store.arrays import Wanted
from services.metrics.analytics.store.people import SplitUnclear
from services.metrics.analytics.store.reading import Snapshot
from services.metrics.analytics.store.tidying import Tidier
from services.metrics.analytics.store.wire.decoding import actor_number
from tests.support.analytics_store import NOW, BuiltStore

_START_US = int(NOW) * 1_000_000 - 70 * 86_400_000_000
_TENANTS = ("loja", "mercado")
_NAMES = ("login_sucesso", "venda_criada", "pagina_vista")


def _id(subject: str) -> bytes:
    return subject.encode().ljust(16, b"-")


@dataclass
class Row:
    """An event of the model: by which subject it was stored, and what it was."""

    tenant: str
    device: str
    user: str
    time_us: int
    name: str
    cents: int


@dataclass
class Model:
    """The log: its rows, and who is whom; `joined` are devices of users."""

    rows: list[Row] = field(default_factory=list)
    joined: dict[tuple[str, str], str] = field(default_factory=dict)
    erased: set[tuple[str, str]] = field(default_factory=set)

    def actor(self, row: Row) -> int:
        """Who a row is of now, as the log says."""
        return actor_number(_id(self.person(row)))

    def person(self, row: Row) -> str:
        """The subject that a row is of now."""
        if row.user:
            return f"{row.tenant[0]}u{row.user}"
        joined = self.joined.get((row.tenant, row.device))
        return f"{row.tenant[0]}u{joined}" if joined else f"{row.tenant[0]}a{row.device}"

    def expected(self, tenant: str | None) -> list[tuple[str, int, int, str, int]]:
        """All rows of a tenant, in the order of actors and times."""
        return sorted(
            (row.tenant, self.actor(row), row.time_us, row.name, row.cents)
            for row in self.rows
            if tenant in (None, row.tenant)
        )


def _event(model: Model, row: Row) -> event_pb2.StoredEvent:
    event = event_pb2.Event(
        name=row.name,
        tenant=row.tenant,
        user_id=row.user,
        anonymous_id=row.device,
        properties={"cents": Value(int_value=row.cents)},
    )
    stored = event_pb2.StoredEvent(event=event, actor_id=_id(model.person(row)))
    stored.occurred_at.FromMicroseconds(row.time_us)
    stored.received_at.FromMicroseconds(row.time_us)
    return stored


class World:
    """A store and the model of it, to which the same happens."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.folder = folder
        self.model = Model()
        self.cents = 0
        self._begin()

    def _begin(self) -> None:
        self.store = BuiltStore(self.folder)
        self.tidier = Tidier(self.store.publisher, lambda: NOW + 10_000)

    def settle_splits(self) -> None:
        """Tidy until every split is seen; where the log alone knows, begin anew from it."""
        try:
            while self.store.publisher.manifest.splits or self.store.publisher.manifest.unclear:
                self.tidier.step()
        except SplitUnclear:
            self._begin()
            self.store.take(*[_event(self.model, row) for row in self.model.rows])

    def happen(self, steps: int) -> None:
        """Do this many things at random."""
        entries: list[log_pb2.LogEntry] = []
        for _ in range(steps):
            what = self.chance.choice(["event"] * 12 + ["merge", "merge", "split", "erase", "take", "take", "tidy"])
            if what == "take":
                self.store.take(*entries)
                entries = []
            elif what == "tidy":
                # Who is split is told apart at the end, when the log that is read again is whole.
                if not self.store.publisher.manifest.splits:
                    self.tidier.step()
            else:
                entry = getattr(self, f"_{what}")(self.chance.choice(_TENANTS))
                entries.extend([entry] if entry is not None else [])
        if self.chance.random() < 0.1:
            tenant = self.chance.choice(_TENANTS)
            entries.append(log_pb2.LogEntry(tenant_erasure=log_pb2.TenantErasure(tenant=tenant)))
            self.model.rows = [row for row in self.model.rows if row.tenant != tenant]
        self.store.take(*entries)

    def _event(self, tenant: str) -> log_pb2.LogEntry | None:
        self.cents += 1
        row = Row(
            tenant=tenant,
            device=self.chance.choice(["", "d1", "d2", "d3"]),
            user=self.chance.choice(["", "", "x", "y"]),
            time_us=_START_US + self.chance.randrange(60) * 86_400_000_000 + self.chance.randrange(3),
            name=self.chance.choice(_NAMES),
            cents=self.cents,
        )
        if not row.user and not row.device:
            row.user = "x"
        if (tenant, self.model.person(row)) in self.model.erased:
            return None
        self.model.rows.append(row)
        return log_pb2.LogEntry(event=_event(self.model, row))

    def _merge(self, tenant: str) -> log_pb2.LogEntry | None:
        device, user = self.chance.choice(["d1", "d2", "d3"]), self.chance.choice(["x", "y"])
        subjects = {(tenant, f"{tenant[0]}a{device}"), (tenant, f"{tenant[0]}u{user}")}
        if (tenant, device) in self.model.joined or subjects & self.model.erased:
            return None
        self.model.joined[tenant, device] = user
        merge = log_pb2.ActorMerge(
            tenant=tenant, from_actor_id=_id(f"{tenant[0]}a{device}"), into_actor_id=_id(f"{tenant[0]}u{user}")
        )
        return log_pb2.LogEntry(merge=merge)

    def _split(self, tenant: str) -> log_pb2.LogEntry | None:
        device = self.chance.choice(["d1", "d2", "d3"])
        user = self.model.joined.get((tenant, device))
        if user is None:
            return None
        del self.model.joined[tenant, device]
        split = log_pb2.ActorSplit(
            tenant=tenant, actor_id=_id(f"{tenant[0]}a{device}"), from_actor_id=_id(f"{tenant[0]}u{user}")
        )
        return log_pb2.LogEntry(split=split)

    def _erase(self, tenant: str) -> log_pb2.LogEntry | None:
        if self.chance.random() < 0.7:
            return None
        user = self.chance.choice(["x", "y"])
        subjects = [f"{tenant[0]}u{user}"]
        subjects += [
            f"{tenant[0]}a{device}" for (of, device), to in self.model.joined.items() if (of, to) == (tenant, user)
        ]
        self.model.rows = [
            row
            for row in self.model.rows
            if (row.tenant, self.model.person(row)) not in {(tenant, each) for each in subjects}
        ]
        self.model.erased |= {(tenant, each) for each in subjects}
        return log_pb2.LogEntry(erasure=log_pb2.ActorErasure(tenant=tenant, actor_ids=[_id(each) for each in subjects]))


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
    for name, rows in (("MANY", 3), ("MOST_SETTLED", 6), ("OWN_ROWS", 4)):
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
            for tenant in (None, *_TENANTS):
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
