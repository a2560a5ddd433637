"""The sales themselves, in memory, by tenant. Money is decimal and carries its currency."""

import itertools
import threading
from collections import defaultdict
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, Field

Money = Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=2)]


class NewSale(BaseModel):
    """What POST /vendas takes."""

    produto: str = Field(min_length=1, max_length=100)
    valor: Money
    moeda: str = Field("BRL", pattern="^[A-Z]{3}$")


class Sale(BaseModel):
    """A sale that was made."""

    venda_id: int
    produto: str
    valor: Decimal
    desconto: Decimal
    moeda: str


class Sales:
    """Sales of all tenants; a tenant sees its own."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._by_tenant: dict[str, list[Sale]] = defaultdict(list)
        self._writing = threading.Lock()

    def add(self, tenant: str, new: NewSale, discount: Decimal) -> Sale:
        """Keep a sale and return it with its number."""
        with self._writing:
            sale = Sale(
                venda_id=next(self._ids), produto=new.produto, valor=new.valor, desconto=discount, moeda=new.moeda
            )
            self._by_tenant[tenant].append(sale)
        return sale

    def of(self, tenant: str) -> list[Sale]:
        """Return the sales of a tenant, oldest first."""
        return list(self._by_tenant.get(tenant, ()))

    def totals(self, tenant: str) -> dict[str, Decimal]:
        """Return what a tenant took after discounts, by currency."""
        totals: dict[str, Decimal] = defaultdict(Decimal)
        for sale in self.of(tenant):
            totals[sale.moeda] += sale.valor - sale.desconto
        return dict(totals)
