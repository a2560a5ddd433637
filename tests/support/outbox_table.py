"""The outbox's table in a database of tests, looked at and written to from outside."""

import uuid
from typing import Any

import psycopg
from mirante.outbox import TABLE_SQL, Outbox


class OutboxTable:
    """One database with the table."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.execute(TABLE_SQL)

    def connect(self) -> psycopg.Connection[Any]:
        """Return a connection, as relays want it."""
        return psycopg.connect(self.url)

    def add(self, *names: str, **fields: Any) -> list[uuid.UUID]:
        """Add events in one transaction; return their ids."""
        with self.connect() as connection:
            return [Outbox().add(connection, name, tenant="acme", user_id="ana", **fields) for name in names]

    def execute(self, statement: str, *parameters: object) -> list[Any]:
        """Execute one statement; return rows if it has any."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []

    def ids(self) -> list[uuid.UUID]:
        """Return the ids of all rows, in order."""
        return [row[0] for row in self.execute("SELECT id FROM mirante_outbox ORDER BY id")]
