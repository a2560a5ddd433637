"""The made-up customers of vendas. Their names say that they are not real."""

from dataclasses import dataclass
from typing import Final

TRICKLE: Final = 0.06
"""
Of the busiest hour, and of a full day: what goes on while a shop is closed.

Nobody sells shoes at four in the morning on a Sunday. Here somebody does, a little, so that whoever looks at the demo
at such a time sees something move. It is so in the history too: there is no seam.
"""

_CLOSED: Final = TRICKLE


@dataclass(frozen=True, slots=True)
class Tenant:
    """
    A customer of vendas.

    Attributes:
        newcomers: people who begin on a working day, at the time of the first start.
        monthly_growth: what that is multiplied with every 30 days.
        typical_sale: median of a sale in BRL.
        content: how content its people are, from 0 to 1.
        hours: how busy each of 24 local hours is, of the busiest.
        weekdays: how busy each day from Monday on is, of a full one.
    """

    key: str
    plan: str
    region: str
    newcomers: float
    monthly_growth: float
    typical_sale: float
    content: float
    hours: tuple[float, ...]
    weekdays: tuple[float, ...]


def _hours(opens: int, *busy: float) -> tuple[float, ...]:
    """Return a day whose hours from `opens` on are given; the others are those of a closed shop."""
    day = [_CLOSED] * 24
    day[opens : opens + len(busy)] = busy
    return tuple(day)


_OFFICE: Final = _hours(7, 0.3, 0.7, 0.9, 1.0, 0.9, 0.55, 0.6, 0.85, 0.95, 0.9, 0.7, 0.35, 0.15)
_MALL: Final = _hours(9, 0.3, 0.55, 0.7, 0.9, 0.8, 0.7, 0.75, 0.85, 0.9, 1.0, 0.95, 0.7, 0.4)
_BAKERY: Final = _hours(5, 0.5, 0.95, 1.0, 0.8, 0.5, 0.35, 0.35, 0.4, 0.3, 0.3, 0.45, 0.8, 0.85, 0.5, 0.2)
_NEVER_CLOSED: Final = (
    0.22, 0.18, 0.15, 0.14, 0.15, 0.2, 0.35, 0.55, 0.75, 0.9, 1.0, 0.95,
    0.85, 0.85, 0.9, 0.9, 0.95, 1.0, 1.0, 0.9, 0.75, 0.6, 0.45, 0.3,
)  # fmt: skip
_WORKDAYS: Final = (1.0, 0.95, 0.95, 0.95, 1.0, 0.4, _CLOSED)
_EVERY_DAY: Final = (1.0, 0.95, 0.95, 1.0, 1.0, 0.8, 0.6)
_SHOPDAYS: Final = (0.75, 0.75, 0.8, 0.9, 1.1, 1.3, _CLOSED)

TENANTS: Final = (
    Tenant("demo-farmacia-24h", "premium", "Sudeste", 42.0, 1.10, 64.0, 0.80, _NEVER_CLOSED, _EVERY_DAY),
    Tenant("demo-moda-lua", "premium", "Sudeste", 31.0, 1.30, 180.0, 0.72, _MALL, _SHOPDAYS),
    Tenant("demo-casa-cerrado", "profissional", "Centro-Oeste", 18.0, 1.05, 320.0, 0.60, _OFFICE, _WORKDAYS),
    Tenant("demo-auto-sul", "premium", "Sul", 13.0, 1.15, 950.0, 0.66, _OFFICE, _WORKDAYS),
    Tenant("demo-padaria-sol", "basico", "Nordeste", 6.0, 1.20, 38.0, 0.85, _BAKERY, _SHOPDAYS),
    Tenant("demo-livraria-norte", "basico", "Norte", 1.5, 0.85, 75.0, 0.45, _MALL, _SHOPDAYS),
)
"""Largest first."""
