"""
One statement on whatever connection the caller's transaction runs on, told by what it can do.

    cursor()            a DB-API connection: psycopg, psycopg2, pg8000, Django
    execute()           a DB-API cursor, and psycopg's asynchronous connections and cursors
    exec_driver_sql()   a connection of SQLAlchemy
    connection()        a session of SQLAlchemy
    fetchval()          a connection of asyncpg
"""

import inspect
from collections.abc import Sequence
from typing import Any

from mirante.outbox.table import numbered


def execute(connection: object, statement: str, parameters: Sequence[object]) -> None:
    """
    Execute a statement of `table`.

    Raises:
        TypeError: this is no connection, cursor or session, or an asynchronous one.
    """
    target: Any = connection
    if _is_asynchronous(target):
        raise TypeError("connection: is asynchronous; await add_async instead")
    if _is_session(target):
        target = target.connection()
    if hasattr(target, "exec_driver_sql"):
        target.exec_driver_sql(_for_driver(target, statement), tuple(parameters))
    elif callable(getattr(target, "cursor", None)):
        cursor = target.cursor()
        try:
            cursor.execute(statement, parameters)
        finally:
            cursor.close()
    elif hasattr(target, "execute"):
        target.execute(statement, parameters)
    else:
        raise TypeError(f"connection: a {type(target).__name__} is no connection, cursor or session")


async def execute_async(connection: object, statement: str, parameters: Sequence[object]) -> None:
    """
    Execute a statement of `table`.

    Raises:
        TypeError: this is no asynchronous connection, cursor or session.
    """
    target: Any = connection
    if not _is_asynchronous(target):
        raise TypeError(f"connection: a {type(target).__name__} is not asynchronous; call add instead")
    if _is_session(target):
        target = await target.connection()
    if hasattr(target, "exec_driver_sql"):
        await target.exec_driver_sql(_for_driver(target, statement), tuple(parameters))
    elif hasattr(target, "fetchval"):
        await target.execute(numbered(statement), *parameters)
    else:
        await target.execute(statement, parameters)


def _is_asynchronous(target: Any) -> bool:
    # What a pool of asyncpg lends only hands calls on, and is no coroutine function.
    return hasattr(target, "fetchval") or inspect.iscoroutinefunction(getattr(target, "execute", None))


def _is_session(target: Any) -> bool:
    if hasattr(target, "exec_driver_sql") or hasattr(target, "cursor"):
        return False
    return callable(getattr(target, "connection", None))


def _for_driver(connection: Any, statement: str) -> str:
    return numbered(statement) if connection.dialect.paramstyle.startswith("numeric") else statement
