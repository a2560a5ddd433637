"""What single events have added, so that it can be taken back: by a key, or because their actor was erased."""

from services.metrics.live.amounts import Amount


class Contribution:
    """
    What one event added to one metric.

    `lasts_until` is the minute until which it can be taken back. `undone_by` counts the events that have undone it.
    `erased` is for ever.
    """

    __slots__ = ("amount", "currency", "erased", "lasts_until", "metric", "minute", "undone_by")

    def __init__(self, metric: int, minute: int, amount: Amount, currency: str, lasts_until: int) -> None:
        self.metric = metric
        self.minute = minute
        self.amount = amount
        self.currency = currency
        self.lasts_until = lasts_until
        self.undone_by = 0
        self.erased = False

    @property
    def counts(self) -> bool:
        """Whether it is part of the metric now."""
        return not self.undone_by and not self.erased


class Undoing:
    """One event that undoes others."""

    __slots__ = ("erased", "key", "lasts_until")

    def __init__(self, key: "Key", lasts_until: int) -> None:
        self.key = key
        self.lasts_until = lasts_until
        self.erased = False


class Key:
    """All events with one value of the key property."""

    __slots__ = ("contributions", "undoings")

    def __init__(self) -> None:
        self.contributions: list[Contribution] = []
        self.undoings: list[Undoing] = []

    @property
    def undone(self) -> int:
        """How many events undo the others."""
        return sum(not each.erased for each in self.undoings) if self.undoings else 0

    def forget_before(self, floor: int) -> bool:
        """Drop what cannot matter any more; return whether nothing is left."""
        self.contributions = [each for each in self.contributions if each.lasts_until >= floor]
        self.undoings = [each for each in self.undoings if each.lasts_until >= floor]
        return not self.contributions and not self.undoings


class Actor:
    """
    What is known of one actor in a tenant.

    `seen` are the minutes in which each actor set saw them; `traces` what their events added or undid.
    """

    __slots__ = ("seen", "traces")

    def __init__(self, sets: int) -> None:
        self.seen = [0] * sets
        self.traces: list[Contribution | Undoing] = []
