"""The table over a DB-API connection."""

from collections.abc import Sequence
from typing import Any, Protocol

from mirante.outbox.deciding import Row, Settlement
from mirante.outbox.status import OutboxBacklog
from mirante.outbox.table import BACKLOG, DELETE, LOCK, POSTPONE, REJECT


class DatabaseConnection(Protocol):
    """What a relay needs of a DB-API connection to Postgres whose parameters are `%s`."""

    def cursor(self) -> Any:
        """Return a cursor."""

    def commit(self) -> object:
        """Commit the transaction."""

    def rollback(self) -> object:
        """Undo the transaction."""

    def close(self) -> object:
        """End the connection."""


class BlockingTable:
    """One transaction at a time on one connection. Errors are the driver's."""

    def __init__(self, connection: DatabaseConnection) -> None:
        """Take over a connection."""
        self._connection = connection
        if getattr(connection, "autocommit", False):
            # Locks have to outlive the statement that takes them.
            connection.autocommit = False  # type: ignore[attr-defined]

    def lock(self, limit: int) -> list[Row]:
        """Begin a transaction, and return the oldest rows that are due and not locked."""
        return [Row(row[0], bytes(row[1]), row[2]) for row in self._query(LOCK, limit)]

    def settle(self, settlement: Settlement) -> None:
        """Do what was decided, and commit; the locks are gone then."""
        if settlement.empty:
            self._connection.rollback()
            return
        if settlement.delivered:
            self._execute(DELETE, settlement.delivered)
        for statement, told in ((POSTPONE, settlement.again), (REJECT, settlement.rejected)):
            if told:
                self._execute(statement, [row_id for row_id, _ in told], [what for _, what in told])
        self._connection.commit()

    def backlog(self) -> OutboxBacklog:
        """Return what the table holds."""
        [row] = self._query(BACKLOG)
        self._connection.rollback()
        return OutboxBacklog(*row)

    def close(self) -> None:
        """End the connection, and undo what is not committed."""
        self._connection.close()

    def _execute(self, statement: str, *parameters: object) -> None:
        cursor = self._connection.cursor()
        try:
            cursor.execute(statement, parameters)
        finally:
            cursor.close()

    def _query(self, statement: str, *parameters: object) -> Sequence[Any]:
        cursor = self._connection.cursor()
        try:
            cursor.execute(statement, parameters)
            rows: Sequence[Any] = cursor.fetchall()
            return rows
        finally:
            cursor.close()
