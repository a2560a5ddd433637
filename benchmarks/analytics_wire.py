"""Events of benchmarks of analytics as the log streams them: a store is built from them as from live ingestion."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from mirante.api.common.v1.value_pb2 import Value
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2
from mirante.api.telemetry.v1 import event_pb2

from benchmarks.analytics_events import NAMES, Batch, Numbers, Scale, actor_id, tenant, tenants_of, user_id
from services.runtime.wire_fields import bytes_field, varint

_BATCH: Final = 2_000
_LONGEST: Final = 2_000
"""Bytes of an event, and more."""
_MICRO: Final = 1_000_000
_SALES: Final = ("venda_criada", "venda_cancelada")
_PATHS: Final = tuple(
    f"/{area}/{page}" for area in ("vendas", "painel", "relatorios", "clientes") for page in range(12)
)


class Wire:
    """
    Events as `FollowEvents` streams them, in serialised responses of 2,000 entries.

    They are put together from pieces, a column at a time: one by one they would take longer than the store does.
    """

    def __init__(self, scale: Scale) -> None:
        self._scale = scale
        self._entries = self._events = 0
        self._names = [bytes_field(2, name.encode()) for name in NAMES]
        self._contexts = _binary([_context(number) for number in range(400)])
        self._fixed = _binary([_properties(name, number) for name in NAMES for number in range(50)])
        self._sales = [list(NAMES).index(name) for name in _SALES]
        self._nanos = _binary([b"\x10" + varint(micros * 1_000) if micros else b"" for micros in range(_MICRO)])
        self._lengths: dict[int, Any] = {}
        self._seconds = _Known(lambda second: b"\x08" + varint(second))
        self._subjects = _Known(self._subject)
        self._actors = _Known(self._actor)
        self._tenant_of = tenants_of(scale)

    def responses(self, batch: Batch) -> list[bytes]:
        """Return the responses that a batch is streamed as; merges follow its events."""
        events = self._stored(batch)
        offsets = np.frombuffer(events.buffers()[1], np.int32)[: len(events) + 1]
        content = memoryview(events.buffers()[2])
        merges = [self._merge(user) for user in batch.joined.tolist()]
        found = []
        self._events += len(batch.user)
        count = len(events) + len(merges)
        for first in range(0, count, _BATCH):
            last = min(first + _BATCH, count)
            self._entries += last - first
            at_end = self._events >= self._scale.events
            rest = log_pb2.FollowEventsResponse(cursor=b"%d" % self._entries, at_end=at_end)
            rest.read_at.FromMicroseconds(int(batch.received_us[-1]))
            some = content[offsets[min(first, len(events))] : offsets[min(last, len(events))]]
            others = merges[max(first - len(events), 0) : max(last - len(events), 0)]
            found.append(b"".join([some, *[bytes_field(1, each) for each in others], rest.SerializeToString()]))
        return found

    def _merge(self, user: int) -> bytes:
        number = int(self._tenant_of[user])
        merge = log_pb2.ActorMerge(
            tenant=tenant(number),
            from_actor_id=actor_id(number, f"a:{user}"),
            into_actor_id=actor_id(number, f"u:{user}"),
        )
        return log_pb2.LogEntry(merge=merge).SerializeToString()

    def _stored(self, batch: Batch) -> Any:
        """Return the entries of events, as fields of responses."""
        occurred, received = self._time(batch.time_us), self._time(batch.received_us)
        who = (batch.user * self._scale.tenants + batch.tenant) * 2 + batch.anonymous
        ids = np.zeros((len(batch.user), 18), np.uint8)
        ids[:, 0], ids[:, 1] = 0x0A, 0x10
        ids[:, 2:8] = (batch.time_us // 1000).astype(">u8").view(np.uint8).reshape(-1, 8)[:, 2:]
        ids[:, 10:18] = batch.cents.astype(">u8").view(np.uint8).reshape(-1, 8)
        event = _joined(
            _rows(ids),
            _binary(self._names).take(pa.array(batch.name)),
            self._subjects.of(who),
            self._field(7, occurred),
            self._fixed.take(pa.array(batch.name * 50 + batch.cents % 50)),
            self._money(batch),
            self._contexts.take(pa.array((batch.user * 7 + batch.name) % 400)),
        )
        stored = _joined(
            self._field(1, event), self._field(2, occurred), pa.scalar(b"\x30\x01", pa.binary()),
            self._field(3, received), self._actors.of(who),
        )  # fmt: skip
        return self._field(1, self._field(1, stored))

    def _field(self, number: int, payload: Any) -> Any:
        prefixes = self._lengths.get(number)
        if prefixes is None:
            prefixes = [bytes_field(number, bytes(length))[: -length or None] for length in range(_LONGEST)]
            prefixes = self._lengths[number] = _binary(prefixes)
        return _joined(prefixes.take(pc.binary_length(payload)), payload)

    def _time(self, time_us: Numbers) -> Any:
        seconds, micros = np.divmod(time_us, _MICRO)
        return _joined(self._seconds.of(seconds), self._nanos.take(pa.array(micros)))

    def _money(self, batch: Batch) -> Any:
        rows = np.isin(batch.name, self._sales)
        places = np.zeros(len(rows), np.int64)
        places[rows] = np.arange(1, int(rows.sum()) + 1)
        return _binary([b"", *[_money(cents) for cents in batch.cents[rows].tolist()]]).take(pa.array(places))

    def _subject(self, who: int) -> bytes:
        user, number = divmod(who // 2, self._scale.tenants)
        message = event_pb2.Event(tenant=tenant(number), session_id=f"s-{user}-{number}")
        if who % 2:
            message.anonymous_id = f"navegador-{user:06d}"
        else:
            message.user_id = user_id(user)
        return message.SerializeToString()

    def _actor(self, who: int) -> bytes:
        user, number = divmod(who // 2, self._scale.tenants)
        return bytes_field(5, actor_id(number, f"a:{user}" if who % 2 else f"u:{user}"))


class _Known:
    """What is made of numbers, each once."""

    def __init__(self, made: Callable[[int], bytes]) -> None:
        self._made = made
        self._known: dict[int, bytes] = {}

    def of(self, numbers: Numbers) -> Any:
        """Return what is made of each of some numbers."""
        some, places = np.unique(numbers, return_inverse=True)
        for number in some.tolist():
            if number not in self._known:
                self._known[number] = self._made(number)
        return _binary([self._known[number] for number in some.tolist()]).take(pa.array(places))


def _binary(values: Sequence[bytes]) -> Any:
    return pa.array(values, pa.binary())


def _rows(content: Any) -> Any:
    """Return the rows of a matrix of bytes."""
    rows, width = content.shape
    offsets = np.arange(rows + 1, dtype=np.int32) * width
    return pa.Array.from_buffers(pa.binary(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(content)])


def _joined(*pieces: Any) -> Any:
    return pc.binary_join_element_wise(*pieces, pa.scalar(b"", pa.binary()))


def _properties(name: str, number: int) -> bytes:
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
