"""
A log that is made up step by step, and a plain list of what is in it: what every copy of the log is compared with.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from mirante.api.common.v1.value_pb2 import Value
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1 import event_pb2

from services.metrics.analytics.store.wire.decoding import actor_number
from tests.support.analytics_store import NOW

_START_US = int(NOW) * 1_000_000 - 70 * 86_400_000_000
TENANTS = ("loja", "mercado")
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


def event_of(model: Model, row: Row) -> event_pb2.StoredEvent:
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


class LogWorld:
    """A copy of the log and the model of it, to which the same happens; the copy is whoever inherits this."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.model = Model()
        self.cents = 0

    def take(self, entries: Sequence[log_pb2.LogEntry]) -> None:
        """Take entries in, which follow those before."""
        raise NotImplementedError

    def tidy(self) -> None:
        """Do what has to be done at times."""

    def happen(self, steps: int) -> None:
        """Do this many things at random."""
        entries: list[log_pb2.LogEntry] = []
        for _ in range(steps):
            what = self.chance.choice(["event"] * 12 + ["merge", "merge", "split", "erase", "take", "take", "tidy"])
            if what == "take":
                self.take(entries)
                entries = []
            elif what == "tidy":
                self.tidy()
            else:
                entry = getattr(self, f"_{what}")(self.chance.choice(TENANTS))
                entries.extend([entry] if entry is not None else [])
        if self.chance.random() < 0.1:
            tenant = self.chance.choice(TENANTS)
            entries.append(log_pb2.LogEntry(tenant_erasure=log_pb2.TenantErasure(tenant=tenant)))
            self.model.rows = [row for row in self.model.rows if row.tenant != tenant]
        self.take(entries)

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
        return log_pb2.LogEntry(event=event_of(self.model, row))

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
