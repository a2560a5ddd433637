"""In which ways a database that is away shows itself, and what is said to callers then."""

import logging
from typing import Final

import asyncpg

from services.runtime.errors import Unavailable

_log = logging.getLogger(__name__)

CONNECTION_LOST: Final = (
    OSError,  # TimeoutError is one
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # it stops, crashed or is starting, or an operator ended the connection
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TransactionTimeoutError,
    asyncpg.InternalClientError,  # used after the server's last word, before the connection's end was seen
    asyncpg.InterfaceError,  # used after its end was seen
)
"""A connection that was open is of no use any more; what was not committed on it was not done."""

UNREACHABLE: Final = (
    *CONNECTION_LOST,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)
"""The database cannot do this now, and may later."""


def unavailable(error: Exception, known: str) -> Exception:
    """
    Return what callers are told of an error of `UNREACHABLE`.

    A complaint about our arguments, which asyncpg counts among them, is a fault of ours and stays as it is.

    Args:
        error: what was raised; it is logged.
        known: what is known of the work that it ended.
    """
    if isinstance(error, ValueError):
        return error
    _log.warning("the database does not answer", extra={"error": f"{type(error).__name__}: {error}"})
    return Unavailable(known)
