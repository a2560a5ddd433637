"""Where the import of the history stands: kept by the telemetry service, together with the events. Pure."""

import datetime
import json
from dataclasses import asdict, dataclass
from typing import Self

from services.demo_shop.tenants import TENANTS, Tenant
from services.demo_shop.world import World, days_until


@dataclass(frozen=True, slots=True)
class Position:
    """
    Which history is imported, and how far.

    It goes in parts: a tenant's visits of one day, the newest day first, so that what people look at first is there
    first.

    Attributes:
        seed, began: the world; `began` is an ISO date.
        days: how many days before `began` there are.
        until_ms: when the first start was; what comes later is not history.
        part: how many parts are done.
        after: id, in hexadecimal, of the last event of the next part that is there; empty for none.
    """

    seed: int
    began: str
    days: int
    until_ms: int
    part: int = 0
    after: str = ""

    @classmethod
    def read(cls, text: str) -> Self:
        """
        Return what `text` has written.

        Raises:
            ValueError: nobody has written this.
        """
        try:
            return cls(**json.loads(text))
        except TypeError as error:
            raise ValueError("this is no position of the demo's history") from error

    @property
    def text(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self))

    @property
    def world(self) -> World:
        """Which story it is."""
        return World(self.seed, datetime.date.fromisoformat(self.began))

    @property
    def parts(self) -> int:
        """How many there are."""
        return (self.days + 1) * len(TENANTS) if self.days else 0

    @property
    def done(self) -> bool:
        """Whether everything is imported."""
        return self.part >= self.parts

    def next_part(self) -> tuple[Tenant, datetime.date]:
        """Return which tenant's day is next; there must be one."""
        day, tenant = divmod(self.part, len(TENANTS))
        return TENANTS[tenant], days_until(self.world.began, self.days)[day]
