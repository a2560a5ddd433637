"""Which story is told: its seed, when it began, and what time it is there. Pure."""

import datetime
from dataclasses import dataclass
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

LOCAL: Final = ZoneInfo("America/Sao_Paulo")
HISTORY_DAYS: Final = 35
SUNDAY: Final = 6
HOUR_MS: Final = 3_600_000
_DAY: Final = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class World:
    """A story. `began` is the local day of the first start, which growth and anomalies are counted from."""

    seed: int
    began: datetime.date

    def draw(self, *whose: object) -> Random:
        """Return the chance of something: always the same for the same world."""
        return Random("/".join(map(str, (self.seed, self.began, *whose))))

    def working_offset(self, offset: int) -> int:
        """Return so many days after the beginning, or the day before it when that is a Sunday."""
        return offset - 1 if (self.began + offset * _DAY).weekday() == SUNDAY else offset


def local_time(at_ms: int) -> datetime.datetime:
    """Return the local time of an instant in milliseconds since 1970."""
    return datetime.datetime.fromtimestamp(at_ms / 1000, LOCAL)


def instant_ms(day: datetime.date, second: float) -> int:
    """Return the instant, in milliseconds since 1970, so many seconds into a local day by the clock on the wall."""
    whole, rest = divmod(second, 1)
    clock = datetime.datetime.combine(day, datetime.time()) + datetime.timedelta(seconds=int(whole))
    return int(clock.replace(tzinfo=LOCAL).timestamp()) * 1000 + int(rest * 1000)


def days_until(last: datetime.date, count: int) -> list[datetime.date]:
    """Return so many days before `last`, and `last`: the newest first."""
    return [last - number * _DAY for number in range(count + 1)]
