"""The seam to where hourly roll-ups are kept, together with how far the log is in them."""

import datetime
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from services.metrics.live.numbers import Number

Hour: TypeAlias = int
"""Hours since 1970."""


@dataclass(frozen=True, slots=True)
class HourKey:
    """Which hour of what. `currency` is empty for what is not money."""

    tenant: str
    metric: str
    currency: str
    hour: Hour


@dataclass(frozen=True, slots=True)
class HourRow:
    """What a metric was in an hour: as a whole, and by its 60 minutes."""

    whole: Number
    minutes: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """
    How far the log is in the roll-ups of an environment.

    `replay` is the place to begin at to rebuild the state; empty for the beginning of the log. `replay_after` is the id
    of the newest entry before that.
    """

    cursor: bytes
    last_entries: tuple[bytes, ...]
    written_at: datetime.datetime
    replay: bytes = b""
    replay_after: bytes = b""


@dataclass(frozen=True, slots=True)
class Writing:
    """
    What is written at once.

    Attributes:
        cursor, last_entries: as in `Progress`.
        at: the time.
        rows: hours as they are now; an hour that holds nothing is removed.
        erased: tenants of which everything is removed first.
        replay: whether this cursor is kept as a place to replay from.
    """

    cursor: bytes
    last_entries: tuple[bytes, ...]
    at: datetime.datetime
    rows: Mapping[HourKey, HourRow] = field(default_factory=dict)
    erased: Collection[str] = ()
    replay: bool = False


class RollupReader(Protocol):
    """Reads roll-ups. All methods raise `Unavailable` when the store does not answer."""

    async def progress(self, environment: str, replay_before: datetime.datetime) -> Progress | None:
        """Return how far it is, with the newest place to replay from that was saved before; None at first."""

    async def hours(self, environment: str, hours: Collection[Hour]) -> Mapping[HourKey, HourRow]:
        """Return what is known of these hours, of all tenants."""

    async def between(
        self, environment: str, tenant: str, metric: str, first: Hour, last: Hour
    ) -> Mapping[HourKey, HourRow]:
        """Return what is known of a metric of a tenant from an hour to another, both included, in the order of time."""

    async def wholes(
        self, environment: str, tenant: str, metric: str, first: Hour, last: Hour
    ) -> Mapping[HourKey, Number]:
        """Return the same without the minutes."""


class RollupWriter(Protocol):
    """
    Writes roll-ups, as the only one who does.

    All methods raise `Unavailable` when the store does not answer or somebody else leads now. Then nothing was written.
    """

    async def rows(self, environment: str, keys: Collection[HourKey]) -> Mapping[HourKey, HourRow]:
        """Return these hours as they are written."""

    async def write(self, environment: str, writing: Writing) -> None:
        """Write everything or nothing."""

    async def begin_anew(self, environment: str) -> None:
        """Remove everything of an environment: its log is another."""
