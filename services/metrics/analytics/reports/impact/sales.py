"""Sales that stand: what was sold and not cancelled, by whom. Blocking."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from services.metrics.analytics.reports.asking import Property, Scope, Selection
from services.metrics.analytics.reports.checking import Checks
from services.metrics.analytics.reports.dialects import condition, scope_condition
from services.metrics.analytics.reports.engines import Engine
from services.metrics.analytics.reports.impact.associating import Sold

_SALE: Final = Selection("venda_criada")
_CANCELLATION: Final = Selection("venda_cancelada")
_AMOUNT: Final = Property("valor")
_CURRENCY: Final = Property("moeda")
_KEY: Final = Property("venda_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sales:
    """
    Where revenue comes from, and what takes it back.

    A sale stands unless the store has a cancellation of the same tenant with the same key, whenever and by whomever.
    Sales without a key cannot be cancelled. What is no decimal number adds nothing.

    Attributes:
        sale: the event of a sale.
        amount: its property with the money, exact decimals.
        currency: its property with the currency; None when there is one.
        cancellation: the event that undoes sales; None when nothing does.
        key: the property of both that says which sale it is.
    """

    sale: Selection = _SALE
    amount: Property = _AMOUNT
    currency: Property | None = _CURRENCY
    cancellation: Selection | None = _CANCELLATION
    key: Property = _KEY


def check_sales(checks: Checks, field: str, sales: Sales) -> None:
    """Note what is wrong with them."""
    checks.selection(f"{field}.sale", sales.sale, any_event=False)
    checks.property(f"{field}.amount", sales.amount)
    if sales.currency is not None:
        checks.property(f"{field}.currency", sales.currency)
    if sales.cancellation is not None:
        checks.selection(f"{field}.cancellation", sales.cancellation, any_event=False)
        checks.property(f"{field}.key", sales.key)
        if sales.cancellation.event == sales.sale.event:
            checks.add(f"{field}.cancellation.event", "must not be the sale")


def sold(sales: Sales, scope: Scope, split_us: int, unit: str, engine: Engine) -> Iterator[Sold]:
    """
    Yield the sales of a period that stand.

    Args:
        sales: see there.
        scope: the period. Its filters are on sales; cancellations count whenever and by whomever.
        split_us: the moment, microseconds.
        unit: whose sales are added up: `actor` or `tenant`.
        engine: where to ask.
    """
    dialect = engine.dialect
    currency = "''" if sales.currency is None else f"coalesce({dialect.text(sales.currency)}, '')"

    def marks(undoes: int, events: str, where: str) -> str:
        return (
            f"SELECT tenant, actor, {dialect.text(sales.key)} AS sale, {dialect.decimal(sales.amount)} AS amount, "  # noqa: S608 - values are quoted by the dialect
            f"{currency} AS currency, CASE WHEN {dialect.time} >= {split_us} THEN 1 ELSE 0 END AS late, "
            f"{undoes} AS undoes FROM {events} WHERE {where}"
        )

    some = marks(0, engine.events, f"{engine.somebody} AND {scope_condition(scope, dialect, sales.sale)}")
    if sales.cancellation is not None:
        where = condition(sales.cancellation, dialect)
        if scope.tenant is not None:
            where += f" AND tenant = {dialect.literal(scope.tenant)}"
        some += f" UNION ALL {marks(1, engine.everyones, where)}"
    rows = engine.query(
        f"SELECT {unit} AS unit, currency, late, count(*), "  # noqa: S608 - as above
        f"CAST(coalesce(sum(amount), 0) AS {engine.text_type}) FROM "
        f"(SELECT *, max(undoes) OVER (PARTITION BY tenant, sale) AS undone FROM ({some}) AS marks) AS marked "
        "WHERE undoes = 0 AND (sale IS NULL OR undone = 0) GROUP BY unit, currency, late"
    )
    for whose, money, late, count, revenue in rows:
        yield Sold(str(whose), str(money), bool(int(late)), int(count), float(revenue))
