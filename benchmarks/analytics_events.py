"""
Events for benchmarks of analytics: seeded, of many tenants, with people who were anonymous first and with late events.

They are made as the log streams them, so that a store is built from them as from live ingestion, and as plain columns,
for whatever is compared with it.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from mirante.api.common.v1.value_pb2 import Value
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1 import event_pb2

from services.runtime.wire_fields import bytes_field, varint

Numbers = npt.NDArray[np.int64]

BEGINNING_US: Final = 1_788_231_600_000_000
"""2026-09-01, midnight in São Paulo."""

NAMES: Final = {
    "pagina_vista": 30.0, "pagina_saida": 14.0, "presenca": 10.0, "login_sucesso": 7.0, "dashboard_acessado": 6.0,
    "venda_visualizada": 6.0, "busca_venda": 5.0, "filtro_aplicado": 4.0, "botao_nova_venda_clicado": 4.0,
    "venda_criada": 3.0, "grafico_visualizado": 2.5, "web_vital": 2.0, "periodo_alterado": 1.5, "venda_editada": 1.2,
    "logout": 1.0, "exportacao_dados": 0.8, "relatorio_gerado": 0.7, "erro_frontend": 0.5, "feature_descoberta": 0.4,
    "venda_cancelada": 0.3, "clique_raivoso": 0.2, "nps_respondido": 0.1,
}  # fmt: skip
"""Names of events, with their weights."""

_DAY_US: Final = 86_400_000_000
_BATCH: Final = 2_000
_LATE, _ANONYMOUS_FIRST = 0.02, 0.1
_PATHS: Final = tuple(
    f"/{area}/{page}" for area in ("vendas", "painel", "relatorios", "clientes") for page in range(12)
)


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of what there is; the same scale and seed make the same events."""

    events: int = 10_000_000
    users: int = 100_000
    tenants: int = 200
    days: int = 30
    seed: int = 7


@dataclass(frozen=True, slots=True)
class Batch:
    """
    Events as columns, in the order of the log.

    Attributes:
        user, tenant, name: indices; the n-th user is `user_id(n)`, the n-th tenant `tenant(n)`; names as in `NAMES`.
        anonymous: whether the event names an anonymous id that is joined to its user later.
        time_us, received_us: microseconds since 1970.
        cents: what a sale was worth.
    """

    user: Numbers
    tenant: Numbers
    name: Numbers
    anonymous: npt.NDArray[np.bool_]
    time_us: Numbers
    received_us: Numbers
    cents: Numbers
    joined: Numbers
    """Users whose anonymous id is joined to them after these events."""


def user_id(user: int) -> str:
    """Return the id of a user."""
    return f"pessoa-{user:06d}"


def tenant(number: int) -> str:
    """Return the key of a tenant."""
    return f"empresa-{number:04d}"


def actor_id(number: int, subject: str) -> bytes:
    """Return 16 bytes that stand for a subject of a tenant."""
    return hashlib.blake2b(f"{number}\0{subject}".encode(), digest_size=16).digest()


def batches(scale: Scale, size: int = 50_000) -> Iterator[Batch]:
    """Yield all events, some at a time."""
    rng = np.random.default_rng(scale.seed)
    weights = 1 / np.arange(1, scale.tenants + 1) ** 0.8
    tenant_of = rng.choice(scale.tenants, scale.users, p=weights / weights.sum()).astype(np.int64)
    activity = rng.lognormal(0, 1, scale.users)
    by_user = np.cumsum(activity / activity.sum())
    # When in the month each one is told who they are; most of them at once.
    joins = np.where(rng.random(scale.users) < _ANONYMOUS_FIRST, rng.random(scale.users), -1.0)
    by_name = np.cumsum(np.array(list(NAMES.values())) / sum(NAMES.values()))
    span = scale.days * _DAY_US
    for first in range(0, scale.events, size):
        count = min(size, scale.events - first)
        # In floating point: the product of whole numbers would not fit into 64 bits.
        received = BEGINNING_US + ((first + np.arange(count)) * (span / scale.events)).astype(np.int64)
        delay = rng.integers(20_000, 3_000_000, count)
        late = rng.random(count) < _LATE
        delay[late] = rng.integers(3_600_000_000, 4 * _DAY_US, int(late.sum()))
        user = np.searchsorted(by_user, rng.random(count)).clip(max=scale.users - 1)
        begins, ends = first / scale.events, (first + count) / scale.events
        yield Batch(
            user=user,
            tenant=tenant_of[user],
            name=np.searchsorted(by_name, rng.random(count)).clip(max=len(NAMES) - 1),
            anonymous=joins[user] > begins,
            time_us=received - delay,
            received_us=received,
            cents=rng.integers(100, 500_000, count),
            joined=np.flatnonzero((joins > begins) & (joins <= ends)),
        )


class Wire:
    """Events as `FollowEvents` streams them, in serialised responses of 2,000 entries."""

    def __init__(self, scale: Scale) -> None:
        self._scale = scale
        self._names = list(NAMES)
        self._entries = self._events = 0
        self._contexts = [_context(number) for number in range(400)]
        self._fixed = [self._properties(name, number) for name in self._names for number in range(50)]
        self._subjects: dict[tuple[int, bool], tuple[bytes, bytes]] = {}

    def responses(self, batch: Batch) -> list[bytes]:
        """Return the responses that a batch is streamed as; merges follow its events."""
        entries = [self._event(*row) for row in zip(*[each.tolist() for each in (
            batch.user, batch.tenant, batch.name, batch.anonymous, batch.time_us, batch.received_us, batch.cents
        )], strict=True)]  # fmt: skip
        for user, number in zip(batch.joined.tolist(), self._tenants(batch.joined), strict=True):
            merge = log_pb2.ActorMerge(
                tenant=tenant(number),
                from_actor_id=actor_id(number, f"a:{user}"),
                into_actor_id=actor_id(number, f"u:{user}"),
            )
            entries.append(log_pb2.LogEntry(merge=merge).SerializeToString())
        found = []
        self._events += len(batch.user)
        for first in range(0, len(entries), _BATCH):
            some = entries[first : first + _BATCH]
            self._entries += len(some)
            at_end = self._events >= self._scale.events
            rest = log_pb2.FollowEventsResponse(cursor=b"%d" % self._entries, at_end=at_end)
            rest.read_at.FromMicroseconds(int(batch.received_us[-1]))
            found.append(b"".join([*[bytes_field(1, entry) for entry in some], rest.SerializeToString()]))
        return found

    def _tenants(self, users: Numbers) -> list[int]:
        if not hasattr(self, "_tenant_of"):
            rng = np.random.default_rng(self._scale.seed)
            weights = 1 / np.arange(1, self._scale.tenants + 1) ** 0.8
            self._tenant_of = rng.choice(self._scale.tenants, self._scale.users, p=weights / weights.sum())
        return [int(each) for each in self._tenant_of[users]]

    def _event(  # noqa: PLR0917 - one row, in the order of its columns
        self, user: int, number: int, name: int, anonymous: bool, time_us: int, received_us: int, cents: int
    ) -> bytes:
        known = self._subjects.get((user, anonymous))
        if known is None:
            message = event_pb2.Event(tenant=tenant(number), session_id=f"s-{user}-{number}")
            if anonymous:
                message.anonymous_id = f"navegador-{user:06d}"
            else:
                message.user_id = user_id(user)
            actor = actor_id(number, f"a:{user}" if anonymous else f"u:{user}")
            known = self._subjects[user, anonymous] = (message.SerializeToString(), bytes_field(5, actor))
        subject, actor = known
        event = b"".join(
            (
                b"\x0a\x10", (time_us // 1000).to_bytes(6, "big"), cents.to_bytes(10, "big"),
                bytes_field(2, self._names[name].encode()),
                subject,
                bytes_field(7, _timestamp(time_us)),
                self._fixed[name * 50 + cents % 50],
                _money(cents) if self._names[name] in {"venda_criada", "venda_cancelada"} else b"",
                self._contexts[(user * 7 + name) % 400],
            )
        )  # fmt: skip
        stored = b"".join(
            (
                bytes_field(1, event), bytes_field(2, _timestamp(time_us)), b"\x30\x01",
                bytes_field(3, _timestamp(received_us)), actor,
            )
        )  # fmt: skip
        return bytes_field(1, stored)

    def _properties(self, name: str, number: int) -> bytes:
        values: dict[str, Any] = {}
        if name.startswith("venda_"):
            values = {
                "metodo_pagamento": ("pix", "boleto", "cartao")[number % 3],
                "moeda": "BRL",
                "itens_count": number,
            }
        elif name in {"pagina_vista", "pagina_saida", "clique_raivoso"}:
            values = {"caminho": _PATHS[number % len(_PATHS)], "duracao_ms": number * 731}
        elif name == "web_vital":
            values = {"nome": ("LCP", "INP", "CLS")[number % 3], "valor": number * 61.5, "caminho": _PATHS[number % 48]}
        elif name == "erro_frontend":
            values = {"tipo": f"TypeError {number % 9}", "mensagem": f"não é uma função: {number}"}
        elif name == "nps_respondido":
            values = {"nota": number % 11}
        elif name not in {"login_sucesso", "logout", "presenca"}:
            values = {"tipo": ("linha", "barra", "pizza")[number % 3], "variant": "ab"[number % 2]}
        return event_pb2.Event(properties={key: _value(value) for key, value in values.items()}).SerializeToString()


def _money(cents: int) -> bytes:
    return _entry(b"valor", b"%d.%02d" % divmod(cents, 100)) + _entry(b"venda_id", b"v-%d" % (cents * 7919))


def _entry(name: bytes, text: bytes) -> bytes:
    return bytes_field(8, bytes_field(1, name) + bytes_field(2, bytes_field(2, text)))


def _value(value: Any) -> Value:
    if isinstance(value, str):
        return Value(string_value=value)
    return Value(int_value=value) if isinstance(value, int) else Value(double_value=value)


def _context(number: int) -> bytes:
    context = event_pb2.EventContext(
        library=event_pb2.Library(name="mirante-web", version="1.4.2"),
        release=f"2026.{number % 5}",
        locale=("pt-BR", "pt-BR", "en")[number % 3],
        page=event_pb2.Page(path=_PATHS[number % len(_PATHS)]),
        browser=event_pb2.Browser(name=("Chrome", "Firefox", "Safari", "Edge")[number % 4], version=str(number % 9)),
        device=event_pb2.Device(
            type=("desktop", "mobile", "tablet")[number % 3], operating_system=("Windows", "Android", "iOS")[number % 3]
        ),
    )
    return event_pb2.Event(context=context).SerializeToString()


def _timestamp(microseconds: int) -> bytes:
    seconds, rest = divmod(microseconds, 1_000_000)
    return b"\x08" + varint(seconds) + (b"\x10" + varint(rest * 1_000) if rest else b"")
