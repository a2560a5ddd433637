"""How much is remembered, and what is left out or handed on."""

from dataclasses import dataclass, field

from services.metrics.live.contributions import Contribution


@dataclass(frozen=True, slots=True)
class Limits:
    """
    How much is remembered of one tenant: actors, values of keys, what single events of actors did, and currencies of
    one metric.
    """

    actors: int = 100_000
    keys: int = 200_000
    traces: int = 500_000
    currencies: int = 20


@dataclass(slots=True)
class Left:
    """What could not be counted, or not be remembered so that it can be taken back."""

    unreadable: int = 0
    actors: int = 0
    keys: int = 0
    traces: int = 0
    tenants: int = 0


@dataclass(slots=True)
class Keeping:
    """
    What the tenants of an environment share: how much each may remember, and what was left out.

    `keeps_old` says whether anybody takes amounts that fall before the minutes that are remembered, `keeps_past`
    whether actors of days before are told apart.
    """

    limits: Limits
    left: Left = field(default_factory=Left)
    keeps_old: bool = False
    keeps_past: bool = False


class OldAmount:
    """What an event added to (or took from) a minute that is no longer remembered."""

    __slots__ = ("amount", "currency", "metric", "minute", "sign")

    def __init__(self, made: Contribution, sign: int) -> None:
        self.metric = made.metric
        self.minute = made.minute
        self.amount = made.amount
        self.currency = made.currency
        self.sign = sign
