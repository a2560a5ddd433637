"""Sales in Postgres, where an event of a sale can be part of the sale's own transaction."""

import contextlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, LiteralString

import psycopg
from mirante.outbox import TABLE_SQL
from psycopg.rows import class_row

from examples.vendas_api.sales import Change, NewSale, Sale, Transaction

_TABLES = f"""
SELECT pg_advisory_xact_lock(7266279);
CREATE TABLE IF NOT EXISTS vendas (
    venda_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant           text NOT NULL,
    produto          text NOT NULL,
    valor            numeric(12, 2) NOT NULL,
    desconto         numeric(12, 2) NOT NULL,
    moeda            text NOT NULL,
    itens_count      integer NOT NULL,
    metodo_pagamento text NOT NULL,
    cancelada_em     timestamptz
);
CREATE INDEX IF NOT EXISTS vendas_of_tenant ON vendas (tenant, venda_id);
{TABLE_SQL}
"""
"""A real backend has this in its migrations. The lock lets several workers start at the same time."""


class PostgresSales:
    """Sales of all processes; a connection for each transaction."""

    def __init__(self, url: str) -> None:
        self._url = url

    def connect(self) -> psycopg.Connection[Any]:
        """Return a new connection."""
        return psycopg.connect(self._url)

    def prepare(self) -> None:
        """See `Sales`."""
        with self.connect() as connection:
            connection.execute(_TABLES.encode())

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """See `Sales`."""
        with self.connect() as connection:
            yield _Transaction(connection)


class _Transaction:
    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def add(self, tenant: str, new: NewSale, discount: Decimal) -> Sale:
        [sale] = self._sales(
            """
            INSERT INTO vendas (tenant, produto, valor, desconto, moeda, itens_count, metodo_pagamento)
            VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING *
            """,
            tenant, new.produto, new.valor, discount, new.moeda, new.itens_count, new.metodo_pagamento,
        )  # fmt: skip
        return sale

    def of(self, tenant: str) -> list[Sale]:
        return self._sales("SELECT * FROM vendas WHERE tenant = %s AND cancelada_em IS NULL ORDER BY venda_id", tenant)

    def find(self, tenant: str, venda_id: int) -> Sale | None:
        return self._only(
            "SELECT * FROM vendas WHERE tenant = %s AND venda_id = %s AND cancelada_em IS NULL", tenant, venda_id
        )

    def edit(self, tenant: str, venda_id: int, change: Change) -> Sale | None:
        return self._only(
            """
            UPDATE vendas SET produto = %s WHERE tenant = %s AND venda_id = %s AND cancelada_em IS NULL RETURNING *
            """,
            change.produto, tenant, venda_id,
        )  # fmt: skip

    def cancel(self, tenant: str, venda_id: int) -> Sale | None:
        return self._only(
            """
            UPDATE vendas SET cancelada_em = now()
            WHERE tenant = %s AND venda_id = %s AND cancelada_em IS NULL RETURNING *
            """,
            tenant, venda_id,
        )  # fmt: skip

    def _sales(self, statement: LiteralString, *parameters: object) -> list[Sale]:
        with self.connection.cursor(row_factory=class_row(Sale)) as cursor:
            return cursor.execute(statement, parameters).fetchall()

    def _only(self, statement: LiteralString, *parameters: object) -> Sale | None:
        return next(iter(self._sales(statement, *parameters)), None)
