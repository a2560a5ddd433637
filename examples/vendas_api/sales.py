"""Sales, by tenant. Money is decimal and carries its currency."""

import contextlib
import itertools
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, Field

Money = Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=2)]
Product = Annotated[str, Field(min_length=1, max_length=100)]


class NewSale(BaseModel):
    """What POST /vendas takes."""

    produto: Product
    valor: Money
    moeda: str = Field("BRL", pattern="^[A-Z]{3}$")
    itens_count: int = Field(1, ge=1, le=1_000)
    metodo_pagamento: Literal["pix", "boleto", "cartao"] = "pix"


class Change(BaseModel):
    """What PATCH /vendas/{venda_id} takes."""

    produto: Product


class Sale(BaseModel):
    """A sale that was made."""

    venda_id: int
    produto: str
    valor: Decimal
    desconto: Decimal
    moeda: str
    itens_count: int
    metodo_pagamento: str

    @property
    def taken(self) -> Decimal:
        """What it has brought, after the discount."""
        return self.valor - self.desconto


class Transaction(Protocol):
    """Everything that is done to sales. A tenant sees its own."""

    @property
    def connection(self) -> object:
        """The database's, for what else belongs into the transaction; None without one."""

    def add(self, tenant: str, new: NewSale, discount: Decimal) -> Sale:
        """Keep a sale and return it with its number."""

    def of(self, tenant: str) -> list[Sale]:
        """Return the sales of a tenant, oldest first."""

    def find(self, tenant: str, venda_id: int) -> Sale | None:
        """Return a sale, if there is such a one."""

    def edit(self, tenant: str, venda_id: int, change: Change) -> Sale | None:
        """Change a sale and return it, if there is such a one."""

    def cancel(self, tenant: str, venda_id: int) -> Sale | None:
        """Take a sale away and return it, if there was such a one."""


class Sales(Protocol):
    """Where sales are kept."""

    def prepare(self) -> None:
        """Make it usable; called by each process before anything else."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Return a transaction: committed when the block ends, undone when it raises."""


def totals(sales: Iterable[Sale]) -> dict[str, Decimal]:
    """Return what sales have brought, by currency."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for sale in sales:
        sums[sale.moeda] += sale.taken
    return dict(sums)


class MemorySales:
    """Sales in memory, of one process. Cannot undo; nothing but a bug raises in its transactions."""

    def __init__(self) -> None:
        self.connection: object = None
        self._ids = itertools.count(1)
        self._by_tenant: dict[str, dict[int, Sale]] = defaultdict(dict)
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """See `Sales`."""

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """See `Sales`."""
        with self._lock:
            yield self

    def add(self, tenant: str, new: NewSale, discount: Decimal) -> Sale:
        """See `Transaction`."""
        sale = Sale(venda_id=next(self._ids), desconto=discount, **new.model_dump())
        self._by_tenant[tenant][sale.venda_id] = sale
        return sale

    def of(self, tenant: str) -> list[Sale]:
        """See `Transaction`."""
        return list(self._by_tenant[tenant].values())

    def find(self, tenant: str, venda_id: int) -> Sale | None:
        """See `Transaction`."""
        return self._by_tenant[tenant].get(venda_id)

    def edit(self, tenant: str, venda_id: int, change: Change) -> Sale | None:
        """See `Transaction`."""
        sale = self.find(tenant, venda_id)
        if sale is not None:
            sale = self._by_tenant[tenant][venda_id] = sale.model_copy(update=change.model_dump())
        return sale

    def cancel(self, tenant: str, venda_id: int) -> Sale | None:
        """See `Transaction`."""
        return self._by_tenant[tenant].pop(venda_id, None)
