"""An event is in the table exactly if the caller's transaction was committed, whatever its driver."""

import asyncpg
import psycopg
import pytest
import sqlalchemy
from mirante.api.telemetry.v1 import event_pb2
from mirante.outbox import TABLE_SQL, Outbox
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from tests.support.outbox_table import OutboxTable

OUTBOX = Outbox()


def test_a_rollback_leaves_no_event(table: OutboxTable) -> None:
    """Neither the caller's rows nor the event."""
    table.execute("CREATE TABLE vendas (id integer)")
    with table.connect() as connection:
        connection.execute("INSERT INTO vendas VALUES (1)")
        OUTBOX.add(connection, "venda_criada", tenant="acme")
        connection.rollback()
    assert table.ids() == []
    assert table.execute("SELECT * FROM vendas") == []


def test_a_commit_leaves_it_waiting(table: OutboxTable) -> None:
    """Whole, under the id that was returned."""
    with table.connect() as connection:
        added = OUTBOX.add(connection, "venda_criada", {"valor": "10.00"}, tenant="acme", user_id="ana")
        assert table.ids() == []
    [(row_id, body, attempts, rejected_at)] = table.execute(
        "SELECT id, event, attempts, rejected_at FROM mirante_outbox"
    )
    event = event_pb2.Event.FromString(body)
    assert (row_id, row_id.bytes, attempts, rejected_at) == (added, event.id, 0, None)
    assert (event.name, event.tenant, event.user_id) == ("venda_criada", "acme", "ana")


def test_invalid_events_leave_the_transaction_usable(table: OutboxTable) -> None:
    """It is for the caller to say what becomes of the rest."""
    with table.connect() as connection:
        with pytest.raises(ValueError, match=r"^name: "):
            OUTBOX.add(connection, "Venda Criada", tenant="acme")
        added = OUTBOX.add(connection, "venda_criada", tenant="acme")
    assert table.ids() == [added]


def test_the_same_id_twice_is_refused_by_the_table(table: OutboxTable) -> None:
    """A transaction that is repeated with an id of its own adds one event."""
    [added] = table.add("venda_criada")
    with pytest.raises(psycopg.errors.UniqueViolation):
        table.add("venda_criada", event_id=added)
    assert table.ids() == [added]


def test_a_cursor_will_do(table: OutboxTable) -> None:
    """The caller's own goes on to be open."""
    with table.connect() as connection, connection.cursor() as cursor:
        added = OUTBOX.add(cursor, "venda_criada", tenant="acme")
        assert cursor.execute("SELECT id FROM mirante_outbox").fetchall() == [(added,)]


@pytest.mark.parametrize("commit", [True, False])
async def test_asyncpg(table: OutboxTable, commit: bool) -> None:
    """In the transaction that is open."""
    connection = await asyncpg.connect(table.url)
    try:
        transaction = connection.transaction()
        await transaction.start()
        added = await OUTBOX.add_async(connection, "venda_criada", {"valor": "10.00"}, tenant="acme")
        await (transaction.commit() if commit else transaction.rollback())
    finally:
        await connection.close()
    assert table.ids() == ([added] if commit else [])


@pytest.mark.parametrize("commit", [True, False])
async def test_psycopg_asynchronous(table: OutboxTable, commit: bool) -> None:
    """Connection and cursor."""
    async with await psycopg.AsyncConnection.connect(table.url) as connection:
        added = [await OUTBOX.add_async(connection, "venda_criada", tenant="acme")]
        async with connection.cursor() as cursor:
            added.append(await OUTBOX.add_async(cursor, "venda_criada", tenant="acme"))
        await (connection.commit() if commit else connection.rollback())
    assert table.ids() == (added if commit else [])


@pytest.mark.parametrize("commit", [True, False])
def test_sqlalchemy(table: OutboxTable, commit: bool) -> None:
    """Connection and session, in one transaction."""
    engine = sqlalchemy.create_engine(table.url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection, Session(connection) as session:
        added = [OUTBOX.add(connection, "venda_criada", {"valor": "10.00"}, tenant="acme")]
        added.append(OUTBOX.add(session, "venda_criada", tenant="acme"))
        (connection.commit if commit else connection.rollback)()
    engine.dispose()
    assert table.ids() == (added if commit else [])


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
async def test_sqlalchemy_asynchronous(table: OutboxTable, driver: str) -> None:
    """Whatever style of parameters the driver below has."""
    engine = create_async_engine(table.url.replace("postgresql://", f"postgresql+{driver}://"))
    async with engine.begin() as connection:
        added = [await OUTBOX.add_async(connection, "venda_criada", tenant="acme")]
    async with AsyncSession(engine) as session:
        added.append(await OUTBOX.add_async(session, "venda_criada", tenant="acme"))
        await session.commit()
        await OUTBOX.add_async(session, "venda_criada", tenant="acme")
        await session.rollback()
    await engine.dispose()
    assert table.ids() == added


def test_the_table_may_be_created_again(table: OutboxTable) -> None:
    """A migration that runs twice changes nothing."""
    added = table.add("venda_criada")
    table.execute(TABLE_SQL)
    assert table.ids() == added
