"""How sales are made, given up and taken back. Pure."""

import math
from collections.abc import Iterator
from typing import Final

from services.demo_shop.effects import DISCOUNT, DISCOUNTS, MORE_SALES
from services.demo_shop.happening import Happening
from services.demo_shop.telling import Teller

_PAYMENTS: Final = ("pix", "pix", "pix", "cartao_credito", "cartao_debito", "boleto")
_DONE: Final = 0.93
"""Of the visits of who sells: those that end with a sale."""
_CANCELLED: Final = 0.04
_MOST_SALES: Final = 25


def make_sales(teller: Teller, *, sells: bool) -> Iterator[Happening]:
    """Yield what happens on the page of a new sale: sales by who sells, and nothing of the kind by others."""
    draw = teller.draw
    yield from teller.open("/vendas/nova")
    discount, exposure = teller.decided(DISCOUNT)
    yield from exposure
    if draw.random() < 0.09:
        yield from teller.seen("erro_validacao", {"campo": draw.choice(("valor", "cliente", "itens"))})
    if not sells or draw.random() >= _DONE:
        return
    share = DISCOUNTS.get(discount.variant, 1.0)
    more = MORE_SALES.get(discount.variant, MORE_SALES["control"]) * (3.0 if teller.campaign else 1.0)
    for _ in range(min(_MOST_SALES, 1 + int(draw.expovariate(1 / (more + 0.5))))):
        yield from _sale(teller, share)


def _sale(teller: Teller, share: float) -> Iterator[Happening]:
    draw, tenant = teller.draw, teller.arrival.tenant
    sale: dict[str, str | int] = {
        "venda_id": f"demo-{draw.getrandbits(48):012x}",
        "valor": f"{max(1.0, share * draw.lognormvariate(math.log(tenant.typical_sale), 0.6)):.2f}",
        "moeda": "BRL",
    }
    more = {"itens_count": 1 + int(draw.expovariate(0.6)), "metodo_pagamento": draw.choice(_PAYMENTS)}
    yield teller.after("venda_criada", sale | more)
    if draw.random() < 0.25:
        yield teller.after("venda_visualizada", {"venda_id": sale["venda_id"]})
    if draw.random() < _CANCELLED:
        yield teller.after("venda_cancelada", sale)
