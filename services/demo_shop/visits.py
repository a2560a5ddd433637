"""What people do in vendas, and how often. Pure: chance and time are arguments."""

import datetime
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final, TypeAlias

Properties: TypeAlias = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Tenant:
    """A made-up customer of vendas; `weight` is its share of the visits."""

    key: str
    plan: str
    region: str
    users: int
    typical_sale: float
    weight: float


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who comes by."""

    user_id: str
    tenant: Tenant


@dataclass(frozen=True, slots=True)
class Step:
    """Something that a visitor does after so many seconds."""

    after_seconds: float
    name: str
    properties: Properties


# Their names say that they are not real.
TENANTS: Final = (
    Tenant("demo-padaria-sol", "basico", "Nordeste", 12, 38.0, 0.5),
    Tenant("demo-moda-lua", "premium", "Sudeste", 40, 180.0, 0.35),
    Tenant("demo-auto-sul", "premium", "Sul", 25, 950.0, 0.15),
)

_BUSIEST_PER_SECOND: Final = 0.5
_QUIETEST: Final = 0.15
"""Of the busiest: somebody is always there."""
_WEEKEND: Final = 0.5
_PAYMENTS: Final = ("pix", "pix", "pix", "cartao_credito", "cartao_debito", "boleto")
_SCREENS: Final = ("vendas_por_dia", "receita", "produtos")


def visits_per_second(moment: datetime.datetime) -> float:
    """Return how many people come by at a moment (local time): two humps a day, fewer at the weekend."""
    hour = moment.hour + moment.minute / 60
    humps = math.exp(-(((hour - 11) / 2.5) ** 2)) + math.exp(-(((hour - 16) / 3) ** 2))
    share = max(_QUIETEST, min(1.0, humps))
    return _BUSIEST_PER_SECOND * share * (_WEEKEND if moment.weekday() >= 5 else 1.0)


def visitor(draw: Random) -> Visitor:
    """Return who comes by next."""
    [tenant] = draw.choices(TENANTS, [each.weight for each in TENANTS])
    return Visitor(f"{tenant.key}-pessoa-{draw.randrange(tenant.users) + 1}", tenant)


def steps(draw: Random, who: Visitor) -> Iterator[Step]:
    """Yield what a visitor does: a funnel from the login to a sale, which most leave on the way."""
    if draw.random() < 0.08:
        yield Step(0.0, "login_falha", {})
        if draw.random() < 0.5:
            return
    yield Step(_pause(draw), "login_sucesso", {})
    yield Step(_pause(draw), "dashboard_acessado", {})
    if draw.random() < 0.4:
        yield Step(_pause(draw), "grafico_visualizado", {"tipo": draw.choice(_SCREENS)})
    if draw.random() < 0.5:
        yield Step(_pause(draw), "busca_venda", {"query": draw.choice(("pedido", "cliente", "pix de ontem"))})
    if draw.random() < 0.05:
        yield Step(_pause(draw), "erro_validacao", {"campo": "valor"})
    if draw.random() < 0.45:
        yield from _sale(draw, who.tenant)
    if draw.random() < 0.15:
        yield Step(_pause(draw), "relatorio_gerado", {"tipo": draw.choice(_SCREENS)})
    yield Step(_pause(draw), "logout", {})


def _sale(draw: Random, tenant: Tenant) -> Iterator[Step]:
    sale: dict[str, str | int] = {
        "venda_id": f"demo-{draw.getrandbits(48):012x}",
        "valor": f"{max(1.0, draw.lognormvariate(math.log(tenant.typical_sale), 0.6)):.2f}",
        "moeda": "BRL",
    }
    more = {"itens_count": 1 + int(draw.expovariate(0.6)), "metodo_pagamento": draw.choice(_PAYMENTS)}
    yield Step(_pause(draw), "venda_criada", sale | more)
    if draw.random() < 0.3:
        yield Step(_pause(draw), "venda_visualizada", {"venda_id": sale["venda_id"]})
    if draw.random() < 0.04:
        yield Step(_pause(draw), "venda_cancelada", sale)


def _pause(draw: Random) -> float:
    return draw.uniform(0.2, 3.0)
