"""
Reading the log, and its upkeep.

The order of the log is (xid, ord): the writing transaction, then the position within it. What a transaction wrote
becomes visible at its commit, and transactions do not commit in the order of their ids. So readers stop at the horizon,
the oldest transaction that may still commit: everything below it is final.
"""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

END: Final = 2**31 - 1
"""The order that stands for the whole transaction."""


class Position(NamedTuple):
    """
    A place in the log: everything up to and including it was read.

    It is always that of a committed transaction, never of the horizon: after a crash Postgres gives the ids of
    transactions that left no trace on disk out again.
    """

    xid: int
    order: int


BEGINNING: Final = Position(0, END)


class LogRow(NamedTuple):
    """
    One entry of the log.

    `person` is the subject that `subject` belongs to: the user, for an anonymous id that was joined to one.
    """

    xid: int
    order: int
    kind: int
    environment: str
    tenant: str
    subject: str
    name: str
    received_at: datetime.datetime
    body: bytes
    person: str


@dataclass(frozen=True, slots=True)
class LogSlice:
    """
    What was read.

    Args:
        rows: of the environment, in order; perhaps none although there are more.
        position: after these rows; it also passes rows of other environments.
        at_end: whether nothing more was final when this was read.
        held_back: whether some transaction was under way then, so that more may become final at any moment.
        read_at: as of when the log was read, by the database's clock.
    """

    rows: Sequence[LogRow]
    position: Position
    at_end: bool
    held_back: bool
    read_at: datetime.datetime


class LogReader(Protocol):
    """The committed log. All methods raise `Unavailable` when the database does not answer."""

    async def epoch(self) -> uuid.UUID:
        """Return the present epoch."""

    async def end(self) -> Position:
        """Return the position after which all follows that becomes final from now on."""

    async def read(self, environment: str, epoch: uuid.UUID, after: Position, limit: int) -> LogSlice:
        """
        Return the next entries of an environment: at most `limit`, and at most 2 MiB unless a single one is larger.

        Reading on from each slice's position, a reader gets every committed entry once, in the order of the log,
        whatever commits in which order meanwhile, and also those of days that were archived.

        Raises:
            StateConflict: the log is in another epoch (CURSOR_OF_ANOTHER_EPOCH).
        """
