"""What a relay and its table say about themselves."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RelayStatus:
    """
    What one relay has done since it was made.

    `sent`: events that the service accepted.
    `duplicates`: those that it already had, because an earlier attempt had come further than was known.
    `rejected`: those that it will never take; they are still in the table, set aside.
    `problem`: why the last attempt failed; empty when it did not.
    """

    sent: int = 0
    duplicates: int = 0
    rejected: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class OutboxBacklog:
    """What the table holds: events that wait, those set aside, and the age of the oldest that waits, in seconds."""

    waiting: int
    set_aside: int
    oldest_seconds: float
