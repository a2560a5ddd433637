"""What reports need of a kind of SQL. Pure."""

from collections.abc import Sequence
from typing import Final, Protocol

from services.metrics.analytics.reports.asking import Origin, Property, Unit
from services.metrics.analytics.reports.local_time import Clock

NUMBER: Final = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
DECIMAL: Final = r"-?[0-9]{1,20}(\.[0-9]{1,9})?"
"""What counts as money; other texts do not."""

DECIMALS: Final = 9
"""Places after the point that sums of money have."""


def column_of(asked: Property) -> str:
    """Return the column of a property that is none of the event itself. Names of traits are spelt in hexadecimal."""
    return f"trait_{asked.name.encode().hex()}" if asked.origin is Origin.TRAIT else asked.name


class Dialect(Protocol):
    """How a kind of SQL says things about an event. Expressions are over the columns of one relation of events."""

    time: str
    """The expression of when an event happened, microseconds since 1970."""

    def literal(self, text: str) -> str:
        """Return a text as SQL."""

    def text(self, asked: Property) -> str:
        """Return a property as text; NULL when it is absent."""

    def number(self, asked: Property) -> str:
        """Return a property as a binary floating-point number; NULL when it is none."""

    def decimal(self, asked: Property) -> str:
        """Return a property as an exact decimal of `DECIMALS` places; NULL when it is none."""

    def contains(self, text: str, part: str) -> str:
        """Return whether an SQL text contains a text."""

    def bucket(self, instant: str, unit: Unit, clock: Clock) -> str:
        """Return the bucket of an instant (microseconds), as `local_time` numbers them."""

    def moment(self, microseconds: int) -> str:
        """Return an instant as what the column `time` is."""

    def true(self, condition: str) -> str:
        """Return an aggregate: how many rows fulfil a condition."""

    def quantiles(self, expression: str, levels: Sequence[float]) -> str:
        """Return an aggregate: an array of quantiles that interpolate between neighbours."""

    def latest(self, expression: str, order: str) -> str:
        """Return an aggregate: an expression, never NULL, of the row with the greatest order, a tuple in brackets."""

    def united(self, number: str) -> str:
        """Return an aggregate: all bits that any of some whole numbers has."""

    def place(self, number: str, numbers: Sequence[int]) -> str:
        """Return the place of a number among some, counted from 1."""
