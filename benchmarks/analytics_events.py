"""
Events for benchmarks of analytics: seeded, of many tenants, with people who were anonymous first and with late events.

They are made as plain columns; `analytics_wire` has them as the log streams them.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

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
_LATE, _ANONYMOUS_FIRST = 0.02, 0.1


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


def tenants_of(scale: Scale) -> Numbers:
    """Return the tenant of each user."""
    return _tenants(scale, np.random.default_rng(scale.seed))


def batches(scale: Scale, size: int = 50_000) -> Iterator[Batch]:
    """Yield all events, some at a time."""
    rng = np.random.default_rng(scale.seed)
    tenant_of = _tenants(scale, rng)
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


def _tenants(scale: Scale, rng: np.random.Generator) -> Numbers:
    weights = 1 / np.arange(1, scale.tenants + 1) ** 0.8
    return rng.choice(scale.tenants, scale.users, p=weights / weights.sum()).astype(np.int64)
